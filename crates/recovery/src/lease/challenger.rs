//! What a challenger knows of somebody else's lease.

use std::time::Duration;

use super::{Lease, Timing};
use crate::{Epoch, Region};

/// Watches the version of a lease with its own monotonic clock.
#[derive(Clone, Debug)]
pub struct Challenger {
    timing: Timing,
    watched: Option<Watched>,
}

#[derive(Clone, Debug)]
struct Watched {
    epoch: Epoch,
    owner: Region,
    version: u64,
    first_seen: Duration,
    last_seen: Duration,
}

impl Challenger {
    /// Has seen nothing yet.
    pub fn new(timing: Timing) -> Self {
        Self { timing, watched: None }
    }

    /// The lease as a strong read has returned it, which was begun at `begun` and ended at
    /// `ended`, both since the start of this process.
    ///
    /// A version counts from the end of the first read that returned it to the beginning of
    /// the last: what was renewed during either read gives the owner the benefit. A failed
    /// read is no observation: do not call this, and the time waits for the next equal read.
    pub fn observe(&mut self, lease: &Lease, begun: Duration, ended: Duration) {
        let same = |watched: &&mut Watched| {
            (watched.epoch, &watched.owner, watched.version) == (lease.epoch, &lease.owner, lease.version)
        };
        match self.watched.as_mut().filter(same) {
            Some(watched) => watched.last_seen = watched.last_seen.max(begun),
            None => {
                self.watched = Some(Watched {
                    epoch: lease.epoch,
                    owner: lease.owner.clone(),
                    version: lease.version,
                    first_seen: ended,
                    last_seen: ended,
                });
            }
        }
    }

    /// How long the version is known to have stood still.
    pub fn unchanged_for(&self) -> Duration {
        self.watched
            .as_ref()
            .map_or(Duration::ZERO, |watched| watched.last_seen.saturating_sub(watched.first_seen))
    }

    /// Whether the version has stood still for TTL + margin. Only successful reads count:
    /// a challenger that is blind never finds a lease expired.
    pub fn expired(&self) -> bool {
        self.unchanged_for() >= self.timing.expires_after()
    }
}

#[cfg(test)]
mod tests {
    //! Goal: only time between equal successful reads expires a lease. Method: hand-made reads.

    use super::*;

    #[test]
    fn time_counts_between_equal_reads_only() {
        let seconds = Duration::from_secs;
        let timing = Timing {
            renew: seconds(5),
            ttl: seconds(15),
            margin: seconds(3),
            cooldown: seconds(60),
            database_patience: seconds(60),
        };
        let lease = Lease::first(&Region::new("us-east-1").expect("a valid name"), 0);
        let mut challenger = Challenger::new(timing);
        assert!(!challenger.expired());
        challenger.observe(&lease, seconds(0), seconds(1));
        challenger.observe(&lease, seconds(18), seconds(99));
        assert!(!challenger.expired(), "17 s from the end of the first read to the beginning of the last");
        challenger.observe(&lease, seconds(19), seconds(20));
        assert!(challenger.expired());
        challenger.observe(&lease.renewed(), seconds(20), seconds(21));
        assert!(!challenger.expired(), "a renewal starts anew");
    }
}
