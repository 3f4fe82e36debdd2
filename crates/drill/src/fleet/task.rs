//! One task: its process, its place behind the load balancer, its health.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::decide::{Health, Stage, TaskId, TaskView};
use super::launcher::{Launched, Launcher, Revision};
use super::plan::ServicePlan;
use super::{check, meter};
use crate::gateway::Balancer;
use crate::gateway::balancer::{TargetHealth, TargetId};
use crate::owned::OwnedProcess;

/// How long ECS takes to see that a zone and all in it is silent. AWS documents no figure: an assumption,
/// and only for tasks that nothing else checks.
const SILENCE_SEEN: Duration = Duration::from_secs(30);

pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) revision: Revision,
    pub(super) zone: u32,
    process: OwnedProcess,
    began: Instant,
    target: Option<(Balancer, TargetId)>,
    drains: bool,
    stopping_since: Option<Instant>,
    silent_since: Option<Instant>,
    check: Option<(watch::Receiver<Health>, JoinSet<()>)>,
    meter: meter::Meter,
}

impl Task {
    pub(super) fn new(
        id: TaskId,
        revision: Revision,
        zone: u32,
        launched: Launched,
        plan: &ServicePlan,
        launcher: &std::sync::Arc<Launcher>,
        balancer: Option<&Balancer>,
    ) -> Self {
        let Launched { process, address, environment, .. } = launched;
        let target = balancer.filter(|_| plan.balanced).map(|balancer| register(balancer, address));
        let check = plan.check.clone().map(|check| {
            let (says, hears) = watch::channel(Health::Unknown);
            let mut checks = JoinSet::new();
            checks.spawn(check::watch(check, std::sync::Arc::clone(launcher), environment, says));
            (hears, checks)
        });
        let meter = meter::Meter::new(process.id());
        let (drains, stopping_since, silent_since) = (false, None, None);
        let began = Instant::now();
        Self {
            id,
            revision,
            zone,
            process,
            began,
            target,
            drains,
            stopping_since,
            silent_since,
            check,
            meter,
        }
    }

    /// Says how it ended, when it has.
    pub(super) fn ended(&mut self) -> Option<String> {
        match self.process.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Whether it was asked to end or is taken out of service.
    pub(super) fn is_leaving(&self) -> bool {
        self.drains || self.stopping_since.is_some()
    }

    pub(super) fn view(&self, grace: Duration) -> TaskView {
        TaskView {
            id: self.id,
            revision: self.revision.number,
            zone: self.zone,
            stage: self.stage(),
            health: self.health(grace),
        }
    }

    fn stage(&self) -> Stage {
        if let Some(since) = self.stopping_since {
            return Stage::Stopping(since.elapsed());
        }
        let drained = || self.target.as_ref().is_none_or(|(balancer, id)| balancer.is_drained(*id));
        if self.drains { Stage::Draining(drained()) } else { Stage::Running }
    }

    /// By the load balancer and by the container's own check, where it has them.
    fn health(&self, grace: Duration) -> Health {
        let asked = self.target.as_ref().map(|(balancer, id)| match balancer.health(*id) {
            Some(TargetHealth::Healthy) => Health::Well,
            Some(TargetHealth::Unhealthy) if self.began.elapsed() >= grace => Health::Ill,
            _ => Health::Unknown,
        });
        let checked = self.check.as_ref().map(|(hears, _)| *hears.borrow());
        let silent = self.silent_since.is_some_and(|since| since.elapsed() >= SILENCE_SEEN);
        let unchecked = if silent { Health::Ill } else { Health::Well };
        let said: Vec<Health> = asked.into_iter().chain(checked).collect();
        match &said[..] {
            [] => unchecked,
            said if said.contains(&Health::Ill) => Health::Ill,
            said if said.contains(&Health::Unknown) => Health::Unknown,
            _ => Health::Well,
        }
    }

    /// Takes it out of service.
    pub(super) fn drain(&mut self) {
        self.drains = true;
        if let Some((balancer, id)) = &self.target {
            balancer.deregister(*id);
        }
    }

    /// Asks it to end, as ECS does.
    pub(super) fn stop(&mut self) {
        self.stopping_since.get_or_insert_with(Instant::now);
        self.process.signal(Signal::TERM);
    }

    /// Ends it at once. What ended is taken note of at the next look, as after a crash.
    pub(super) fn kill(&mut self) {
        self.process.signal(Signal::KILL);
    }

    /// Makes it silent without an end, as the loss of its zone does.
    pub(super) fn silence(&mut self) {
        self.silent_since.get_or_insert_with(Instant::now);
        self.process.signal(Signal::STOP);
    }

    /// Processor time used since the last call, in percent of what the task has, over `span`.
    pub(super) fn cpu_percent(&mut self, span: Duration, cpu_units: u32) -> Option<f64> {
        let used = self.meter.used()?;
        let has = span.as_secs_f64() * f64::from(cpu_units) / 1024.0;
        Some(used.as_secs_f64() / has * 100.0)
    }
}

fn register(balancer: &Balancer, address: SocketAddr) -> (Balancer, TargetId) {
    (balancer.clone(), balancer.register(address))
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some((balancer, id)) = &self.target {
            balancer.forget(*id);
        }
    }
}
