//! The preflight against the emulator, two PostgreSQL servers, and a small front before both.

mod checks;
mod containers;
mod front;
mod news;
mod parts;
mod stage;
