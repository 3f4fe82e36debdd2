//! What people who run a deployment decide: limits of its API, when they are told, and for how long
//! its records are kept.

use super::reader::{Reader, Section};

/// Limits of the API in each region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Requests per second over all clients, beyond which API Gateway answers 429. Before containers nobody is
    /// refused for what others ask: there people are told of more than this, counted over a minute.
    pub requests_per_second: u32,
    /// Requests that may come at once before that rate counts; of API Gateway only.
    pub burst: u32,
    /// Requests from one address in a minute, beyond which the firewall answers it with 429.
    pub requests_per_address: u32,
}

/// When people are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarms {
    /// Addresses that get every alarm and every announcement.
    pub email: Vec<String>,
    /// Seconds by which the standby's database may lag behind.
    pub replication_lag_s: u64,
    /// Seconds for which the oldest order may wait to be settled.
    pub queue_age_s: u64,
    /// Milliseconds within which 99 of 100 requests are answered.
    pub api_latency_ms: u64,
    /// Share of requests or invocations that may fail, in percent.
    pub error_percent: f64,
}

/// The buckets for configuration and for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Days for which the audit log is kept.
    pub audit_retention_days: u32,
    /// Whether nobody can delete from the audit log before that; such a bucket outlives its stack.
    pub audit_object_lock: bool,
}

pub(super) fn api<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Api {
    let section = reader.section(root, "api", &["requests_per_second", "burst", "requests_per_address"]);
    let account = "an account's requests per second in a region end at 10000 unless AWS raises them";
    Api {
        requests_per_second: reader.count(&section, "requests_per_second", 1..=10_000, account),
        burst: reader.count(&section, "burst", 1..=5_000, "an account's burst in a region ends at 5000"),
        requests_per_address: reader.count(
            &section,
            "requests_per_address",
            10..=2_000_000_000,
            "requests in a minute",
        ),
    }
}

pub(super) fn alarms<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Alarms {
    let fields = ["email", "replication_lag_s", "queue_age_s", "api_latency_ms", "error_percent"];
    let section = reader.section(root, "alarms", &fields);
    let addresses = "a list of addresses, such as [\"on-call@trading.example\"], or []";
    Alarms {
        email: reader.texts(&section, "email", addresses),
        replication_lag_s: reader.number(&section, "replication_lag_s", 1..=3600, "seconds, at most an hour"),
        queue_age_s: reader.number(&section, "queue_age_s", 1..=3600, "seconds, at most an hour"),
        api_latency_ms: reader.number(&section, "api_latency_ms", 1..=29_000, "API Gateway waits for 29 s"),
        error_percent: reader.percent(&section, "error_percent"),
    }
}

pub(super) fn storage<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Storage {
    let section = reader.section(root, "storage", &["audit_retention_days", "audit_object_lock"]);
    Storage {
        audit_retention_days: reader.count(
            &section,
            "audit_retention_days",
            1..=36_500,
            "days, at most a century",
        ),
        audit_object_lock: reader.flag(&section, "audit_object_lock"),
    }
}

/// Rules on addresses, and on what can be kept and removed at once.
pub(super) fn check(alarms: &Alarms, storage: &Storage, protect: bool, reader: &mut Reader<'_>) {
    for address in &alarms.email {
        let reason = format!("{:?} is no address", address.chars().take(80).collect::<String>());
        reader.refuse_if(!is_address(address), &["alarms.email"], reason, "write it as \"name@domain\"");
    }
    let reason = "`storage.audit_object_lock` is true and `protect` is false".to_owned();
    let hint = "what nobody may delete cannot be destroyable: set `protect = true` too";
    let fields = ["storage.audit_object_lock", "protect"];
    reader.refuse_if(storage.audit_object_lock && !protect, &fields, reason, hint);
}

fn is_address(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
    text.len() <= 254
        && text
            .split_once('@')
            .is_some_and(|(name, domain)| plain(name) && plain(domain) && domain.contains('.'))
}
