//! What a challenger knows of somebody else's lease.

use std::time::Duration;

use super::{Lease, Timing};
use crate::{Epoch, Region};

/// Watches the version of a lease with its own monotonic clock.
#[derive(Clone, Debug)]
pub struct Challenger {
    timing: Timing,
    watched: Option<Watched>,
    /// The beginning of the first failed read since the last that succeeded.
    blind_since: Option<Duration>,
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
        Self { timing, watched: None, blind_since: None }
    }

    /// The lease as a strong read has returned it, which was begun at `begun` and ended at
    /// `ended`, both since the start of this process.
    ///
    /// A version counts from the end of the first read that returned it to the beginning of
    /// the last: what was renewed during either read gives the owner the benefit. A failed
    /// read is no observation but [`Challenger::blind`], and the time waits for the next equal read.
    ///
    /// True when the reads before had failed for so long that nothing seen before them counts any more.
    pub fn observe(&mut self, lease: &Lease, begun: Duration, ended: Duration) -> bool {
        let same = |watched: &&mut Watched| {
            (watched.epoch, &watched.owner, watched.version) == (lease.epoch, &lease.owner, lease.version)
        };
        let blind_max = self.timing.ttl.saturating_sub(self.timing.renew);
        let anew = self.blind_since.take().is_some_and(|since| begun.saturating_sub(since) > blind_max);
        if anew {
            self.watched = None;
        }
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
        anew
    }

    /// A read that was begun at `begun` has failed.
    ///
    /// Whose reads fail for so long that an owner who could not write meanwhile would look dead starts to
    /// count anew with the next one that succeeds: the table was away, perhaps for both, and that is no
    /// owner's fault. A few failed reads change nothing.
    pub fn blind(&mut self, begun: Duration) {
        self.blind_since.get_or_insert(begun);
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
    //! Goal: only time between equal successful reads expires a lease, and not across a time in which the
    //! table was away. Method: hand-made reads.

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn watching() -> (Challenger, Lease) {
        let timing = Timing {
            renew: seconds(5),
            ttl: seconds(15),
            margin: seconds(3),
            cooldown: seconds(60),
            database_patience: seconds(60),
        };
        (Challenger::new(timing), Lease::first(&Region::new("us-east-1").expect("a valid name"), 0))
    }

    #[test]
    fn time_counts_between_equal_reads_only() {
        let (mut challenger, lease) = watching();
        assert!(!challenger.expired());
        challenger.observe(&lease, seconds(0), seconds(1));
        challenger.observe(&lease, seconds(18), seconds(99));
        assert!(!challenger.expired(), "17 s from the end of the first read to the beginning of the last");
        challenger.observe(&lease, seconds(19), seconds(20));
        assert!(challenger.expired());
        challenger.observe(&lease.renewed(), seconds(20), seconds(21));
        assert!(!challenger.expired(), "a renewal starts anew");
    }

    #[test]
    fn a_table_that_was_away_is_no_dead_owner() {
        let (mut challenger, lease) = watching();
        challenger.observe(&lease, seconds(0), seconds(1));
        challenger.blind(seconds(2));
        challenger.blind(seconds(11));
        assert!(!challenger.observe(&lease, seconds(12), seconds(13)));
        assert_eq!(challenger.unchanged_for(), seconds(11), "a few failed reads change nothing");
        challenger.blind(seconds(14));
        assert!(challenger.observe(&lease, seconds(25), seconds(26)));
        assert_eq!(challenger.unchanged_for(), Duration::ZERO, "nobody could renew for 11 s");
        for second in 27..44 {
            assert!(!challenger.observe(&lease, seconds(second), seconds(second)));
            assert!(!challenger.expired(), "{second}");
        }
        challenger.observe(&lease, seconds(44), seconds(45));
        assert!(challenger.expired(), "an owner that does not come back is found out");
    }
}
