//! The drill's parts on real processes.

mod emulator;
mod environment;
mod postgres;
