//! Standfast in virtual time: the same lease, workflows, fence and rules as deployed, run through thousands of
//! failures that nobody could rehearse.
//!
//! A trial is one world (`world`), what is done to it (`fault`) and a seed; the same three give the same trial on
//! any machine. Nothing here does I/O or reads a clock, the environment or a random source, and nothing is
//! measured: every figure that comes out is an estimate, made of the distributions in [`latency`].
//! `docs/simulation.md` says what is modelled and what is not.

mod agenda;
mod chance;
mod evidence;
mod fault;
mod histogram;
mod judge;
pub mod latency;
mod model;
mod mutation;
mod report;
mod scripts;
mod simulation;
mod summary;
mod trial;
mod workflow;
mod world;

pub use fault::{Begin, End, Fault, Kind, Mishaps};
pub use histogram::Histogram;
pub use judge::Violation;
pub use model::{Model, ModelError};
pub use report::{Availability, LABEL, Report, Timed, Totals};
pub use simulation::{Replay, Shrunk, Simulation, Unsimulated};
pub use summary::{Example, Summary};
pub use workflow::Unprepared;

#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod tests;
