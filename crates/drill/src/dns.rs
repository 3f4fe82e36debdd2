//! A real DNS server that answers as Route 53 would: from the synthesised
//! records and the published health, and from nothing else.
//!
//! It serves one zone over UDP and TCP, refuses every other name, and cannot be
//! told an answer. Start reading at [`answer::answer`], which decides.

pub mod answer;
mod server;

pub use server::{DnsError, DnsServer, QueryCounts};
