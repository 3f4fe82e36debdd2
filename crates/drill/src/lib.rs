//! Two regions on one machine: the parts that a drill stands on.
//!
//! [`environment`] makes the private Python environment, [`owned`] ties every
//! process and file to a run, [`postgres`] runs real servers, [`emulator`] the AWS
//! emulator, and [`assembly`] deploys a synthesised assembly into it.
//!
//! It refuses to measure from log lines, to leave a process behind, and to drop
//! silently what the emulator cannot create. Start reading at [`assembly`].

pub mod emulator;
pub mod environment;
pub mod owned;
pub mod postgres;
pub mod dns;
pub mod gateway;
pub mod health_check;
pub mod load;
pub mod route53;
pub mod seeded;
