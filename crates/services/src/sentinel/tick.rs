//! One tick: look, decide, act.

mod lease;
mod start;

use std::time::Duration;

use recovery::lease::{
    Challenger, Database, Decision, LEASE_LIMIT, LeaseState, Observed, Owner, Readiness, View, decide,
};
use recovery::{Epoch, Lease};
use tokio::time::{Instant, timeout};

use super::Sentinel;
use super::outside::Lookout;
use super::pulse::{self, Pulse};
use super::report::Report;
use super::sweep::Sweep;
use crate::telemetry::{self, Metric, now_ms};

/// How old a finding on this region's own health may be for a decision that hangs on it.
const READINESS_FRESH: Duration = Duration::from_secs(2);
/// How old it may be while nothing hangs on it.
const READINESS_IDLE: Duration = Duration::from_secs(15);

/// What one watch remembers from tick to tick.
#[derive(Debug)]
pub struct Watch<'a> {
    sentinel: &'a Sentinel,
    start: Instant,
    owner: Owner,
    challenger: Challenger,
    lookout: Lookout,
    readiness: Option<(Instant, Readiness)>,
    sweep: Sweep,
    recovery_started: Option<Duration>,
    failback_started: Option<Duration>,
    last_epoch: Option<Epoch>,
    pulse: Pulse,
    report: Report,
}

impl<'a> Watch<'a> {
    /// Has seen nothing yet.
    pub fn new(sentinel: &'a Sentinel) -> Self {
        let watch = &sentinel.settings;
        Self {
            sentinel,
            start: Instant::now(),
            owner: Owner::new(sentinel.regions.own.clone(), sentinel.timing),
            challenger: Challenger::new(sentinel.timing),
            lookout: Lookout::new(watch.probe_interval, watch.probe_failures),
            readiness: None,
            sweep: Sweep::default(),
            recovery_started: None,
            failback_started: None,
            last_epoch: None,
            pulse: Pulse::default(),
            report: Report::new(sentinel.regions.own.clone()),
        }
    }

    /// What it did so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What it did.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// One tick; returns what was decided and has been tried. A failed call is noted, and the
    /// next tick looks again.
    pub async fn tick(&mut self) -> Decision {
        self.report.ticks += 1;
        let begun = self.now();
        let read = self.read_lease().await;
        match &read {
            Ok(Some(lease)) => self.observe(lease, begun),
            Ok(None) => {}
            Err(_) => self.challenger.blind(begun),
        }
        let switch_on = self.sentinel.switch.is_on().await.unwrap_or(false);
        let standby = matches!(&read, Ok(Some(lease)) if lease.owner != self.sentinel.regions.own);
        self.look_outside(standby || self.sentinel.regions.own != self.sentinel.regions.home);
        self.refresh_readiness(standby).await;
        self.sweep(&read);
        self.beat(&read, switch_on);
        let decision = self.decide(&read, switch_on);
        self.act(&decision, read.ok().flatten()).await;
        decision
    }

