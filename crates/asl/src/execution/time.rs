//! How time passes.

use std::time::Duration;

use super::error::{HEARTBEAT_TIMEOUT, RUNTIME};
use super::{Doing, ErrorOutput, Execution, Outcome};
use crate::retry::TIMEOUT;

/// Events that the history of an execution may have; it fails when it has no room for more.
/// Source: AWS Step Functions Developer Guide, "Quotas".
const EVENTS_MAX: u32 = 25_000;

/// The next thing that happens by itself.
pub(super) struct Timer {
    pub(super) at: Duration,
    /// Among those of the same time the lowest comes first.
    sequence: u64,
    /// None: the limit of the machine.
    strand: Option<usize>,
}

impl Execution<'_> {
    /// Does all that can be done up to `now`.
    pub(super) fn run(&mut self, now: Duration) {
        self.settle();
        while let Some(timer) = self.next_timer().filter(|timer| timer.at <= now) {
            self.fire(&timer);
        }
        self.now = self.now.max(now);
    }

    /// Does all that comes before `now`, but not what falls due at that very time.
    pub(super) fn run_before(&mut self, now: Duration) {
        while let Some(timer) = self.next_timer().filter(|timer| timer.at < now) {
            self.fire(&timer);
        }
        self.now = self.now.max(now);
    }

    fn fire(&mut self, timer: &Timer) {
        self.now = self.now.max(timer.at);
        match timer.strand {
            Some(strand) => self.due(strand),
            None => self.finish(Outcome::TimedOut),
        }
        self.settle();
    }

    /// Enters states until every strand waits for something.
    pub(super) fn settle(&mut self) {
        while self.outcome.is_none() {
            if self.events > EVENTS_MAX {
                let cause =
                    format!("the history of the execution has {EVENTS_MAX} events, and no room for more");
                return self.finish(Outcome::Failed(ErrorOutput::new(RUNTIME, cause)));
            }
            let Some(strand) = self.ready.pop_front() else { return };
            self.enter(strand);
        }
    }

    pub(super) fn next_timer(&self) -> Option<Timer> {
        if self.outcome.is_some() {
            return None;
        }
        let limit = self.deadline.map(|at| Timer { at, sequence: 0, strand: None });
        let timers = self.strands.iter().enumerate().filter_map(|(index, strand)| {
            let (at, sequence) = match strand.as_ref()?.doing {
                Doing::Task { token, deadline, heartbeat } => {
                    (heartbeat.map_or(deadline, |beat| beat.min(deadline)), token.0)
                }
                Doing::Waiting { until, sequence } | Doing::Resting { until, sequence } => (until, sequence),
                Doing::Entering | Doing::Branches { .. } => return None,
            };
            Some(Timer { at, sequence, strand: Some(index) })
        });
        limit.into_iter().chain(timers).min_by_key(|timer| (timer.at, timer.sequence))
    }

    /// The timer of a strand is due.
    fn due(&mut self, index: usize) {
        let Some(strand) = &mut self.strands[index] else { return };
        match strand.doing {
            Doing::Waiting { .. } => self.exit(index),
            Doing::Resting { .. } => self.begin_again(index),
            Doing::Task { deadline, .. } => {
                let error = if deadline <= self.now { TIMEOUT } else { HEARTBEAT_TIMEOUT };
                self.count(1);
                self.failed(index, ErrorOutput::timeout(error));
            }
            Doing::Entering | Doing::Branches { .. } => {}
        }
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        if self.outcome.is_none() {
            self.outcome = Some(outcome);
            self.strands.clear();
            self.ready.clear();
        }
    }
}
