//! Logs and business metrics, both as JSON lines on standard output, where Lambda collects them.
//!
//! Logs name orders by id only: no bodies, no session data, no tokens.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::settings::Lookup;

/// Variable that sets the level, such as `debug` or `services=debug,info`; default `info`.
pub const LEVEL: &str = "STANDFAST_LOG";
/// Namespace of every business metric.
pub const NAMESPACE: &str = "Standfast";

/// Set when a service started: whatever runs before, such as a test, counts for nobody.
static STARTED: AtomicBool = AtomicBool::new(false);

/// Where the Lambda runtime logs every error that a handler returns, at ERROR whatever it means.
pub const HANDLER_ERRORS: &str = "lambda_runtime::layers::panic";

/// Starts logging and counting. A second call changes nothing.
pub fn start(lookup: Lookup<'_>) {
    start_without(lookup, None);
}

/// The same for a service that logs by itself what comes from `silent`, such as [`HANDLER_ERRORS`].
/// A panic is still told on standard error.
pub fn start_without(lookup: Lookup<'_>, silent: Option<&str>) {
    let filter = filter(&lookup(LEVEL).unwrap_or_default(), silent);
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
    STARTED.store(true, Ordering::Relaxed);
}

fn filter(level: &str, silent: Option<&str>) -> EnvFilter {
    let filter = EnvFilter::try_new(if level.is_empty() { "info" } else { level })
        .unwrap_or_else(|_| EnvFilter::new("info"));
    match silent.and_then(|target| format!("{target}=off").parse().ok()) {
        Some(directive) => filter.add_directive(directive),
        None => filter,
    }
}

/// What is counted for the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Orders put into the journal.
    OrdersAccepted,
    /// Orders repeated by their client.
    OrdersRepeated,
    /// Orders refused as invalid or conflicting.
    OrdersRefused,
    /// Orders the journal could not take.
    OrdersUnavailable,
    /// Orders settled from the queue.
    OrdersSettled,
    /// Orders settled by a replay.
    OrdersReplayed,
    /// Settlements refused by the fence.
    SettlementsFenced,
    /// Acknowledged orders that the sweep found unsettled and queued again.
    OrdersQueuedAgain,
    /// Messages put aside as poison.
    MessagesPoisoned,
    /// Sessions answered as stale.
    SessionsStale,
    /// Session writes that lost against another write.
    SessionsConflicted,
}

impl Metric {
    /// The metric's name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrdersAccepted => "OrdersAccepted",
            Self::OrdersRepeated => "OrdersRepeated",
            Self::OrdersRefused => "OrdersRefused",
            Self::OrdersUnavailable => "OrdersUnavailable",
            Self::OrdersSettled => "OrdersSettled",
            Self::OrdersReplayed => "OrdersReplayed",
            Self::SettlementsFenced => "SettlementsFenced",
            Self::OrdersQueuedAgain => "OrdersQueuedAgain",
            Self::MessagesPoisoned => "MessagesPoisoned",
            Self::SessionsStale => "SessionsStale",
            Self::SessionsConflicted => "SessionsConflicted",
        }
    }
}

/// Counts `count` for `service`, as a line of the embedded metric format.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
pub fn count(service: &'static str, metric: Metric, count: u64) {
    if count > 0 {
        write(&line(service, metric, count, now_ms()));
    }
}

/// Writes a line that is complete.
pub(crate) fn write(line: &Value) {
    if STARTED.load(Ordering::Relaxed) {
        // Standard output gone means nobody is left to tell.
        let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    }
}

fn line(service: &str, metric: Metric, count: u64, now_ms: u64) -> Value {
    json!({
        "_aws": {
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Service"]],
                "Metrics": [{ "Name": metric.name(), "Unit": "Count" }],
            }],
        },
        "Service": service,
        metric.name(): count,
    })
}

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    //! Goal: CloudWatch can read the metric lines. Method: compare one with its specification's form.

    use super::*;

    #[test]
    fn a_metric_is_an_embedded_metric_line() {
        let line = line("orders-api", Metric::OrdersAccepted, 3, 1_700_000_000_000);
        assert_eq!(line["OrdersAccepted"], 3);
        assert_eq!(line["Service"], "orders-api");
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_000_u64);
        assert_eq!(directive["Metrics"][0]["Name"], "OrdersAccepted");
        assert_eq!(directive["Dimensions"][0][0], "Service");
    }
}
