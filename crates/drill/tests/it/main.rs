//! The drill's parts on real processes.

mod assembly;
mod aurora;
mod authorisation;
mod dns;
mod emulator;
mod environment;
mod evidence;
mod fake;
mod fleet;
mod gateway;
mod lever;
mod load;
mod owned;
mod postgres;
