//! Whether a worker is alive: it has no port that a load balancer could ask.
//!
//! ECS runs the container's own program again as its health check, with [`QUESTION`] for an argument: there
//! is no shell in the image. The running worker answers on the loopback interface, which nobody outside of
//! the task can reach.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::Instant;

use super::worker::ROUND_LIMIT;
use crate::probe::Prober;

/// The argument that makes the program ask instead of work.
pub const QUESTION: &str = "--alive";
const PATH: &str = "/health/live";
/// A round that takes longer has come to nothing: the limits within it have failed.
const OVERDUE: Duration = ROUND_LIMIT.saturating_add(Duration::from_secs(30));

/// When each hand of a worker began its round.
#[derive(Debug)]
pub struct Rounds {
    since: Instant,
    began_ms: Vec<AtomicU64>,
}

impl Rounds {
    /// All hands begin now.
    pub fn new(hands: u32) -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), began_ms: (0..hands).map(|_| AtomicU64::new(0)).collect() })
    }

    /// One of them begins a round.
    pub fn began(&self, hand: u32) {
        if let Some(began) = usize::try_from(hand).ok().and_then(|hand| self.began_ms.get(hand)) {
            began.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    /// Whether none of them is stuck.
    pub fn go_on(&self) -> bool {
        self.go_on_at(self.now_ms())
    }

    fn go_on_at(&self, now_ms: u64) -> bool {
        let oldest =
            self.began_ms.iter().map(|began| began.load(Ordering::Relaxed)).min().unwrap_or_default();
        Duration::from_millis(now_ms.saturating_sub(oldest)) <= OVERDUE
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// What answers [`ask`]: 200 while no hand is stuck.
pub fn router(rounds: Arc<Rounds>) -> Router {
    let live =
        move || async move { if rounds.go_on() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE } };
    Router::new().route(PATH, get(live))
}

/// Whether the worker that listens at `address` says that it is alive.
///
/// # Errors
/// What it says instead, or why it says nothing.
pub async fn ask(address: SocketAddr) -> Result<(), String> {
    let prober = Prober::new(None).map_err(|error| error.to_string())?;
    match prober.get(&format!("http://{address}{PATH}")).await {
        Ok(answer) if answer.status == 200 => Ok(()),
        Ok(answer) => Err(format!("the worker answers {}", answer.status)),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: one hand that is stuck is seen, and slow ones are not blamed. Method: made-up times.

    use super::*;

    #[test]
    fn one_stuck_hand_is_enough() {
        let rounds = Rounds::new(2);
        let limit = u64::try_from(OVERDUE.as_millis()).expect("it is minutes");
        assert!(rounds.go_on() && rounds.go_on_at(limit));
        rounds.began_ms[0].store(limit, Ordering::Relaxed);
        assert!(!rounds.go_on_at(limit + 1), "the other one is stuck");
        rounds.began_ms[1].store(1, Ordering::Relaxed);
        assert!(rounds.go_on_at(limit + 1));
    }
}
