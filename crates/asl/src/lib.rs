//! Amazon States Language: typed states, checks, a diagram and an interpreter.
//!
//! A [`StateMachine`] serialises to exactly the JSON that Step Functions takes and
//! back, in the JSONPath query language. [`StateMachine::check`] reports everything
//! that is wrong with it at once. This crate knows nothing of recovery, does no I/O
//! and reads no clock. It covers the states that Standfast uses: Map, distributed
//! or not, and JSONata are refused by the types. An [`Execution`] runs a [`Prepared`] machine: it says what is to be
//! done and takes what became of it, so that time may be anybody's. Start reading at [`StateMachine`].

mod check;
mod execution;
mod flow;
mod lint;
mod machine;
mod mermaid;
mod path;
mod prepared;
mod reference;
mod retry;
mod rule;
mod state;
mod template;

pub use check::{Flaw, Problem};
pub use execution::{Command, ErrorOutput, Execution, Outcome, Passage, Token, Visit};
pub use machine::{Branch, StateMachine, States};
pub use path::Path;
pub use prepared::Prepared;
pub use retry::{ALL_ERRORS, Catch, Jitter, Retry, TASK_FAILED, TIMEOUT};
pub use rule::Rule;
pub use state::{Choice, Fail, Parallel, Pass, State, Succeed, Task, Wait};
