//! The outside view: synthetic orders at the peer's public endpoint.

use std::time::Duration;

use recovery::lease::Probes;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::aws::cause;
use crate::probe::synthetic::{self, Caller, Entrance, SyntheticError};

/// Where to probe, and with what.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) caller: Caller,
    pub(super) peer: Entrance,
}

/// Probes in the background, one at a time. Dropping it ends the running one.
#[derive(Debug)]
pub(super) struct Lookout {
    running: JoinSet<Result<(), SyntheticError>>,
    next: Instant,
    interval: Duration,
    probes: Probes,
}

/// Probes that ended since they were last counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ended {
    pub(super) answered: u64,
    pub(super) failed: u64,
}

impl Lookout {
    pub(super) fn new(interval: Duration, limit: u32) -> Self {
        let probes = Probes { limit, ..Probes::default() };
        Self { running: JoinSet::new(), next: Instant::now(), interval, probes }
    }

    pub(super) fn probes(&self) -> &Probes {
        &self.probes
    }

    /// Forgets what was seen: the peer's role has changed.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.interval, self.probes.limit);
    }

    /// Counts what has ended and starts the next probe when it is due.
    pub(super) fn look(&mut self, outside: &Outside) -> Ended {
        let mut ended = Ended::default();
        while let Some(outcome) = self.running.try_join_next() {
            match outcome {
                Ok(Ok(())) => {
                    ended.answered += 1;
                    self.probes.failures = 0;
                    self.probes.answered = self.probes.answered.saturating_add(1);
                    self.probes.refused = 0;
                    self.probes.last_error.clear();
                }
                // A region that refuses us may serve everybody else: were this counted, a mistake in a
                // permission, or more load than its limits allow, would move the lease.
                Ok(Err(SyntheticError::Refused { status: 429, .. })) => {
                    self.not_let_in();
                    tracing::info!("the peer had too many requests to look at a probe; it is not counted");
                }
                Ok(Err(error)) if error.is_about_the_asker() => {
                    self.not_let_in();
                    tracing::warn!(
                        cause = cause(&error),
                        "the peer did not let a probe in; it is not counted"
                    );
                }
                Ok(Err(error)) => {
                    ended.failed += 1;
                    self.probes.failures = self.probes.failures.saturating_add(1);
                    self.probes.answered = 0;
                    self.probes.refused = 0;
                    self.probes.last_error = error.to_string();
                }
                Err(error) => tracing::error!(%error, "a probe broke off"),
            }
        }
        if self.running.is_empty() && Instant::now() >= self.next {
            self.next = Instant::now() + self.interval;
            let outside = outside.clone();
            self.running
                .spawn(async move { synthetic::place(&outside.caller, &outside.peer).await.map(drop) });
        }
        ended
    }

    /// No outage, and no dwell of a region that may let nobody else in either.
    fn not_let_in(&mut self) {
        self.probes.answered = 0;
        self.probes.refused = self.probes.refused.saturating_add(1);
    }
}
