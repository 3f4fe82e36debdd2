//! The containers of a region as processes of this machine, kept as ECS keeps them.
//!
//! [`read`] takes what is wanted from the synthesised templates. A [`Fleet`] starts that many tasks of
//! the real programs, spread over the zones, registers them with the load balancer, replaces what ends
//! or fails its checks, rolls revisions out and back, follows its load, and answers ECS calls. What is
//! to be done is decided by [`decide`] and [`scaling`], which do nothing; everything that is done, with
//! its figures, is in the fleet's own account of it ([`FleetEvent`], [`ScalingDecision`]).
//!
//! A task here is a process: it has no image, no network interface and no file system of its own, and it
//! runs at once, where Fargate takes the better part of a minute. Start reading at [`Fleet::start`].

mod check;
pub mod decide;
mod ecs;
mod launcher;
mod meter;
pub mod plan;
pub mod read;
mod report;
mod scaler;
pub mod scaling;
mod service;
mod task;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recovery::Region;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::gateway::Balancer;
use launcher::Launcher;
use plan::FleetPlan;
use scaler::Scaler;
use service::Service;

pub use ecs::Fleets;
pub use launcher::Surroundings;
pub use read::{Problem, Problems, read};
pub use report::{FleetReport, ScalingDecision, ServiceReport};

/// How often every service is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Something that happened to a service.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetEvent {
    /// When.
    pub at: Instant,
    /// The region.
    pub region: Region,
    /// In a word or two.
    pub event: &'static str,
    /// In words, with the service and figures.
    pub detail: String,
}

/// A change of size, and when it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled {
    /// When.
    pub at: Instant,
    /// The region.
    pub region: Region,
    /// The service.
    pub service: String,
    /// What was changed, and why.
    pub change: scaling::Change,
}

/// What is wrong with a revision that is rolled out on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It listens where the load balancer does not ask, so that it is never found healthy.
    ListensElsewhere,
}

/// A service that a fleet does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{region} has no service {service}")]
pub struct NoSuchService {
    /// The region.
    pub region: Region,
    /// What was asked for.
    pub service: String,
}

/// A region's containers. Dropping the last clone ends every task.
#[derive(Clone)]
pub struct Fleet(Arc<Shared>);

struct Shared {
    region: Region,
    balancer: Option<Balancer>,
    inner: Arc<Mutex<Inner>>,
    not_exercised: Vec<String>,
    /// Held so that the fleet is looked after as long as it is there.
    _loops: JoinSet<()>,
}

struct Inner {
    services: Vec<Service>,
    events: Vec<FleetEvent>,
    decisions: Vec<Scaled>,
    minute: Duration,
    /// Set once the fleet is in its normal state; before that, low figures are its start.
    observed: bool,
    left_alone: bool,
}

impl Fleet {
    /// Starts every task of `plan` where `surroundings` say. `minute` is how long a minute of
    /// CloudWatch's takes: one, but in a rehearsal that cannot wait.
    #[must_use]
    pub fn start(plan: FleetPlan, surroundings: Surroundings, minute: Duration) -> Self {
        let balancer = plan.balancer.map(Balancer::new);
        let region = surroundings.region.clone();
        let launcher = Arc::new(Launcher::new(surroundings));
        let services = plan.services.into_iter();
        let services =
            services.map(|service| Service::new(service, Arc::clone(&launcher), balancer.clone())).collect();
        let inner = Inner {
            services,
            events: Vec::new(),
            decisions: Vec::new(),
            minute,
            observed: false,
            left_alone: false,
        };
        let inner = Arc::new(Mutex::new(inner));
        let mut loops = JoinSet::new();
        loops.spawn(look_after(Arc::clone(&inner)));
        loops.spawn(Scaler::new(balancer.clone(), minute).run(Arc::clone(&inner)));
        Self(Arc::new(Shared { region, balancer, inner, not_exercised: plan.not_exercised, _loops: loops }))
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.0.region
    }

    /// What stands before the services; none where none is behind one.
    #[must_use]
    pub fn balancer(&self) -> Option<&Balancer> {
        self.0.balancer.as_ref()
    }

