//! What acts through AWS's control plane, or on the processes of a region.

use std::collections::BTreeSet;
use std::time::Duration;

use recovery::Region;
use recovery::scenario::{Fault, FaultKind, KilledStep, WorkflowName};
use recovery::step::Action;

use super::super::stage::Stage;
use super::super::{Drill, DrillError};
use super::regions;
use crate::gateway::{self, Denied};
use crate::lever::{ClockError, Clocks};
use crate::owned::RunDirectory;
use crate::seeded::Seeded;

/// A stream of the seed of its own.
const KILLS: u64 = 0x6b69_6c6c;
/// Most steps are through after this long.
const KILLED_WITHIN_MS: u64 = 120;

/// The clocks of the regions whose clock a fault of the scenario puts ahead; none when none does.
///
/// # Errors
/// When they cannot be prepared.
pub fn clocks(drill: &Drill<'_>, run: &RunDirectory) -> Result<Option<Clocks>, DrillError> {
    let ahead = drill.scenario.faults.iter().filter(|fault| fault.kind == FaultKind::ClockAhead);
    let regions: BTreeSet<Region> = ahead.flat_map(|fault| regions(drill, fault.region)).collect();
    if regions.is_empty() { Ok(None) } else { Ok(Some(Clocks::prepare(run, &regions)?)) }
}

/// Begins a fault of one of these kinds; none when it is of another.
pub(super) async fn begin(
    drill: &Drill<'_>,
    stage: &Stage,
    fault: &Fault,
    region: &Region,
) -> Result<Option<String>, DrillError> {
    Ok(Some(match fault.kind {
        FaultKind::DuplicateTriggers => duplicate(stage, region).await?,
        FaultKind::StepKilled => kill_steps(drill, stage, fault, region)?,
        FaultKind::ClockAhead => {
            put_clock(stage, region, Duration::from_secs(fault.ahead_s.unwrap_or_default()))?
        }
        _ => match turn(stage, fault.kind, region, true).await? {
            Some(said) => said,
            None => return Ok(None),
        },
    }))
}

/// Ends it; none when it is of another kind.
pub(super) async fn end(stage: &Stage, fault: &Fault, region: &Region) -> Result<Option<String>, DrillError> {
    match fault.kind {
        FaultKind::ClockAhead => put_clock(stage, region, Duration::ZERO).map(Some),
        kind => turn(stage, kind, region, false).await,
    }
}

/// What is broken or whole, and nothing in between.
async fn turn(
    stage: &Stage,
    kind: FaultKind,
    region: &Region,
    broken: bool,
) -> Result<Option<String>, DrillError> {
    Ok(Some(match kind {
        FaultKind::SwitchOff => stage.levers.turn_switch(region, !broken).await?,
        FaultKind::ScheduleLost => stage.levers.keep_schedule(region, !broken).await?,
        FaultKind::ProcessingBroken if stage.fleets.of(region).is_some() => {
            deny(stage, region, Denied::Messages, broken)
        }
        FaultKind::ProcessingBroken => stage.levers.feed_processor(region, !broken).await?,
        FaultKind::DnsDenied => deny(stage, region, Denied::Dns, broken),
        _ => return Ok(None),
    }))
}

fn deny(stage: &Stage, region: &Region, what: Denied, broken: bool) -> String {
    let fault = gateway::Fault::Deny { region: region.clone(), what };
    let (faults, name) = (stage.gateway.faults(), what.name());
    if broken {
        faults.inject(&fault);
        format!("{name} is refused")
    } else {
        faults.lift(&fault);
        format!("{name} is possible again")
    }
}

fn put_clock(stage: &Stage, region: &Region, ahead: Duration) -> Result<String, DrillError> {
    let clocks = stage.clocks.as_ref().ok_or_else(|| ClockError::NotPrepared(region.clone()))?;
    Ok(clocks.put_ahead(region, ahead)?)
}

/// Under the lease as it is now, whoever owns it.
async fn duplicate(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    let refused = |reason: &str| DrillError::Call { action: "read the lease", reason: reason.to_owned() };
    let other = stage.topology.regions.iter().map(|at| &at.region).find(|other| *other != region);
    let other = other.ok_or_else(|| refused("there is no other region"))?;
    let context = stage.observer.context(region, other).await;
    let context = context.ok_or_else(|| refused("it cannot be read, or the region does not own it"))?;
    Ok(stage.levers.duplicate_triggers(region, &context).await?.said())
}

fn kill_steps(
    drill: &Drill<'_>,
    stage: &Stage,
    fault: &Fault,
    region: &Region,
) -> Result<String, DrillError> {
    let steps: Vec<Action> = match fault.step {
        Some(KilledStep::Named(action)) => vec![action],
        Some(KilledStep::Each) | None => {
            WorkflowName::ALL.into_iter().flat_map(|workflow| workflow.actions().iter().copied()).collect()
        }
    };
    let mut seeded = Seeded::stream(drill.settings.seed, KILLS);
    let doomed = steps.iter().map(|step| (*step, seeded.below(KILLED_WITHIN_MS)));
    stage.emulator.doom(drill.settings.seed, region, doomed)?;
    Ok(match steps.as_slice() {
        [one] => format!("the function of {} dies once", one.account().state),
        _ => "the function of each step dies once".to_owned(),
    })
}
