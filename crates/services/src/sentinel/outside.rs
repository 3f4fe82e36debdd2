//! The outside view: synthetic orders at the peer's public endpoint.

use std::time::Duration;

use recovery::lease::Probes;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::probe::{Prober, synthetic};
use crate::settings::BaseUrl;

/// Where to probe, and with what.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) prober: Prober,
    pub(super) peer: BaseUrl,
}

/// Probes in the background, one at a time. Dropping it ends the running one.
#[derive(Debug)]
pub(super) struct Lookout {
    running: JoinSet<Result<(), String>>,
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
                    self.probes.last_error.clear();
                }
                Ok(Err(error)) => {
                    ended.failed += 1;
                    self.probes.failures = self.probes.failures.saturating_add(1);
                    self.probes.answered = 0;
                    self.probes.last_error = error;
                }
                Err(error) => tracing::error!(%error, "a probe broke off"),
            }
        }
        if self.running.is_empty() && Instant::now() >= self.next {
            self.next = Instant::now() + self.interval;
            let outside = outside.clone();
            self.running.spawn(async move {
                let placed = synthetic::place(&outside.prober, &outside.peer).await;
                placed.map(drop).map_err(|error| error.to_string())
            });
        }
        ended
    }
}
