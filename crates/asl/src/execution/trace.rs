//! What an execution leaves behind: which states it passed, and when.

use std::time::Duration;

use crate::prepared::{Prepared, StateId};

/// A state was entered or exited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit<'p> {
    /// Its name.
    pub state: &'p str,
    /// Which of the two.
    pub passage: Passage,
    /// When.
    pub at: Duration,
}

/// Whether a state was entered or exited. A state that ends its machine or branch by an error is not exited;
/// one whose error was caught is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// The state has its input.
    Entered,
    /// The state has its output, or its error was caught.
    Exited,
}

/// The same, small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) state: StateId,
    pub(super) passage: Passage,
    pub(super) at: Duration,
}

impl Entry {
    pub(super) fn visit(self, machine: &Prepared) -> Visit<'_> {
        Visit { state: &machine.state(self.state).name, passage: self.passage, at: self.at }
    }
}
