//! The workflow's steps against the emulator and PostgreSQL.

mod input;
mod lease;
mod outside;
mod replay;
mod stage;
mod traffic;
mod validation;
