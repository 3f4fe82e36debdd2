//! What clients did and were told, and what was found afterwards: the history that a run is judged by.
//!
//! [`Operation`] is the part of the clients, [`Facts`] the part of the databases and the lease;
//! [`check`](crate::checker::check) judges both, wherever they come from. A file of lines of JSON holds them
//! as [`Recorded`]: [`Recorded::lines`] writes one and [`Reader`] reads it. Its format is described in
//! `docs/history.md`, so that others can write one.

mod exact;
mod facts;
mod operation;
mod reader;
mod record;
mod recorded;

pub use facts::{Balance, DeadRow, Facts, FenceRow, LeaseSeen, Move, OutboxRow, SettledRow};
pub use operation::{ClientKind, Operation, OperationKind, Outcome, Terms};
pub use reader::{CLOCK_ERROR_MS_MAX, InvalidHistory, LINE_BYTES_MAX, Lines, Problem, Reader, read};
pub use record::{FaultTold, Header, Run, VERSION};
pub use recorded::Recorded;

#[cfg(test)]
mod tests;
