//! The services against real parts: PostgreSQL, and the AWS emulator.

mod api;
mod database;
mod lambda;
mod lease;
mod processor;
mod sentinel;
mod signing;
mod steps;
mod support;
