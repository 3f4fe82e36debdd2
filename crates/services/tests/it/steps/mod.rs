//! The workflow's steps against the emulator and PostgreSQL.

mod failback;
mod function;
mod input;
mod lease;
mod outside;
mod replay;
mod stage;
mod switch;
mod traffic;
mod validation;
