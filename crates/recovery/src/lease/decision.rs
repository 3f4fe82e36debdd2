//! What one tick of a sentinel does.

use std::time::Duration;

use super::failback::home_well;
use super::{Challenger, Failback, Lease, LeaseState, Owner, Timing};
use crate::{Epoch, Region};

/// Between two requests to start the failback, which may wait for hours and is not urgent.
const FAILBACK_PAUSE: Duration = Duration::from_secs(60);

/// Everything a sentinel knows at one tick. Times are since the start of its process,
/// by its monotonic clock, unless their name says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The region the sentinel runs in.
    pub region: &'a Region,
    /// The preferred primary, which alone creates the first lease.
    pub home: &'a Region,
    /// What the strong read of this tick returned; observed by `owner` and `challenger` already.
    pub lease: Observed<'a>,
    /// Renewals of this region that this process knows of.
    pub owner: &'a Owner,
    /// How long this process has seen the version stand still.
    pub challenger: &'a Challenger,
    /// Whether this region could serve.
    pub readiness: &'a Readiness,
    /// Outside probes of the other region.
    pub probes: &'a Probes,
    /// The off switch: whether Standfast may move the lease and start recoveries.
    pub switch_on: bool,
    /// Timings of the lease.
    pub timing: &'a Timing,
    /// Rules of the failback.
    pub failback: &'a Failback,
    /// When this process last asked for the recovery workflow to be started, if it has.
    pub recovery_started: Option<Duration>,
    /// When this process last asked for the failback workflow to be started, if it has.
    pub failback_started: Option<Duration>,
    /// Now.
    pub now: Duration,
    /// Now, in milliseconds since the Unix epoch, for the record and the cooldown only.
    pub now_ms: u64,
}

/// The outcome of a strong read of the lease.
#[derive(Clone, Copy, Debug)]
pub enum Observed<'a> {
    /// There is none.
    Absent,
    /// It could not be read, for this reason.
    Unreadable(&'a str),
    /// This one.
    Lease(&'a Lease),
}

/// Whether the sentinel's own region could serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// What is wrong with journal, queue and API, in words; empty when all is well.
    pub problems: Vec<String>,
    /// What this region's own database cluster is.
    pub database: Database,
}

/// What this region's own database cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// It takes writes.
    Writer,
    /// It follows another region's.
    Replica,
    /// It does not answer, for this reason.
    Unreachable(String),
}

/// Outside probes of the other region's public endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// Failed probes in a row.
    pub failures: u32,
    /// Answered probes in a row.
    pub answered: u32,
    /// Probes in a row that were not let in: they show neither an outage nor that all is well.
    pub refused: u32,
    /// How many count as an outage.
    pub limit: u32,
    /// What the last failed one met.
    pub last_error: String,
}

/// What to do now. Every compare-and-set is on epoch, owner and version of `expected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Put this lease if there is none.
    CreateLease {
        /// The lease to put.
        next: Lease,
    },
    /// Renew the own lease by compare-and-set. Losing it to another invocation of the own
    /// region counts as renewed.
    Renew {
        /// As read.
        expected: Lease,
        /// As it should be.
        next: Lease,
    },
    /// Take the lease by compare-and-set.
    TakeOver {
        /// As read.
        expected: Lease,
        /// As it should be.
        next: Lease,
    },
    /// Start the recovery workflow under this epoch; it does no harm when it runs already.
    StartRecovery {
        /// Part of the execution's name.
        epoch: Epoch,
    },
    /// Start the failback workflow under this epoch; it does no harm when it runs already.
    StartFailback {
        /// Part of the execution's name.
        epoch: Epoch,
    },
    /// Settle again, by compare-and-set: a failback has come to nothing, and nobody has undone its drain.
    Undrain {
        /// As read.
        expected: Lease,
        /// As it should be.
        next: Lease,
    },
    /// Something ought to be done and must not be, for this reason.
    Hold(String),
    /// All is as it should be, for this reason.
    StandBy(String),
}

/// Decides one tick. Tick at least twice per renewal interval.
pub fn decide(view: &View<'_>) -> Decision {
    match view.lease {
        Observed::Unreadable(reason) => Decision::Hold(format!("the lease cannot be read: {reason}")),
        Observed::Absent => create(view),
        Observed::Lease(lease) if lease.owner == *view.region => own(view, lease),
        Observed::Lease(lease) => challenge(view, lease),
    }
}

fn create(view: &View<'_>) -> Decision {
    if view.region != view.home {
        return Decision::StandBy(format!("there is no lease yet; {} creates it", view.home));
    }
    if !view.switch_on {
        return Decision::Hold("there is no lease yet, and the switch is off".to_owned());
    }
    match view.readiness.unfit_to_settle() {
        Some(reason) => Decision::Hold(format!("there is no lease yet, and {reason}")),
        None => Decision::CreateLease { next: Lease::first(view.region, view.now_ms) },
    }
}

