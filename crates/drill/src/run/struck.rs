//! What a scenario does to a stage: a region is lost, or the containers of one suffer.

use std::time::Duration;

use recovery::scenario::{Fault, FaultKind, Place};
use recovery::verdict::{self, Harm};
use recovery::{Epoch, Region};
use tokio::time::Instant;

use super::stage::Stage;
use super::{Drill, DrillError};
use crate::fleet::{Defect, Fleet, NoSuchService};
use crate::gateway;
use crate::load::LoadHandle;

/// What was done to the system.
#[derive(Clone, Debug)]
pub enum Struck {
    /// A region was lost: the other one has to take over.
    Lost(verdict::Fault),
    /// The containers of a region suffered: nothing may move.
    Harmed(Harm),
}

impl Struck {
    /// When, in milliseconds since the Unix epoch.
    pub fn at_ms(&self) -> u64 {
        match self {
            Self::Lost(fault) => fault.at_ms,
            Self::Harmed(harm) => harm.at_ms,
        }
    }

    /// The region that settles orders in the end.
    pub fn settles(&self) -> &Region {
        match self {
            Self::Lost(fault) => &fault.surviving_region,
            Self::Harmed(harm) => &harm.region,
        }
    }

    /// The region that is gone.
    pub fn lost_region(&self) -> Option<&Region> {
        match self {
            Self::Lost(fault) => Some(&fault.lost_region),
            Self::Harmed(_) => None,
        }
    }
}

/// What must be seen of the containers before a scenario is over.
#[derive(Debug, Default)]
pub struct Awaited {
    /// Restarts and rollbacks that each service must have come to, in its region.
    services: Vec<(Region, String, u32, u32)>,
    /// When the burst is over.
    until: Option<Instant>,
}

impl Awaited {
    /// Whether all of it has been seen, and every service has what it wants.
    pub fn is_over(&self, stage: &Stage) -> bool {
        let come_to = |(region, name, restarts, rollbacks): &(Region, String, u32, u32)| {
            let services = stage.fleets.of(region).map(Fleet::services).unwrap_or_default();
            services.iter().any(|service| {
                service.service == *name && service.restarts >= *restarts && service.rollbacks >= *rollbacks
            })
        };
        self.until.is_none_or(|until| Instant::now() >= until)
            && self.services.iter().all(come_to)
            && stage.fleets.0.iter().all(Fleet::is_steady)
    }

    fn more(&mut self, fleet: &Fleet, service: String, restarts: u32, rollbacks: u32) {
        let before = fleet.services().into_iter().find(|report| report.service == service);
        let counted = before.map_or((0, 0), |report| (report.restarts, report.rollbacks));
        let known = self.services.iter_mut().find(|one| one.0 == *fleet.region() && one.1 == service);
        match known {
            Some(one) => (one.2, one.3) = (one.2 + restarts, one.3 + rollbacks),
            None => self.services.push((
                fleet.region().clone(),
                service,
                counted.0 + restarts,
                counted.1 + rollbacks,
            )),
        }
    }
}

/// The region of a fault, and the other one. What strikes both is told by home.
pub fn places(drill: &Drill<'_>, place: Place) -> (Region, Region) {
    let [home, standby] = drill.deployment.pair();
    match place {
        Place::Home | Place::Both => (home.clone(), standby.clone()),
        Place::Standby => (standby.clone(), home.clone()),
    }
}

/// Applies one fault; says in words what it did.
pub async fn apply(
    drill: &Drill<'_>,
    stage: &Stage,
    fault: &Fault,
    awaited: &mut Awaited,
) -> Result<String, DrillError> {
    let (region, _) = places(drill, fault.region);
    let named = fault.service.as_deref().unwrap_or_default();
    let missing = || NoSuchService { region: region.clone(), service: named.to_owned() };
    match fault.kind {
        FaultKind::Lost => {
            stage.gateway.faults().inject(&gateway::Fault::Refuse { region: region.clone() });
            if let Some(fleet) = stage.fleets.of(&region) {
                fleet.leave_alone();
            }
            stage.aurora.kill(&region).await?;
            Ok("refuses every call; its database is killed".to_owned())
        }
        FaultKind::TaskKilled => {
            let fleet = stage.fleets.of(&region).ok_or_else(missing)?;
            awaited.more(fleet, fleet.service_name(named)?, 1, 0);
            Ok(fleet.kill_task(named)?)
        }
        FaultKind::BadDeployment => {
            let fleet = stage.fleets.of(&region).ok_or_else(missing)?;
            awaited.more(fleet, fleet.service_name(named)?, 0, 1);
            let said = fleet.deploy(named, Some(Defect::ListensElsewhere))?;
            Ok(format!("{said}, which listens where nobody asks"))
        }
        FaultKind::ZoneLost => {
            let fleet = stage.fleets.of(&region).ok_or_else(missing)?;
            let zone = fault.zone.unwrap_or(1);
            let silent = fleet.lose_zone(zone - 1);
            let said: Vec<String> =
                silent.iter().map(|(service, tasks)| format!("{tasks} of {service}")).collect();
            for (service, tasks) in silent {
                awaited.more(fleet, service, tasks, 0);
            }
            Ok(format!("zone {zone} is lost: silent are {}", said.join(" and ")))
        }
        kind => Err(DrillError::CannotApply { what: format!("`{kind}`") }),
    }
}

/// Begins the burst of the scenario, if it has one; says so in words.
pub fn burst(drill: &Drill<'_>, load: &mut LoadHandle, awaited: &mut Awaited) -> Option<String> {
    let burst = drill.scenario.burst?;
    let rate = drill.settings.orders_per_second;
    let lasts = Duration::from_secs(burst.for_s);
    load.burst(rate * f64::from(burst.times - 1), lasts);
    awaited.until = Some(Instant::now() + lasts);
    let all = rate * f64::from(burst.times);
    Some(format!("{all} orders/s instead of {rate} for {} s", burst.for_s))
}

/// What was done, as the verdict wants it told: by its beginning.
pub fn told(drill: &Drill<'_>, at_ms: u64, epoch: Epoch) -> Struck {
    let first = drill.scenario.faults.first();
    let (region, other) = places(drill, first.map_or(Place::Home, |fault| fault.region));
    if drill.scenario.loses_a_region() {
        let (lost_region, surviving_region) = (region, other);
        Struck::Lost(verdict::Fault { at_ms, lost_region, surviving_region, epoch })
    } else {
        Struck::Harmed(Harm { at_ms, region, epoch })
    }
}
