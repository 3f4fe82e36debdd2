//! Containers of a region suffer, and what must be seen of them before a scenario is over.

use recovery::Region;
use recovery::scenario::{Fault, FaultKind};
use tokio::time::Instant;

use super::super::DrillError;
use super::super::stage::Stage;
use crate::fleet::{Defect, Fleet, NoSuchService};

/// What must be seen of the containers before a scenario is over.
#[derive(Debug, Default)]
pub struct Awaited {
    /// Restarts and rollbacks that each service must have come to, in its region.
    services: Vec<(Region, String, u32, u32)>,
    /// When the burst is over.
    pub until: Option<Instant>,
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

/// Harms the containers of a region; says in words what it did.
pub(super) fn harm(
    stage: &Stage,
    region: &Region,
    fault: &Fault,
    awaited: &mut Awaited,
) -> Result<String, DrillError> {
    let named = fault.service.as_deref().unwrap_or_default();
    let missing = || NoSuchService { region: region.clone(), service: named.to_owned() };
    let fleet = stage.fleets.of(region).ok_or_else(missing)?;
    match fault.kind {
        FaultKind::TaskKilled => {
            awaited.more(fleet, fleet.service_name(named)?, 1, 0);
            Ok(fleet.kill_task(named)?)
        }
        FaultKind::BadDeployment => {
            awaited.more(fleet, fleet.service_name(named)?, 0, 1);
            let said = fleet.deploy(named, Some(Defect::ListensElsewhere))?;
            Ok(format!("{said}, which listens where nobody asks"))
        }
        FaultKind::ZoneLost => {
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
