//! The faults of a scenario, as they are done to a stage: each has a beginning, and an end unless it is
//! over at once. One file per kind of thing that is struck.

mod containers;
mod control;
mod database;
mod outside;
mod region;

use recovery::Region;
use recovery::scenario::{Fault, FaultKind, Place};

use super::stage::Stage;
use super::{Drill, DrillError};

pub use containers::Awaited;
pub use control::clocks;

/// The regions that a fault strikes.
pub fn regions(drill: &Drill<'_>, place: Place) -> Vec<Region> {
    let [home, standby] = drill.deployment.pair();
    [(home, true), (standby, false)]
        .into_iter()
        .filter(|(_, is_home)| place.strikes(*is_home))
        .map(|(region, _)| region.clone())
        .collect()
}

/// Begins a fault; says in words what it did.
///
/// # Errors
/// When the stage does not do it, or this drill cannot.
pub async fn begin(
    drill: &Drill<'_>,
    stage: &Stage,
    fault: &Fault,
    awaited: &mut Awaited,
) -> Result<String, DrillError> {
    let mut said = String::new();
    for region in regions(drill, fault.region) {
        said = match fault.kind {
            FaultKind::Lost => region::lose(stage, &region).await?,
            FaultKind::Frozen => region::freeze(stage, &region).await?,
            FaultKind::Partitioned => region::part(stage, &region),
            FaultKind::DatabaseKilled => database::kill(stage, &region).await?,
            FaultKind::DatabaseHung => database::hang(stage, &region).await?,
            FaultKind::TaskKilled | FaultKind::BadDeployment | FaultKind::ZoneLost => {
                containers::harm(stage, &region, fault, awaited)?
            }
            kind => match outside::fault(fault, &region) {
                Some((at_gateway, words)) => {
                    stage.gateway.faults().inject(&at_gateway);
                    words
                }
                None => control::begin(drill, stage, fault, &region)
                    .await?
                    .ok_or_else(|| DrillError::CannotApply { what: format!("`{kind}`") })?,
            },
        };
    }
    Ok(said)
}

/// Ends a fault; says in words what that means.
///
/// # Errors
/// When the stage does not do it, or this drill cannot.
pub async fn end(drill: &Drill<'_>, stage: &Stage, fault: &Fault) -> Result<String, DrillError> {
    let mut said = String::new();
    for region in regions(drill, fault.region) {
        said = match fault.kind {
            FaultKind::Lost => region::give_back(stage, &region)?,
            FaultKind::Frozen => region::thaw(stage, &region).await?,
            FaultKind::Partitioned => region::join(stage, &region),
            FaultKind::DatabaseKilled => database::give_back(stage, &region)?,
            FaultKind::DatabaseHung => database::wake(stage, &region).await?,
            kind => match outside::fault(fault, &region) {
                Some((at_gateway, words)) => {
                    stage.gateway.faults().lift(&at_gateway);
                    format!("over: {words}")
                }
                None => control::end(stage, fault, &region)
                    .await?
                    .ok_or_else(|| DrillError::CannotApply { what: format!("the end of `{kind}`") })?,
            },
        };
    }
    Ok(said)
}
