//! Looks at the whole stage four times a second: notes what changed, and tells the display.

use std::collections::BTreeMap;
use std::time::Duration;

use recovery::Region;
use recovery::lease::LeaseState;
use tokio::time::{Instant, timeout};

use super::lease_log::LeaseLog;
use super::stage::Stage;
use crate::gateway::LeaseItem;
use crate::load::{Clock, LoadHandle};
use crate::progress::{Progress, RegionSample};
use crate::report::Event;

/// What it is called that DNS may lead to a region again.
pub const SEEN_WELL: &str = "DNS sees it healthy";
const SEEN_ILL: &str = "DNS sees it unhealthy";

const LOOK_EVERY: Duration = Duration::from_millis(250);
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the databases to say how far one is behind; shorter than a look.
const LAG_LIMIT: Duration = Duration::from_millis(200);

/// What has been seen so far.
pub struct Watch<'a> {
    stage: &'a Stage,
    progress: &'a dyn Progress,
    clock: Clock,
    /// The lease through time.
    pub lease: LeaseLog,
    /// What happened, with milliseconds since the Unix epoch.
    pub events: Vec<(u64, Event)>,
    healthy: BTreeMap<String, bool>,
    acknowledged: BTreeMap<Region, u64>,
    began: Instant,
    sampled: Instant,
    lease_writes: usize,
    /// Events of each fleet that are in the timeline.
    fleet_events: Vec<usize>,
    /// When the first fault struck.
    fault_at_ms: Option<u64>,
    /// When each region's check last turned unhealthy, after the fault.
    dns_left_at: BTreeMap<Region, Instant>,
}

impl<'a> Watch<'a> {
    /// Begins to look.
    pub fn new(stage: &'a Stage, progress: &'a dyn Progress, clock: Clock) -> Self {
        Self {
            stage,
            progress,
            clock,
            lease: LeaseLog::default(),
            events: Vec::new(),
            healthy: stage.checkers.board().statuses().into_iter().map(|(id, s)| (id, s.healthy)).collect(),
            acknowledged: BTreeMap::new(),
            began: Instant::now(),
            sampled: Instant::now(),
            lease_writes: 0,
            fleet_events: vec![0; stage.fleets.0.len()],
            fault_at_ms: None,
            dns_left_at: BTreeMap::new(),
        }
    }

    /// From now on times count from the fault.
    pub fn fault(&mut self, at_ms: u64, region: Option<&Region>, event: &str, detail: &str) {
        self.fault_at_ms = Some(at_ms);
        self.happened(at_ms, region, event, detail.to_owned());
    }

    /// Notes something that happened and tells the display.
    pub fn happened(&mut self, at_ms: u64, region: Option<&Region>, event: &str, detail: String) {
        let region = region.map(ToString::to_string);
        let event = Event { at_s: self.at_s(at_ms), region, event: event.to_owned(), detail };
        self.progress.event(&event);
        self.events.push((at_ms, event));
    }

    /// Looks once, and waits until it is time for the next look.
    pub async fn look(&mut self, load: &LoadHandle) {
        let next = Instant::now() + LOOK_EVERY;
        let asked_ms = self.clock.now_ms();
        let read = self.stage.observer.lease().await;
        let answered_ms = self.clock.now_ms();
        for write in self.stage.gateway.lease_writes(self.lease_writes) {
            self.lease_writes += 1;
            self.note_lease(None, self.clock.at_ms(write.at), &write.item);
        }
        // Past every gateway: an owner that wrote by another way would show here.
        if let Some(read) = read {
            self.note_lease(Some(asked_ms), answered_ms, &read);
        }
        self.note_health();
        self.note_fleets();
        if self.sampled.elapsed() >= SAMPLE_EVERY {
            self.sample(load).await;
        }
        tokio::time::sleep_until(next).await;
    }

    /// Whether the survivor settles again and DNS has left the other region for `longer` at least.
    pub fn has_recovered(&self, survivor: &Region, longer: Duration) -> bool {
        let settles = self
            .lease
            .latest()
            .is_some_and(|lease| lease.owner == *survivor && lease.state == LeaseState::Serving.as_str());
        let mut left = self.dns_left_at.iter().filter(|(region, _)| *region != survivor);
        settles && left.any(|(_, at)| at.elapsed() >= longer)
    }

    /// Whether the containers of every region have what they want.
    pub fn fleets_are_steady(&self) -> bool {
        self.stage.fleets.0.iter().all(crate::fleet::Fleet::is_steady)
    }

