//! The sentinel against the emulator and PostgreSQL.

pub mod stage;

mod failback_start;
mod recovery_start;
mod sweep;
mod take_over;
