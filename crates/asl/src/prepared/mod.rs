//! A state machine made ready to run: names looked up, paths read, once for all executions.

mod build;
mod test;

use std::time::Duration;

use serde_json::Value;

use crate::reference::Reference;
use crate::template::Template;
use crate::{Problem, StateMachine};

pub(crate) use test::Test;

/// A state machine whose names and paths have been looked up. It never changes, and any number of
/// [executions](crate::Execution) may run from it.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) start: StateId,
    pub(crate) timeout: Option<Duration>,
    pub(crate) states: Vec<Ready>,
}

/// Position of a state among all of a machine, those of its branches included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StateId(pub(crate) usize);

/// A state, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) name: String,
    pub(crate) input: Selection,
    pub(crate) does: Does,
    /// What is kept of the result; none: all.
    pub(crate) selector: Option<Template>,
    pub(crate) result: Placement,
    pub(crate) output: Selection,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
    /// None: the machine or branch ends.
    pub(crate) next: Option<StateId>,
}

/// What tells one type of state from another.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    Task { resource: String, parameters: Option<Template>, timeout: Duration, heartbeat: Option<Duration> },
    Choice { rules: Vec<(Test, StateId)>, default: Option<StateId> },
    Wait(Length),
    Pass { parameters: Option<Template>, result: Option<Value> },
    Parallel { parameters: Option<Template>, branches: Vec<StateId> },
    Succeed,
    Fail { error: Words, cause: Words },
}

/// How long a state waits.
#[derive(Clone, Debug)]
pub(crate) enum Length {
    Fixed(Duration),
    At(Reference),
}

/// A text of a Fail state.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    None,
    Fixed(String),
    At(Reference),
}

/// What part of a document is taken.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    All,
    /// An empty object.
    Nothing,
    At(Reference),
}

/// Where a result goes in the input.
#[derive(Clone, Debug)]
pub(crate) enum Placement {
    /// It replaces the input.
    Whole,
    /// It is thrown away.
    Nowhere,
    At(Reference),
}

#[derive(Clone, Debug)]
pub(crate) struct Retrier {
    pub(crate) errors: Vec<String>,
    pub(crate) interval_s: f64,
    pub(crate) rate: f64,
    pub(crate) delay_max_s: f64,
    pub(crate) attempts_max: u32,
    pub(crate) jitter: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Catcher {
    pub(crate) errors: Vec<String>,
    pub(crate) result: Placement,
    pub(crate) next: StateId,
}

impl Prepared {
    /// Makes a machine ready.
    ///
    /// # Errors
    /// Everything for which it cannot be run: names that lead nowhere, states that cannot go on, and paths that the
    /// interpreter does not know (the context object, intrinsic functions, wildcards, filters). What
    /// [`StateMachine::check`] asks beyond that, such as timeouts, is not asked here.
    pub fn new(machine: &StateMachine) -> Result<Self, Vec<Problem>> {
        build::build(machine)
    }

    /// Names of all states, those of branches after the state that holds them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.states.iter().map(|state| state.name.as_str())
    }

    pub(crate) fn state(&self, id: StateId) -> &Ready {
        &self.states[id.0]
    }
}

impl Retrier {
    /// Seconds before the retry of this number, counted from 0; `jitter` lies in [0, 1).
    pub(crate) fn delay(&self, retry: u32, jitter: impl FnOnce() -> f64) -> Duration {
        let grown = self.interval_s * self.rate.powf(f64::from(retry));
        // `min` also takes the limit in place of something that is no number.
        let delay_s = grown.min(self.delay_max_s);
        let share = if self.jitter { jitter().clamp(0.0, 1.0) } else { 1.0 };
        Duration::try_from_secs_f64(delay_s * share).unwrap_or_default()
    }
}
