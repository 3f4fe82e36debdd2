//! Two regions on one machine: the parts that a drill stands on.
//!
//! [`environment`] makes the private Python environment, [`owned`] ties every
//! process and file to a run, [`postgres`] runs real servers, [`emulator`] the AWS
//! emulator, [`assembly`] deploys a synthesised assembly into it, and [`fleet`] runs its containers.
//!
//! It refuses to measure from log lines, to leave a process behind, and to drop
//! silently what the emulator cannot create. Start reading at [`run`], which
//! puts the parts on a stage and rehearses a scenario on it.

pub mod assembly;
pub mod aurora;
pub mod dns;
pub mod emulator;
pub mod environment;
pub mod fleet;
pub mod gateway;
pub mod health_check;
pub mod lever;
mod literal;
pub mod load;
pub mod owned;
pub mod packages;
pub mod postgres;
pub mod progress;
pub mod report;
pub mod route53;
pub mod run;
pub mod seeded;

/// Account that the emulator deploys into.
pub const ACCOUNT: &str = "000000000000";
