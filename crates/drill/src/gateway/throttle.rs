//! How much a region's public endpoint takes at once, as API Gateway's throttling does.
//!
//! The emulator runs on the drill's own machine. Without a bound, the burst that follows a move of
//! DNS would start a process per waiting request and measure the machine's collapse instead of
//! the system's recovery.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one region that the emulator works on at once.
const AT_WORK_MAX: usize = 16;
/// Requests of one region that wait for their turn; the next one is throttled.
const WAITING_MAX: usize = 64;
/// Longest wait for a turn. Well below the patience of a client, so that whoever gets a turn still
/// listens to the answer: work for clients that have left would starve those that have not.
const WAIT: Duration = Duration::from_millis(500);
/// Path of the health endpoints. They have a place of their own, as methods have their own limits
/// in API Gateway, so that load cannot make a region look ill.
pub(super) const HEALTH: &str = "/health/";
const HEALTH_AT_WORK_MAX: usize = 4;

/// One region's bounds.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    at_work: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    health: Arc<Semaphore>,
    wait: Duration,
}

/// Leave to work, given back when it is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Throttle {
    pub(super) fn new() -> Self {
        Self::with_wait(WAIT)
    }

    fn with_wait(wait: Duration) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self {
            at_work: places(AT_WORK_MAX),
            waiting: places(WAITING_MAX),
            health: places(HEALTH_AT_WORK_MAX),
            wait,
        }
    }

    /// Waits for a turn; `None` when too many wait already, or it takes too long.
    pub(super) async fn turn(&self, path: &str) -> Option<Turn> {
        if path.starts_with(HEALTH) {
            return Arc::clone(&self.health).acquire_owned().await.ok().map(Turn);
        }
        let _waiting = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.at_work).acquire_owned()).await;
        turn.ok()?.ok().map(Turn)
    }
}

#[cfg(test)]
mod tests {
    // Goal: load beyond the bounds is throttled, and health is answered all the same.
    // Method: take every place and ask for one more.
    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_longer_than_a_client_listens() {
        let throttle = Throttle::with_wait(Duration::from_millis(5));
        let mut turns = Vec::new();
        for _ in 0..AT_WORK_MAX {
            turns.push(throttle.turn("/orders").await.expect("there is room"));
        }
        assert!(throttle.turn("/orders").await.is_none());
        turns.pop();
        assert!(throttle.turn("/orders").await.is_some());
    }

    #[tokio::test]
    async fn the_last_place_is_the_last() {
        let throttle = Throttle::with_wait(Duration::from_secs(600));
        let mut turns = Vec::new();
        for _ in 0..AT_WORK_MAX {
            turns.push(throttle.turn("/orders").await.expect("there is room"));
        }
        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let throttle = throttle.clone();
                tokio::spawn(async move { throttle.turn("/orders").await.is_some() })
            })
            .collect();
        while throttle.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(throttle.turn("/orders").await.is_none());
        assert!(throttle.turn("/health/ready").await.is_some());
        drop(turns);
        for one in waiting {
            assert!(one.await.expect("no task panics"), "those that waited get their turn");
        }
    }
}
