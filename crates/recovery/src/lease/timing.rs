//! The timings of the lease, and when the next move is allowed.

use std::time::Duration;

use super::Lease;
use crate::Epoch;
use crate::deployment::LeaseTiming;

/// How far two regions' wall clocks may differ before a cooldown is cut short.
pub const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// Between two looks of a sentinel at the lease, at most.
pub const TICK: Duration = Duration::from_secs(1);
/// Longest read or change of the lease in one of them.
pub const LEASE_LIMIT: Duration = Duration::from_secs(3);
/// Longest start of a workflow in one of them: the lease must be renewed meanwhile.
pub const START_LIMIT: Duration = Duration::from_secs(4);

/// The timings of the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two renewals.
    pub renew: Duration,
    /// Without a renewal, after which the lease may be taken.
    pub ttl: Duration,
    /// Safety on both sides of the TTL.
    pub margin: Duration,
    /// After a take-over, in which there is no other move. A planned hand-over begins none.
    pub cooldown: Duration,
    /// How long an owner goes on renewing while its own database does not answer or takes no writes.
    pub database_patience: Duration,
}

impl From<&LeaseTiming> for Timing {
    fn from(timing: &LeaseTiming) -> Self {
        Self {
            renew: Duration::from_secs(timing.renew_s),
            ttl: Duration::from_secs(timing.ttl_s),
            margin: Duration::from_secs(timing.margin_s),
            cooldown: Duration::from_secs(timing.cooldown_s),
            database_patience: Duration::from_secs(timing.database_patience_s),
        }
    }
}

impl Timing {
    /// How long after the beginning of its last renewal an owner is sure that the lease has not
    /// expired, whatever the challenger's clock does within the margins.
    #[cfg(test)]
    pub(super) fn sure_for(&self) -> Duration {
        self.ttl.saturating_sub(self.margin)
    }

    /// How long a challenger must see the version unchanged.
    pub fn expires_after(&self) -> Duration {
        self.ttl + self.margin
    }

    /// How much of the cooldown is left, or nothing when the lease may move.
    ///
    /// The first lease has moved from nowhere and is in no cooldown. After a move
    /// the cooldown is over when either is true:
    /// - the owner has renewed for that long: renewals since the move times the
    ///   renewal interval, which compares no clocks;
    /// - the wall clock says so with [`CLOCK_SLACK`] to spare. This lets the lease
    ///   move on from an owner that died within the cooldown and renews no more.
    ///
    /// A wrong clock can make a move come early, never make it unsafe: a take-over
    /// still needs evidence, a ready standby and the compare-and-set.
    pub fn cooldown_left(&self, lease: &Lease, now_ms: u64) -> Option<Duration> {
        if lease.epoch == Epoch::FIRST {
            return None;
        }
        let renewed_for = self.renewed_for(lease, lease.moved_at_version);
        let since_move = Duration::from_millis(now_ms.saturating_sub(lease.moved_at_ms));
        let left = self.cooldown.saturating_sub(renewed_for);
        let left_by_clock = (self.cooldown + CLOCK_SLACK).saturating_sub(since_move);
        Some(left.min(left_by_clock)).filter(|left| !left.is_zero())
    }

    /// How long the owner has been renewing the lease without a database, by its own renewals.
    ///
    /// The count is in the lease, so it goes on from watch to watch, and no clocks are compared. It
    /// runs slow where renewals come late, never much faster than time.
    pub fn database_unfit_for(&self, lease: &Lease) -> Duration {
        lease.database_unfit_at_version.map_or(Duration::ZERO, |since| self.renewed_for(lease, since))
    }

    /// Renewals since a version times the renewal interval.
    pub(super) fn renewed_for(&self, lease: &Lease, since_version: u64) -> Duration {
        let renewals = lease.version.saturating_sub(since_version);
        self.renew.saturating_mul(u32::try_from(renewals).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    //! Goal: the cooldown neither blocks a first failover nor lasts for ever.
    //! Method: leases at chosen versions and times.

    use super::*;
    use crate::Region;

    #[test]
    fn a_cooldown_ends_by_renewals_or_by_the_clock() {
        let region = |name: &str| Region::new(name).expect("a valid name");
        let seconds = Duration::from_secs;
        let timing = Timing {
            renew: seconds(5),
            ttl: seconds(15),
            margin: seconds(3),
            cooldown: seconds(900),
            database_patience: seconds(60),
        };
        let first = Lease::first(&region("us-east-1"), 0);
        assert_eq!(timing.cooldown_left(&first, 1), None);
        let moved = first.successor(&region("us-east-2"), "test", 1_000_000);
        assert_eq!(timing.cooldown_left(&moved, 1_000_000), Some(seconds(900)));
        assert_eq!(timing.cooldown_left(&moved, 0), Some(seconds(900)), "a clock that runs behind");
        let renewed = |times: u64| Lease { version: moved.version + times, ..moved.clone() };
        assert_eq!(timing.cooldown_left(&renewed(179), 1_000_000), Some(seconds(5)));
        assert_eq!(timing.cooldown_left(&renewed(180), 1_000_000), None);
        assert_eq!(timing.cooldown_left(&moved, 1_000_000 + 959_000), Some(seconds(1)));
        assert_eq!(timing.cooldown_left(&moved, 1_000_000 + 960_000), None);
    }
}
