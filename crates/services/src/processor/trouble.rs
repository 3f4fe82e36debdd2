//! What keeps this process from settling: told when it begins and when it ends, not with every batch,
//! and a database that cannot be reached is left alone for a moment.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recovery::{Epoch, Lease, Region};
use tokio::time::Instant;

use super::settling::Postponed;

/// How long a database that could not be reached is not asked again. Messages come back after a
/// second at the earliest, so this delays nobody whose message was among the failed ones.
const PAUSE: Duration = Duration::from_secs(1);

/// What one process remembers of its failures.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told: Option<String>,
    paused: Option<Paused>,
}

/// A pause ends early when the lease moves: another database is meant then.
#[derive(Debug)]
struct Paused {
    owner: Region,
    epoch: Epoch,
    until: Instant,
}

impl Trouble {
    /// Whether the database of this lease's owner is to be left alone at `now`.
    pub(super) fn pauses(&self, lease: &Lease, now: Instant) -> bool {
        let state = self.state();
        let paused = state.paused.as_ref();
        paused.is_some_and(|p| p.owner == lease.owner && p.epoch == lease.epoch && now < p.until)
    }

    /// The database of this lease's owner could not be reached.
    pub(super) fn unreachable(&self, lease: &Lease, now: Instant) {
        let paused = Paused { owner: lease.owner.clone(), epoch: lease.epoch, until: now + PAUSE };
        self.state().paused = Some(paused);
    }

    /// A batch was postponed. Logged when the reason is a new one.
    pub(super) fn postponed(&self, why: &Postponed, orders: usize) {
        if self.is_news(why) {
            why.log(orders);
        }
    }

    /// A batch was settled. Logged when the one before was not.
    pub(super) fn settled(&self) {
        if let Some(over) = self.state().told.take() {
            tracing::info!(over, "settlement goes on");
        }
    }

    fn is_news(&self, why: &Postponed) -> bool {
        // A pause is part of the trouble that began it.
        if matches!(why, Postponed::Paused(_)) {
            return false;
        }
        let text = why.to_string();
        let mut state = self.state();
        let news = state.told.as_ref() != Some(&text);
        state.told = Some(text);
        news
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: one trouble is told once, and a pause holds for one owner's database, one epoch and one
    //! second. Method: hand-made failures and times.

    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).expect("a region name")
    }

    #[test]
    fn a_trouble_is_told_once_until_it_changes_or_ends() {
        let trouble = Trouble::default();
        let recovering = |epoch| Postponed::Recovering { owner: region("us-east-2"), epoch: Epoch(epoch) };
        assert!(trouble.is_news(&Postponed::Deadline));
        assert!(!trouble.is_news(&Postponed::Deadline));
        assert!(!trouble.is_news(&Postponed::Paused(region("us-east-1"))));
        assert!(!trouble.is_news(&Postponed::Deadline), "a pause is no change");
        assert!(trouble.is_news(&recovering(2)));
        assert!(!trouble.is_news(&recovering(2)));
        assert!(trouble.is_news(&recovering(3)));
        trouble.settled();
        assert!(trouble.is_news(&recovering(3)), "it began anew");
    }

    #[test]
    fn a_pause_is_short_and_ends_when_the_lease_moves() {
        let trouble = Trouble::default();
        let lease = Lease::first(&region("us-east-1"), 0);
        let now = Instant::now();
        assert!(!trouble.pauses(&lease, now));
        trouble.unreachable(&lease, now);
        assert!(trouble.pauses(&lease.renewed(), now + Duration::from_millis(999)));
        assert!(!trouble.pauses(&lease, now + PAUSE));
        assert!(!trouble.pauses(&lease.successor(&region("us-east-1"), "test", 0), now));
        assert!(!trouble.pauses(&Lease { owner: region("us-east-2"), ..lease }, now));
    }
}
