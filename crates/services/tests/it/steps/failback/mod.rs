//! The way home, against the emulator and PostgreSQL.

mod away;
mod gates;
mod move_home;
mod on_demand;
mod undo;
