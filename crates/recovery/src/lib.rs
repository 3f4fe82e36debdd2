//! The vocabulary of Standfast and every decision it takes: regions, epochs,
//! the lease, orders, the recovery workflow and the checker that judges a run.
//!
//! Nothing here does I/O or reads a clock, the environment or a random source:
//! now, configuration and identifiers come in as arguments. Start reading at
//! [`lease`], then [`mod@workflow`], then [`checker`] and [`verdict`].

pub mod budget;
pub mod calendar;
pub mod checker;
pub mod deployment;
pub mod epoch;
pub mod history;
pub mod lease;
pub mod metric;
pub mod names;
pub mod order;
pub mod preflight;
pub mod reconcile;
pub mod region;
pub mod replication;
pub mod request;
pub mod scenario;
pub mod session;
pub mod setting;
pub mod step;
pub mod verdict;
pub mod window;
pub mod workflow;

pub use deployment::Deployment;
pub use epoch::Epoch;
pub use lease::Lease;
pub use order::{Order, OrderId};
pub use region::{Region, Role};
