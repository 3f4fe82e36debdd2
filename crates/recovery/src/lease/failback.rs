//! When the lease may go home, and for how long its owner waits for that.

use std::time::Duration;

use super::{Lease, LeaseState, Probes, Timing};
use crate::Region;
use crate::deployment;

/// How long an owner leaves settlement stopped for a failback. The workflow's own compensation comes
/// before, calls and polls included; this ends the wait of an owner whose workflow died.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(900);
/// Outside probes of home in a row that end a dwell, failed or not let in. One alone may be lost on its way.
const DWELL_FAILURES: u32 = 2;

/// The rules of the failback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failback {
    /// Whether the owner starts it by itself.
    pub automatic: bool,
    /// How long home must have been well.
    pub dwell: Duration,
    /// How long settlement may be stopped for it.
    pub drain_limit: Duration,
}

impl From<&deployment::Failback> for Failback {
    fn from(failback: &deployment::Failback) -> Self {
        Self {
            automatic: failback.automatic,
            dwell: Duration::from_secs(failback.dwell_s),
            drain_limit: DRAIN_LIMIT,
        }
    }
}

impl Failback {
    /// How long the owner has seen home well, by its own renewals. As with every count in the lease, no
    /// clocks are compared, and it goes on from watch to watch.
    pub fn home_well_for(&self, lease: &Lease, timing: &Timing) -> Duration {
        lease.home_well_at_version.map_or(Duration::ZERO, |since| timing.renewed_for(lease, since))
    }

    /// What keeps the lease from going home, if anything. A failback that has begun is not asked again.
    /// `now_ms`, in milliseconds since the Unix epoch, is for the cooldown only.
    pub fn hindrance(&self, lease: &Lease, home: &Region, timing: &Timing, now_ms: u64) -> Option<String> {
        if lease.owner == *home {
            return Some(format!("{home} owns the lease already"));
        }
        match lease.state {
            LeaseState::Draining => return None,
            LeaseState::Recovering => return Some(format!("{} still recovers", lease.owner)),
            LeaseState::Serving => {}
        }
        if let Some(left) = timing.cooldown_left(lease, now_ms) {
            return Some(format!("the cooldown lasts {} s more", left.as_secs()));
        }
        let (well_for, dwell) = (self.home_well_for(lease, timing), self.dwell);
        (well_for < dwell).then(|| {
            format!("{home} has been well for {} s of the {} s it must", well_for.as_secs(), dwell.as_secs())
        })
    }

    /// Whether settlement has been stopped for as long as it may be.
    pub(super) fn overdue(&self, lease: &Lease, timing: &Timing) -> bool {
        let since = lease.drained_at_version.filter(|_| lease.state == LeaseState::Draining);
        since.is_some_and(|since| timing.renewed_for(lease, since) >= self.drain_limit)
    }
}

/// What keeps the lease from a move that people ask for, if anything: its owner has to settle. One that has
/// begun is not asked again.
pub fn not_settling(lease: &Lease) -> Option<String> {
    (lease.state == LeaseState::Recovering).then(|| format!("{} still recovers", lease.owner))
}

/// What the owner's probes say of home; nothing until one was answered or two in a row were not. A home
/// that lets no probe in is no outage, and nothing to go back to either.
pub(super) fn home_well(lease: &Lease, home: &Region, probes: &Probes) -> Option<bool> {
    let unanswered = probes.failures.max(probes.refused) >= DWELL_FAILURES;
    if lease.owner == *home || unanswered {
        return Some(false);
    }
    (probes.answered > 0).then_some(true)
}

#[cfg(test)]
mod tests {
    //! Goal: the lease goes home only after a dwell and outside the cooldown, and both are counted by
    //! renewals. Method: leases at chosen versions, seen well or not.

    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).expect("a valid name")
    }

    fn rules() -> (Failback, Timing) {
        let seconds = Duration::from_secs;
        let failback = Failback { automatic: true, dwell: seconds(30), drain_limit: seconds(20) };
        let timing = Timing {
            renew: seconds(5),
            ttl: seconds(15),
            margin: seconds(3),
            cooldown: seconds(20),
            database_patience: seconds(60),
        };
        (failback, timing)
    }

    #[test]
    fn the_lease_goes_home_after_the_cooldown_and_the_dwell() {
        let (failback, timing) = rules();
        let (home, standby) = (region("us-east-1"), region("us-east-2"));
        let hindrance = |lease: &Lease| failback.hindrance(lease, &home, &timing, 1_000).unwrap_or_default();
        let first = Lease::first(&home, 0);
        assert!(hindrance(&first).contains("owns the lease already"));
        let mut lease = first.successor(&standby, "test", 1_000);
        assert!(hindrance(&lease).contains("still recovers"));
        lease = lease.serving();
        assert!(hindrance(&lease).contains("the cooldown lasts 15 s more"));
        for _ in 0..3 {
            lease = lease.renewed();
        }
        assert!(hindrance(&lease).contains("well for 0 s of the 30 s"));
        lease = lease.renewed().seeing_home(Some(true));
        for renewal in 0..6 {
            assert!(hindrance(&lease).contains("of the 30 s"), "{renewal}");
            lease = lease.renewed().seeing_home(if renewal % 2 == 0 { None } else { Some(true) });
        }
        assert_eq!(hindrance(&lease), "");
        assert!(hindrance(&lease.renewed().seeing_home(Some(false))).contains("well for 0 s"));
        assert_eq!(hindrance(&lease.draining()), "");
        assert!(hindrance(&lease.draining().undrained()).contains("well for 0 s"), "the dwell begins anew");
    }

    #[test]
    fn one_lost_probe_ends_no_dwell_and_two_in_a_row_do() {
        let home = region("us-east-1");
        let away = Lease::first(&home, 0).successor(&region("us-east-2"), "test", 0).serving();
        let seen = |answered, failures, refused| {
            let probes = Probes { failures, answered, refused, limit: 6, last_error: String::new() };
            home_well(&away, &home, &probes)
        };
        assert_eq!((seen(0, 0, 0), seen(1, 0, 0)), (None, Some(true)));
        assert_eq!((seen(0, 1, 0), seen(0, 2, 0)), (None, Some(false)));
        assert_eq!((seen(0, 0, 1), seen(0, 0, 2)), (None, Some(false)), "home lets nobody in");
        let probes = Probes { answered: 9, limit: 6, ..Probes::default() };
        assert_eq!(
            home_well(&Lease::first(&home, 0), &home, &probes),
            Some(false),
            "nobody goes home from home"
        );
    }

    #[test]
    fn a_drain_is_counted_from_its_first_version_and_ends_with_its_state() {
        let (failback, timing) = rules();
        let drained =
            Lease::first(&region("us-east-1"), 0).successor(&region("us-east-2"), "test", 0).draining();
        let later = Lease { version: drained.version + 4, ..drained.renewed() };
        assert!(!failback.overdue(&drained, &timing) && failback.overdue(&later, &timing));
        assert_eq!(later.draining().drained_at_version, drained.drained_at_version, "draining twice");
        assert!(!failback.overdue(&later.undrained(), &timing));
        assert!(!failback.overdue(&later.successor(&region("us-east-1"), "test", 0), &timing));
    }
}
