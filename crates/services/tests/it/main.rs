//! The services against real parts: PostgreSQL, and the AWS emulator.

mod api;
mod database;
mod database_keeper;
mod lambda;
mod lease;
mod processor;
mod sentinel;
mod steps;
mod support;
