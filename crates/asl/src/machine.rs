//! A state machine, and the branches of a Parallel state.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::State;

/// States by name, in the order in which they were written.
pub type States = IndexMap<String, State>;

/// A whole state machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StateMachine {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Name of the first state.
    pub start_at: String,
    /// Seconds an execution may take; absent: a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Its states.
    pub states: States,
}

/// One branch of a Parallel state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Branch {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Name of the first state.
    pub start_at: String,
    /// Its states.
    pub states: States,
}

impl StateMachine {
    /// A machine with no state yet.
    pub fn new(start_at: &str) -> Self {
        Self { comment: None, start_at: start_at.to_owned(), timeout_seconds: None, states: States::new() }
    }

    /// Says what it is for.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        self.comment = Some(comment.to_owned());
        self
    }

    /// Seconds an execution may take.
    #[must_use]
    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout_seconds = Some(seconds);
        self
    }

    /// Adds a state.
    ///
    /// # Panics
    /// When there is a state of that name already.
    #[must_use]
    pub fn with(mut self, name: &str, state: impl Into<State>) -> Self {
        add(&mut self.states, name, state.into());
        self
    }

    /// The JSON that Step Functions takes, indented.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts, numbers and maps with text keys always serialise")
    }
}

impl Branch {
    /// A branch with no state yet.
    pub fn new(start_at: &str) -> Self {
        Self { comment: None, start_at: start_at.to_owned(), states: States::new() }
    }

    /// Adds a state.
    ///
    /// # Panics
    /// When there is a state of that name already.
    #[must_use]
    pub fn with(mut self, name: &str, state: impl Into<State>) -> Self {
        add(&mut self.states, name, state.into());
        self
    }
}

fn add(states: &mut States, name: &str, state: State) {
    let replaced = states.insert(name.to_owned(), state);
    assert!(replaced.is_none(), "there are two states called {name}");
}
