//! What clients did and were told, and what was found afterwards: the history that a run is judged by.
//!
//! [`Operation`] is the part of the clients, [`Facts`] the part of the databases and the lease.
//! [`check`](crate::checker::check) judges both, wherever they come from: a drill, a simulation or a file.

mod exact;
mod facts;
mod operation;

pub use facts::{Balance, DeadRow, Facts, FenceRow, LeaseSeen, Move, OutboxRow, SettledRow};
pub use operation::{ClientKind, Operation, OperationKind, Outcome, Terms};

/// A line of a history that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the history is no operation")]
pub struct InvalidLine {
    /// Counted from 1.
    pub line: usize,
    /// Why.
    #[source]
    pub cause: serde_json::Error,
}

/// One operation per line, as JSON.
pub fn to_jsonl(history: &[Operation]) -> String {
    history.iter().map(|operation| operation.to_line() + "\n").collect()
}

/// Reads what [`to_jsonl`] wrote; empty lines are skipped.
///
/// # Errors
/// The first line that is no operation.
pub fn from_jsonl(text: &str) -> Result<Vec<Operation>, InvalidLine> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|cause| InvalidLine { line: index + 1, cause })
        })
        .collect()
}

impl Operation {
    /// The operation as one line of JSON, without the line's end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers always serialise")
    }
}