    /// Whether every check is healthy by every checker.
    pub fn all_healthy(&self) -> bool {
        let statuses = self.stage.checkers.board().statuses();
        statuses
            .values()
            .all(|status| status.healthy && status.checkers_healthy == crate::health_check::CHECKERS)
    }

    fn at_s(&self, at_ms: u64) -> f64 {
        let from = self.fault_at_ms.unwrap_or_else(|| self.clock.at_ms(self.began));
        seconds_between(from, at_ms)
    }

    fn note_lease(&mut self, asked_ms: Option<u64>, at_ms: u64, lease: &LeaseItem) {
        if let Some((region, event, detail)) = self.lease.note(lease, asked_ms, at_ms) {
            self.happened(at_ms, Some(&region), event, detail);
        }
    }

    fn note_health(&mut self) {
        for (check, status) in self.stage.checkers.board().statuses() {
            if self.healthy.insert(check.clone(), status.healthy) == Some(status.healthy) {
                continue;
            }
            let event = if status.healthy { SEEN_WELL } else { SEEN_ILL };
            let region = self.stage.checked.get(&check).cloned();
            if let Some(region) = region.as_ref().filter(|_| !status.healthy && self.fault_at_ms.is_some()) {
                self.dns_left_at.insert(region.clone(), Instant::now());
            }
            let detail = format!(
                "{} of {} checkers see it well",
                status.checkers_healthy,
                crate::health_check::CHECKERS
            );
            self.happened(self.clock.now_ms(), region.as_ref(), event, detail);
        }
    }

    /// What happens before the fault is the start of the containers, of which the last word is enough.
    fn note_fleets(&mut self) {
        let stage = self.stage;
        for (at, fleet) in stage.fleets.0.iter().enumerate() {
            for event in fleet.events(self.fleet_events[at]) {
                self.fleet_events[at] += 1;
                if self.fault_at_ms.is_some() {
                    let at_ms = self.clock.at_ms(event.at);
                    self.happened(at_ms, Some(&event.region), event.event, event.detail);
                }
            }
        }
    }

    async fn sample(&mut self, load: &LoadHandle) {
        let counts = load.counts();
        // A database that hangs must not hold up who watches.
        let lag = timeout(LAG_LIMIT, self.stage.aurora.lag()).await;
        let lag = lag.ok().and_then(Result::ok).flatten();
        let elapsed_s = self.sampled.elapsed().as_secs_f64().max(0.001);
        self.sampled = Instant::now();
        let faults = self.stage.gateway.faults().now();
        let mut samples = Vec::new();
        for at in &self.stage.topology.regions {
            let total = counts.acknowledged_by.get(&at.region).copied().unwrap_or(0);
            let before = self.acknowledged.insert(at.region.clone(), total).unwrap_or(0);
            let lease = self.lease.latest().filter(|lease| lease.owner == at.region);
            let role = match (faults.is_dead(&at.region), lease) {
                (true, _) => "lost",
                (false, Some(_)) => "primary",
                (false, None) => "standby",
            };
            samples.push(RegionSample {
                region: at.region.to_string(),
                role: role.to_owned(),
                epoch: lease.filter(|_| role == "primary").map(|lease| lease.epoch.0),
                orders_per_second: total.saturating_sub(before) as f64 / elapsed_s,
                lag_ms: lag
                    .and_then(|lag| lag.newest_commit_age_s)
                    .filter(|_| role == "standby")
                    .map(|age| (age * 1000.0).max(0.0) as u64),
            });
        }
        self.progress.sample(self.at_s(self.clock.now_ms()), &samples);
    }
}

/// Seconds from one moment to another, negative when it came before.
pub fn seconds_between(from_ms: u64, to_ms: u64) -> f64 {
    if to_ms >= from_ms { (to_ms - from_ms) as f64 / 1000.0 } else { -((from_ms - to_ms) as f64 / 1000.0) }
}

#[cfg(test)]
mod tests {
    // Goal: a time before the fault is negative, and none is cut off at zero.
    use super::seconds_between;

    #[test]
    fn seconds_have_a_sign() {
        for (from_ms, to_ms, seconds) in [(5_000, 7_250, 2.25), (7_250, 5_000, -2.25), (3, 3, 0.0)] {
            assert!((seconds_between(from_ms, to_ms) - seconds).abs() < f64::EPSILON);
        }
    }
}
