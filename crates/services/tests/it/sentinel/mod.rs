//! The sentinel against the emulator and PostgreSQL.

pub mod stage;

mod recovery_start;
mod take_over;
