//! One run of a state machine, without I/O and without a clock.

mod error;
mod fail;
mod run;
mod time;
mod trace;
mod value;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::prepared::{Prepared, StateId};

pub use error::ErrorOutput;
pub use trace::{Passage, Visit};

/// One attempt at a task. What comes with the token of an attempt that has ended is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

/// What an execution asks of whoever runs it. Times count from the same origin as those it is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Command<'p> {
    /// Run a task, and say with [`Execution::complete`] or [`Execution::fail`] what became of it. Every attempt that
    /// was scheduled is asked for, even when its branch was stopped at the same moment.
    RunTask {
        /// Names the attempt.
        token: Token,
        /// Name of the state.
        state: &'p str,
        /// What is called.
        resource: &'p str,
        /// What it is given.
        input: Arc<Value>,
        /// Which attempt at the state this is, counted from 0.
        attempt: u32,
        /// When it was scheduled.
        at: Duration,
        /// When the attempt is given up.
        deadline: Duration,
    },
    /// Nothing but results and time brings it further: call [`Execution::advance`] then at the latest.
    WaitUntil(Duration),
    /// It has ended, and asks nothing more.
    Finished(Outcome),
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With this output.
    Succeeded(Arc<Value>),
    /// With an error that nothing caught.
    Failed(ErrorOutput),
    /// By the time limit of the machine.
    TimedOut,
}

/// One run of a state machine.
///
/// Whoever runs it asks [`poll`](Self::poll) until it says to wait, brings what became of tasks and lets time pass.
/// The same machine, input, results, times and jitter give the same execution. Time never goes back: an
/// earlier `now` counts as the latest one so far.
pub struct Execution<'p> {
    machine: &'p Prepared,
    jitter: Box<dyn FnMut() -> f64 + Send>,
    now: Duration,
    deadline: Option<Duration>,
    strands: Vec<Option<Strand>>,
    ready: VecDeque<usize>,
    tasks: VecDeque<Command<'p>>,
    /// Numbers tokens and timers, so that of two timers for the same time the one set first comes first.
    sequence: u64,
    events: u32,
    trace: Vec<trace::Entry>,
    outcome: Option<Outcome>,
}

/// The machine, or one branch of a Parallel state that runs.
#[derive(Debug)]
struct Strand {
    /// The strand whose Parallel state started it, and which of the branches it is.
    parent: Option<(usize, usize)>,
    state: StateId,
    /// The input of the state, unchanged; the output once it has one.
    document: Arc<Value>,
    /// What the task or the branches are given, each time they are tried.
    given: Option<Arc<Value>>,
    /// Retries so far, one count per retrier; empty: none.
    retries: Vec<u32>,
    attempt: u32,
    doing: Doing,
}

#[derive(Debug)]
enum Doing {
    /// About to enter its state.
    Entering,
    Task {
        token: Token,
        deadline: Duration,
        /// When a sign of life is missed.
        heartbeat: Option<Duration>,
    },
    Waiting {
        until: Duration,
        sequence: u64,
    },
    /// Until it is tried again.
    Resting {
        until: Duration,
        sequence: u64,
    },
    Branches {
        strands: Vec<Option<usize>>,
        outputs: Vec<Option<Arc<Value>>>,
    },
}

impl<'p> Execution<'p> {
    /// Begins a run. `jitter` gives numbers in [0, 1) for the retries that ask for it; others are moved there.
    pub fn begin(
        machine: &'p Prepared,
        input: impl Into<Arc<Value>>,
        now: Duration,
        jitter: impl FnMut() -> f64 + Send + 'static,
    ) -> Self {
        let mut execution = Self {
            machine,
            jitter: Box::new(jitter),
            now,
            deadline: machine.timeout.map(|timeout| now.saturating_add(timeout)),
            strands: Vec::new(),
            ready: VecDeque::new(),
            tasks: VecDeque::new(),
            sequence: 0,
            // ExecutionStarted.
            events: 1,
            trace: Vec::new(),
            outcome: None,
        };
        execution.spawn(None, machine.start, input.into());
        execution.run(now);
        execution
    }

    /// What to do now. Each task is asked for once; the other answers stay until something changes.
    pub fn poll(&mut self) -> Command<'p> {
        if let Some(task) = self.tasks.pop_front() {
            return task;
        }
        match &self.outcome {
            Some(outcome) => Command::Finished(outcome.clone()),
            None => Command::WaitUntil(self.next_timer().map_or(Duration::MAX, |timer| timer.at)),
        }
    }

    /// The attempt returned this. An attempt that has ended, been given up or been stopped is past helping: false,
    /// and the value is thrown away. A result at the very deadline is in time, for what falls due at `now` is left to
    /// [`advance`](Self::advance).
    pub fn complete(&mut self, token: Token, result: impl Into<Arc<Value>>, now: Duration) -> bool {
        let Some(strand) = self.attempted(token, now) else { return false };
        self.count(1);
        self.returned(strand, result.into());
        self.settle();
        true
    }

    /// The attempt failed with this error; as [`complete`](Self::complete) otherwise. Without a cause the
    /// catcher's error has none.
    pub fn fail(
        &mut self,
        token: Token,
        error: impl Into<String>,
        cause: impl Into<Option<String>>,
        now: Duration,
    ) -> bool {
        let Some(strand) = self.attempted(token, now) else { return false };
        self.count(1);
        self.failed(strand, ErrorOutput { error: error.into(), cause: cause.into() });
        self.settle();
        true
    }

    /// The attempt gave a sign of life; false when it is past helping.
    pub fn heartbeat(&mut self, token: Token, now: Duration) -> bool {
        let Some(strand) = self.attempted(token, now) else { return false };
        let beat = self.heartbeat_of(strand);
        if let Some(Strand { doing: Doing::Task { heartbeat, .. }, .. }) = &mut self.strands[strand] {
            *heartbeat = beat;
        }
        self.settle();
        true
    }

    /// Lets time pass up to `now`, and does what falls due on the way, each at its own time.
    pub fn advance(&mut self, now: Duration) {
        self.run(now);
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The states entered and exited so far, in order.
    pub fn trace(&self) -> impl ExactSizeIterator<Item = Visit<'p>> {
        let machine = self.machine;
        self.trace.iter().map(move |entry| entry.visit(machine))
    }

    /// Events that Step Functions would have written into the execution's history so far, which may have 25,000.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// Lets everything happen that comes before `now`, and says whose attempt this is, if it still runs.
    fn attempted(&mut self, token: Token, now: Duration) -> Option<usize> {
        self.run_before(now);
        if self.outcome.is_some() {
            return None;
        }
        self.strands.iter().position(
            |strand| matches!(strand, Some(Strand { doing: Doing::Task { token: running, .. }, .. }) if *running == token),
        )
    }
}

impl std::fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution")
            .field("now", &self.now)
            .field("strands", &self.strands)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
