//! Asks the scaling policies of every service once a minute, and does what they say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::plan::Metric;
use super::scaling::{Change, Tracker};
use super::service::Service;
use super::{FleetEvent, Inner, Scaled, held};
use crate::gateway::Balancer;

pub(super) struct Scaler {
    balancer: Option<Balancer>,
    minute: Duration,
    trackers: BTreeMap<String, Tracker>,
    forwarded: u64,
}

impl Scaler {
    pub(super) fn new(balancer: Option<Balancer>, minute: Duration) -> Self {
        Self { balancer, minute, trackers: BTreeMap::new(), forwarded: 0 }
    }

    /// Asks every minute, until it is dropped.
    pub(super) async fn run(mut self, inner: Arc<Mutex<Inner>>) {
        let mut ticks = interval_at(Instant::now() + self.minute, self.minute);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.minute_passed(&mut held(&inner));
        }
    }

    fn minute_passed(&mut self, inner: &mut Inner) {
        if inner.left_alone {
            return;
        }
        let requests = self.requests_per_target();
        let Inner { services, events, decisions, .. } = inner;
        for service in services {
            let cpu = service.cpu_percent(self.minute);
            let requests = requests.filter(|_| service.plan.balanced);
            let Some(change) = self.tracker(service).and_then(|tracker| {
                let read = |metric| match metric {
                    Metric::Cpu => cpu,
                    Metric::RequestsPerTarget => requests,
                    // Nobody here asks the queue; the plan says so among what is not exercised.
                    Metric::BacklogPerTask => None,
                };
                tracker.minute(service.desired, read)
            }) else {
                continue;
            };
            service.resize(change.to);
            let at = Instant::now();
            let name = service.plan.name.clone();
            let region = service.region().clone();
            let detail = format!("{name}: {}", sentence(&change));
            events.push(FleetEvent { at, region: region.clone(), event: "scaled", detail });
            decisions.push(Scaled { at, region, service: name, change });
        }
    }

    fn tracker(&mut self, service: &Service) -> Option<&mut Tracker> {
        let plan = service.plan.scaling.as_ref()?;
        Some(self.trackers.entry(service.plan.name.clone()).or_insert_with(|| Tracker::new(plan.clone())))
    }

    /// Requests of the last minute, scaled to one of 60 s, by healthy targets.
    fn requests_per_target(&mut self) -> Option<f64> {
        let balancer = self.balancer.as_ref()?;
        let forwarded = balancer.counts().forwarded;
        let requests = forwarded - std::mem::replace(&mut self.forwarded, forwarded);
        let per_minute = requests as f64 * 60.0 / self.minute.as_secs_f64();
        let healthy = balancer.healthy();
        (healthy > 0).then(|| per_minute / healthy as f64)
    }
}

fn sentence(change: &Change) -> String {
    let Change { policy, metric, measured, target, from, to } = change;
    format!("{from} → {to} tasks, {policy} saw {} {measured:.1}, its target is {target}", metric.as_str())
}