    async fn read_lease(&self) -> Result<Option<Lease>, String> {
        match timeout(LEASE_LIMIT, self.sentinel.leases.read()).await {
            Ok(read) => read.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} ms", LEASE_LIMIT.as_millis())),
        }
    }

    fn observe(&mut self, lease: &Lease, begun: Duration) {
        let ended = self.now();
        self.owner.observe(lease, begun);
        if self.challenger.observe(lease, begun, ended) {
            // Probes of the peer failed for want of the same table: they show no outage of its own.
            self.lookout.reset();
        }
        if self.last_epoch.replace(lease.epoch).is_some_and(|last| last != lease.epoch) {
            self.lookout.reset();
            self.recovery_started = None;
            self.failback_started = None;
        }
    }

    /// A standby looks whether the owner is lost, an owner away from home whether home is back.
    fn look_outside(&mut self, wanted: bool) {
        if !wanted {
            return;
        }
        let ended = self.lookout.look(&self.sentinel.outside);
        self.report.probes_answered += ended.answered;
        self.report.probes_failed += ended.failed;
        self.pulse.probed(ended.answered, ended.failed);
        let probes = self.lookout.probes();
        if ended.failed > 0 && probes.failures == 1 {
            let detail = format!("an outside probe failed: {}", probes.last_error);
            self.report.note("probe_failed", self.last_epoch, detail);
        }
    }

    /// Looks at this region's own health as often as the coming decision needs it.
    async fn refresh_readiness(&mut self, standby: bool) {
        let quiet = standby
            && self.lookout.probes().failures == 0
            && self.challenger.unchanged_for() < self.sentinel.timing.renew * 2;
        let fresh = READINESS_FRESH.min(self.sentinel.timing.renew / 2);
        let age_max = if quiet { READINESS_IDLE } else { fresh };
        if self.readiness.as_ref().is_none_or(|(at, _)| at.elapsed() >= age_max) {
            let readiness = self.sentinel.readiness.gather().await;
            self.readiness = Some((Instant::now(), readiness));
        }
    }

    /// Looks for orders that nobody settled, while this region is the one that settles.
    fn sweep(&mut self, read: &Result<Option<Lease>, String>) {
        let Ok(Some(lease)) = read else { return };
        let settles = lease.owner == self.sentinel.regions.own && lease.state == LeaseState::Serving;
        let writer = matches!(&self.readiness, Some((_, found)) if found.database == Database::Writer);
        if !(settles && writer) {
            return;
        }
        match self.sweep.step(&self.sentinel.sweeper, now_ms()) {
            Some(Ok(0)) | None => {}
            Some(Ok(sent)) => {
                telemetry::count(super::SERVICE, Metric::OrdersQueuedAgain, sent as u64);
                let detail = format!("{sent} acknowledged orders were not settled and are queued again");
                self.report.note("orders_queued_again", Some(lease.epoch), detail);
            }
            Some(Err(problem)) => self.report.note("sweep_ended_early", Some(lease.epoch), problem),
        }
    }

    /// Reports how things stand, when it is time to.
    fn beat(&mut self, read: &Result<Option<Lease>, String>, switch_on: bool) {
        let lease = read.as_ref().ok().and_then(Option::as_ref);
        let well = |found: &Readiness| {
            found.problems.is_empty() && !matches!(found.database, Database::Unreachable(_))
        };
        let standing = pulse::Standing {
            lease: lease.map(|lease| (lease.owner.clone(), lease.epoch)),
            lease_age: self.challenger.unchanged_for(),
            switch_on,
            ready: read.is_ok() && self.readiness.as_ref().is_some_and(|(_, found)| well(found)),
        };
        pulse::report(&self.pulse.beat(&self.sentinel.regions.own, &standing, Instant::now()));
    }

    fn decide(&self, read: &Result<Option<Lease>, String>, switch_on: bool) -> Decision {
        let (_, readiness) = self.readiness.as_ref().expect("it was gathered in this tick or before");
        decide(&View {
            region: &self.sentinel.regions.own,
            home: &self.sentinel.regions.home,
            lease: match read {
                Ok(Some(lease)) => Observed::Lease(lease),
                Ok(None) => Observed::Absent,
                Err(reason) => Observed::Unreadable(reason),
            },
            owner: &self.owner,
            challenger: &self.challenger,
            readiness,
            probes: self.lookout.probes(),
            switch_on,
            timing: &self.sentinel.timing,
            failback: &self.sentinel.failback,
            recovery_started: self.recovery_started,
            failback_started: self.failback_started,
            now: self.now(),
            now_ms: now_ms(),
        })
    }

    async fn act(&mut self, decision: &Decision, lease: Option<Lease>) {
        let epoch = lease.as_ref().map(|lease| lease.epoch);
        match decision {
            Decision::Hold(reason) => self.report.decided("hold", epoch, reason.clone()),
            Decision::StandBy(reason) => self.report.decided("stand_by", epoch, reason.clone()),
            Decision::CreateLease { next } => self.create(next).await,
            Decision::Renew { expected, next } => self.renew(expected, next).await,
            Decision::TakeOver { expected, next } => self.take_over(expected, next).await,
            Decision::Undrain { expected, next } => self.undrain(expected, next).await,
            Decision::StartRecovery { .. } => {
                if let Some(lease) = lease {
                    self.start_recovery(&lease).await;
                }
            }
            Decision::StartFailback { .. } => {
                if let Some(lease) = lease {
                    self.start_failback(&lease).await;
                }
            }
        }
    }

    /// Time since this watch began.
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}