    /// What the templates ask for and a fleet does not do.
    #[must_use]
    pub fn not_exercised(&self) -> &[String] {
        &self.0.not_exercised
    }

    /// Whether every service has what it wants: as many well tasks as desired, of one revision, and no
    /// task more.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.inner().services.iter().all(Service::is_steady)
    }

    /// From now on the smallest numbers of healthy tasks are noted.
    pub fn observe(&self) {
        self.inner().observed = true;
    }

    /// What happened, but for the first `count` events.
    #[must_use]
    pub fn events(&self, count: usize) -> Vec<FleetEvent> {
        self.inner().events.iter().skip(count).cloned().collect()
    }

    /// Every service as it is now.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceReport> {
        self.inner().services.iter().map(|service| service.report(&self.0.region)).collect()
    }

    /// Every change of size that a policy asked for.
    #[must_use]
    pub fn scaled(&self) -> Vec<Scaled> {
        self.inner().decisions.clone()
    }

    /// How long a minute of CloudWatch's takes.
    #[must_use]
    pub fn minute(&self) -> Duration {
        self.inner().minute
    }

    /// Kills one well task of `service` at once, as a crash does. Says which.
    ///
    /// # Errors
    /// When there is no such service.
    pub fn kill_task(&self, service: &str) -> Result<String, NoSuchService> {
        self.with(service, Service::crash_one)
    }

    /// Rolls out a new revision of `service` that is broken in this way.
    ///
    /// # Errors
    /// When there is no such service.
    pub fn deploy(&self, service: &str, defect: Option<Defect>) -> Result<String, NoSuchService> {
        self.with(service, |service| service.deploy(defect))
    }

    /// Takes a zone away: its tasks fall silent without an end, and none is started there any more.
    /// Says how many tasks of each service that are.
    pub fn lose_zone(&self, zone: u32) -> Vec<(String, u32)> {
        let mut inner = self.inner();
        let lost = inner.services.iter_mut().map(|service| {
            let silent = service.lose_zone(zone);
            (service.plan.name.clone(), silent)
        });
        lost.collect()
    }

    /// Nobody looks after the tasks any more, as when the region's control plane is gone. They go on.
    pub fn leave_alone(&self) {
        self.inner().left_alone = true;
    }

    /// Somebody looks after the tasks again.
    pub fn look_after(&self) {
        self.inner().left_alone = false;
    }

    /// The whole name of a service, by the name of its program.
    ///
    /// # Errors
    /// When there is no such service.
    pub fn service_name(&self, service: &str) -> Result<String, NoSuchService> {
        self.with(service, |service| service.plan.name.clone())
    }

    /// The files that tasks write their logs to, with the names of their services.
    #[must_use]
    pub fn logs(&self) -> Vec<(String, PathBuf)> {
        let inner = self.inner();
        let of = |service: &Service| {
            let name = service.plan.name.clone();
            service.logs.iter().map(move |log| (name.clone(), log.clone())).collect::<Vec<_>>()
        };
        inner.services.iter().flat_map(of).collect()
    }

    /// Changes one service, and notes what it says happened.
    fn with(
        &self,
        service: &str,
        change: impl FnOnce(&mut Service) -> String,
    ) -> Result<String, NoSuchService> {
        let missing = || NoSuchService { region: self.0.region.clone(), service: service.to_owned() };
        let mut inner = self.inner();
        let found = inner.services.iter_mut().find(|one| one.is_named(service)).ok_or_else(missing)?;
        Ok(change(found))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        held(&self.0.inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The loops end a little later than they are told to; the tasks end now.
        held(&self.inner).services.clear();
    }
}

async fn look_after(inner: Arc<Mutex<Inner>>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut inner = held(&inner);
        if inner.left_alone {
            continue;
        }
        let Inner { services, events, observed, .. } = &mut *inner;
        for service in services {
            service.look(*observed, events);
        }
    }
}

/// A mutex that outlives a panicking holder: whoever comes next looks at the tasks anew.
fn held(mutex: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
