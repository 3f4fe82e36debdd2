//! What an owner knows of its own renewals.

use std::time::Duration;

use super::{Lease, Timing};
use crate::{Epoch, Region};

/// The owner's clock. All times are durations since the start of one process, by
/// its monotonic clock.
#[derive(Clone, Debug)]
pub struct Owner {
    region: Region,
    timing: Timing,
    renewed_at: Option<Duration>,
    last_read: Option<Read>,
}

#[derive(Clone, Debug)]
struct Read {
    epoch: Epoch,
    version: u64,
    begun: Duration,
}

impl Owner {
    /// Knows of no renewal yet.
    pub fn new(region: Region, timing: Timing) -> Self {
        Self { region, timing, renewed_at: None, last_read: None }
    }

    /// A renewal, or a take-over, that was begun at `begun` has succeeded.
    ///
    /// The beginning counts, for the challenger may see the new version at any time after it.
    pub fn renewed(&mut self, begun: Duration) {
        self.renewed_at = self.renewed_at.max(Some(begun));
    }

    /// The lease as a strong read that was begun at `begun` has returned it.
    ///
    /// A version that grew since the read before was renewed by another invocation of
    /// this region, no earlier than that read began. A lease that belongs to another
    /// region, or to this one under another epoch, ends all that was known.
    pub fn observe(&mut self, lease: &Lease, begun: Duration) {
        let last = self.last_read.take().filter(|last| last.epoch == lease.epoch);
        if lease.owner != self.region {
            self.renewed_at = None;
            return;
        }
        if let Some(last) = last.filter(|last| lease.version > last.version) {
            self.renewed(last.begun);
        }
        self.last_read = Some(Read { epoch: lease.epoch, version: lease.version, begun });
    }

    /// Whether this process knows that nobody can have found its lease expired: a renewal that it
    /// knows of began less than TTL − margin ago.
    ///
    /// Nothing is served by this: services read the lease, and the fence protects the database. It
    /// states what the margins promise, for the tests that hold them to it.
    #[cfg(test)]
    pub(super) fn is_sure(&self, now: Duration) -> bool {
        self.age(now).is_some_and(|age| age < self.timing.sure_for())
    }

    /// Whether the next renewal should be begun.
    pub fn renewal_due(&self, now: Duration) -> bool {
        self.age(now).is_none_or(|age| age >= self.timing.renew)
    }

    /// Time since the last known renewal began.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.renewed_at.map(|at| now.saturating_sub(at))
    }
}

#[cfg(test)]
mod tests {
    //! Goal: an owner is sure of its lease from the beginning of its last renewal, and credits
    //! another invocation's renewal no earlier than it can have been. Method: hand-made times.

    use super::*;

    fn owner() -> (Owner, Lease) {
        let seconds = Duration::from_secs;
        let timing = Timing {
            renew: seconds(5),
            ttl: seconds(15),
            margin: seconds(3),
            cooldown: seconds(60),
            database_patience: seconds(60),
        };
        let home = Region::new("us-east-1").expect("a valid name");
        let lease = Lease::first(&home, 0);
        (Owner::new(home, timing), lease)
    }

    #[test]
    fn it_is_sure_for_ttl_less_margin_from_the_beginning_of_a_renewal() {
        let (mut owner, _) = owner();
        let at = Duration::from_millis;
        assert!(!owner.is_sure(at(0)) && owner.renewal_due(at(0)));
        owner.renewed(at(1000));
        assert!(owner.is_sure(at(12_999)) && !owner.is_sure(at(13_000)));
        assert!(!owner.renewal_due(at(5999)) && owner.renewal_due(at(6000)));
        owner.renewed(at(500));
        assert!(owner.is_sure(at(12_999)), "an older renewal that ends later changes nothing");
    }

    #[test]
    fn it_credits_the_renewals_of_its_own_region_only() {
        let (mut owner, lease) = owner();
        let at = Duration::from_secs;
        owner.observe(&lease, at(1));
        assert_eq!(owner.age(at(2)), None, "one read says nothing about when it was renewed");
        owner.observe(&lease.renewed(), at(4));
        assert_eq!(owner.age(at(4)), Some(at(3)), "renewed after the first read began");
        let taken = lease.renewed().successor(&Region::new("us-east-2").expect("a valid name"), "test", 0);
        owner.observe(&taken, at(6));
        assert!(!owner.is_sure(at(6)));
    }
}
