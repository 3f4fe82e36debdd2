//! What Route 53 is told to do: records and health checks, read from synthesised templates.
//!
//! Whatever of it is not understood is an error, and every error is listed:
//! a stand-in that ignores half of its orders proves nothing.

mod read;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

pub use read::{Problem, Problems, read};

/// One hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name, lower-case and without the final dot.
    pub name: String,
    /// Its records; a failover pair is two of them.
    pub records: Vec<Record>,
    /// Its health checks by logical id.
    pub checks: BTreeMap<String, HealthCheck>,
}

/// One record set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name, lower-case and without the final dot.
    pub name: String,
    /// How long an answer may be kept, in seconds.
    pub ttl_s: u32,
    /// What it says.
    pub value: Value,
    /// Present on the two halves of a failover pair.
    pub failover: Option<Failover>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Another name, lower-case and without the final dot.
    Cname(String),
    /// Addresses.
    A(Vec<Ipv4Addr>),
}

/// A record's half in a failover pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// Tells the two halves apart.
    pub set_identifier: String,
    /// Which half.
    pub role: FailoverRole,
    /// Logical id of its health check; none: always healthy.
    pub health_check: Option<String>,
}

/// `PRIMARY` or `SECONDARY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailoverRole {
    /// Answered while it is healthy, and when neither is.
    Primary,
    /// Answered while only it is healthy.
    Secondary,
}

/// One health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Name that is checked, also the Host header.
    pub host: String,
    /// Port in the template. The drill checks its own edge port instead.
    pub port: u16,
    /// Whether it is https. The drill checks plain http.
    pub tls: bool,
    /// Path with its leading slash.
    pub path: String,
    /// Seconds between two requests of one checker.
    pub interval_s: u64,
    /// Answers in a row that change a checker's mind.
    pub failure_threshold: u32,
    /// Must appear in the first 5,120 bytes of the body.
    pub search: Option<String>,
}

/// A zone's addresses that the drill decides: name → address with TTL, in
/// place of what the regions' own stacks say about these names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandIns {
    /// Region host → loopback address.
    pub addresses: BTreeMap<String, Ipv4Addr>,
    /// TTL of these answers in seconds.
    pub ttl_s: u32,
}
