//! The `standfast` command as its users meet it: what it prints, what it refuses, what it leaves behind.

mod bad_input;
mod check;
mod compliance;
mod context;
mod cost;
mod drill;
mod emulate;
mod scaling;
mod screens;
mod shipped;
mod standfast;
mod traces;
