//! What is done to a service, and what is asked of it, from outside its own loop.

use std::time::Duration;

use recovery::Region;

use super::{Rollout, Service};
use crate::fleet::Defect;
use crate::fleet::decide::Health;
use crate::fleet::launcher::Revision;
use crate::fleet::report::ServiceReport;
use crate::fleet::task::Task;

impl Service {
    /// Rolls out a new revision.
    pub(in crate::fleet) fn deploy(&mut self, defect: Option<Defect>) -> String {
        self.revisions += 1;
        self.counts.rollouts += 1;
        let before = std::mem::replace(&mut self.revision, Revision { number: self.revisions, defect });
        self.rollout = Some(Rollout { before, failures: 0, back: false });
        self.given_up = false;
        format!("{} rolls out revision {}", self.plan.name, self.revisions)
    }

    /// Kills one task that is well, or any when none is.
    pub(in crate::fleet) fn crash_one(&mut self) -> String {
        let views = self.views();
        let well = views.iter().position(|task| task.health == Health::Well);
        let Some(task) = self.tasks.get_mut(well.unwrap_or(0)) else {
            return format!("{} has no task to kill", self.plan.name);
        };
        task.kill();
        format!("{} task {} is killed", self.plan.name, task.id)
    }

    /// Makes every task of a zone silent; says how many.
    pub(in crate::fleet) fn lose_zone(&mut self, zone: u32) -> u32 {
        self.lost_zones.push(zone);
        let in_zone = self.tasks.iter_mut().filter(|task| task.zone == zone);
        u32::try_from(in_zone.map(Task::silence).count()).unwrap_or(u32::MAX)
    }

    /// Mean processor time of its running tasks over `span`, in percent of what they have.
    pub(in crate::fleet) fn cpu_percent(&mut self, span: Duration) -> Option<f64> {
        let units = self.plan.cpu_units;
        let running = self.tasks.iter_mut().filter(|task| !task.is_leaving());
        let used: Vec<f64> = running.filter_map(|task| task.cpu_percent(span, units)).collect();
        (!used.is_empty()).then(|| used.iter().sum::<f64>() / used.len() as f64)
    }

    pub(in crate::fleet) fn report(&self, region: &Region) -> ServiceReport {
        let (running, healthy) = self.running_and_well();
        ServiceReport {
            region: region.to_string(),
            service: self.plan.name.clone(),
            desired: self.desired,
            desired_max: self.counts.desired_max,
            running,
            healthy,
            healthy_min: self.counts.well_min.unwrap_or(healthy),
            started: self.counts.started,
            failed: self.counts.failed,
            restarts: self.counts.restarts,
            rollouts: self.counts.rollouts,
            rollbacks: self.counts.rollbacks,
        }
    }
}
