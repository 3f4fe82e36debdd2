//! The workflow's steps against the emulator and PostgreSQL.

mod audit;
mod containers;
mod failback;
mod function;
mod input;
mod lease;
mod outside;
mod replay;
pub mod stage;
mod switch;
pub mod traffic;
mod validation;
