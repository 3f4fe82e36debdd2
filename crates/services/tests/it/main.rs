//! The services against real parts: PostgreSQL, and the AWS emulator.

mod api;
mod database;
mod lambda;
mod lease;
mod preflight;
mod processor;
mod sentinel;
mod steps;
mod support;
