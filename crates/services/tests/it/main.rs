//! The services against real parts: PostgreSQL, and the AWS emulator.

mod api;
mod cloudformation;
mod container;
mod database;
mod database_keeper;
mod lambda;
mod lease;
mod nudge;
mod preflight;
mod processor;
mod proxy;
mod reconciler;
mod sentinel;
mod signing;
mod stack_hook;
mod steps;
mod support;