/// The switch does not stop renewals: an owner that stops looks like an outage. Nor does a database
/// that is away for no longer than the patience: its own region replaces a failed instance sooner
/// than orders that wait in the queue are worth a move with data loss allowed.
fn own(view: &View<'_>, lease: &Lease) -> Decision {
    let recovering = lease.state == LeaseState::Recovering;
    if let Some(reason) = view.readiness.unfit() {
        return Decision::Hold(format!("the lease is not renewed: {reason}"));
    }
    if view.failback.overdue(lease, view.timing) {
        return overdue(view, lease);
    }
    // While it recovers or goes home, the database is what the workflow is about.
    let settles = lease.state == LeaseState::Serving;
    let without_database = if settles { view.readiness.database_problem() } else { None };
    let (lasted, patience) = (view.timing.database_unfit_for(lease), view.timing.database_patience);
    if let Some(reason) = without_database.as_ref().filter(|_| lasted >= patience) {
        let limit = patience.as_secs();
        return Decision::Hold(format!("the lease is not renewed: {reason}, for {limit} s and longer"));
    }
    let renewal_due = view.owner.renewal_due(view.now);
    if recovering && view.switch_on && start_due(view, renewal_due) {
        return Decision::StartRecovery { epoch: lease.epoch };
    }
    if renewal_due {
        let next = if without_database.is_some() { lease.renewed_unfit() } else { lease.renewed() };
        let next = next.seeing_home(home_well(lease, view.home, view.probes));
        return Decision::Renew { expected: lease.clone(), next };
    }
    if failback_due(view, lease) {
        return Decision::StartFailback { epoch: lease.epoch };
    }
    if recovering && !view.switch_on {
        return Decision::Hold(format!("recovery under epoch {} waits: the switch is off", lease.epoch));
    }
    let owns = format!("this region owns the lease under epoch {}", lease.epoch);
    Decision::StandBy(
        without_database.map_or(owns.clone(), |reason| format!("{owns}; orders wait: {reason}")),
    )
}

/// Settlement has been stopped for too long. Where the database takes writes, it goes on; where it does
/// not, it has gone home, and whoever lets the lease expire lets home follow it. Neither waits for the
/// switch: a system that settles nowhere is no state to stay in.
fn overdue(view: &View<'_>, lease: &Lease) -> Decision {
    match view.readiness.database_problem() {
        None => Decision::Undrain { expected: lease.clone(), next: lease.undrained() },
        Some(reason) => {
            let limit = view.failback.drain_limit.as_secs();
            Decision::Hold(format!(
                "the lease is not renewed: settlement has been stopped for {limit} s and longer, and {reason}"
            ))
        }
    }
}

/// A failback that has begun is not started again here: its own workflow undoes it or goes on.
fn failback_due(view: &View<'_>, lease: &Lease) -> bool {
    let Failback { automatic, .. } = *view.failback;
    let asked = view.failback_started.is_some_and(|at| view.now.saturating_sub(at) < FAILBACK_PAUSE);
    automatic
        && view.switch_on
        && !asked
        && lease.state == LeaseState::Serving
        && view.readiness.database == Database::Writer
        && view.failback.hindrance(lease, view.home, view.timing, view.now_ms).is_none()
}

/// Starting is repeated as often as renewing; where both are due, what was done longest ago goes first.
fn start_due(view: &View<'_>, renewal_due: bool) -> bool {
    let Some(started) = view.recovery_started else { return true };
    let age = view.now.saturating_sub(started);
    let renewal_age = view.owner.age(view.now).unwrap_or(Duration::MAX);
    age >= view.timing.renew && (!renewal_due || age > renewal_age)
}

fn challenge(view: &View<'_>, lease: &Lease) -> Decision {
    let Some(evidence) = evidence(view, lease) else {
        return Decision::StandBy(format!("{} owns the lease under epoch {}", lease.owner, lease.epoch));
    };
    if !view.switch_on {
        return Decision::Hold(format!("{evidence}; the switch is off"));
    }
    if let Some(reason) = view.readiness.unfit() {
        return Decision::Hold(format!("{evidence}; this region cannot take over: {reason}"));
    }
    if let Database::Unreachable(reason) = &view.readiness.database {
        return Decision::Hold(format!(
            "{evidence}; this region cannot take over: its database is gone: {reason}"
        ));
    }
    if let Some(left) = view.timing.cooldown_left(lease, view.now_ms) {
        return Decision::Hold(format!("{evidence}; the cooldown lasts {} s more", left.as_secs()));
    }
    let next = lease.successor(view.region, evidence, view.now_ms);
    Decision::TakeOver { expected: lease.clone(), next }
}

fn evidence(view: &View<'_>, lease: &Lease) -> Option<String> {
    let (probes, timing) = (view.probes, view.timing);
    if view.challenger.expired() {
        let (stood, limit) =
            (view.challenger.unchanged_for().as_secs_f64(), timing.expires_after().as_secs());
        return Some(format!("{} has not renewed the lease for {stood:.1} s (limit {limit} s)", lease.owner));
    }
    if probes.limit > 0 && probes.failures >= probes.limit {
        let (failures, error) = (probes.failures, &probes.last_error);
        return Some(format!("{failures} outside probes of {} in a row failed: {error}", lease.owner));
    }
    None
}

impl Readiness {
    /// What keeps this region from accepting orders, if anything.
    pub fn unfit(&self) -> Option<String> {
        (!self.problems.is_empty()).then(|| self.problems.join("; "))
    }

    /// What keeps this region from settling orders now, if anything.
    pub fn unfit_to_settle(&self) -> Option<String> {
        self.unfit().or_else(|| self.database_problem())
    }

    /// What keeps this region's own database from taking writes, if anything.
    pub fn database_problem(&self) -> Option<String> {
        match &self.database {
            Database::Writer => None,
            Database::Replica => Some("the database takes no writes".to_owned()),
            Database::Unreachable(reason) => Some(format!("the database does not answer: {reason}")),
        }
    }
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
