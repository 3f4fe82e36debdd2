//! Logs and business metrics, both as JSON lines on standard output, where Lambda collects them.
//!
//! Logs name orders by id only: no bodies, no session data, no tokens.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

pub use recovery::metric::Metric;
use recovery::metric::{DIMENSION, NAMESPACE};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::settings::Lookup;

/// Variable that sets the level, such as `debug` or `services=debug,info`; default `info`.
pub const LEVEL: &str = "STANDFAST_LOG";

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

/// Counts `count`; nothing when it is 0.
pub fn count(service: &'static str, metric: Metric, count: u64) {
    if count > 0 {
        report(service, &[(metric, vec![count as f64])]);
    }
}

/// Values of one metric that one line may hold.
const VALUES_MAX: usize = 100;

/// Reports what was measured several times, such as the lag of each order of a batch.
pub fn measured(service: &'static str, metric: Metric, values: &[u64]) {
    for values in values.chunks(VALUES_MAX) {
        report(service, &[(metric, values.iter().map(|value| *value as f64).collect())]);
    }
}

/// Reports how things stand; a metric may be left out while its value is unknown.
pub fn gauges(service: &'static str, values: &[(Metric, f64)]) {
    let values: Vec<_> = values.iter().map(|(metric, value)| (*metric, vec![*value])).collect();
    report(service, &values);
}

/// Writes a line of the embedded metric format.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn report(service: &'static str, values: &[(Metric, Vec<f64>)]) {
    debug_assert!(values.iter().all(|(metric, _)| metric.service() == service), "{service}: {values:?}");
    if !values.is_empty() {
        write(&line(service, values, now_ms()));
    }
}

/// A line about one value of a further dimension, whose values are a fixed list.
pub(crate) fn line_of(metric: Metric, dimension: &str, value: &str, number: u64, now_ms: u64) -> Value {
    json!({
        "_aws": {
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION, dimension]],
                "Metrics": [{ "Name": metric.name(), "Unit": metric.unit().as_str() }],
            }],
        },
        DIMENSION: metric.service(),
        dimension: value,
        metric.name(): number,
    })
}

/// Writes a line that is complete.
pub(crate) fn write(line: &Value) {
    if STARTED.load(Ordering::Relaxed) {
        // Standard output gone means nobody is left to tell.
        let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    }
}

fn line(service: &str, values: &[(Metric, Vec<f64>)], now_ms: u64) -> Value {
    let listed = |(metric, _): &(Metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit().as_str() });
    let mut line = json!({
        "_aws": {
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION]],
                "Metrics": values.iter().map(listed).collect::<Vec<_>>(),
            }],
        },
        DIMENSION: service,
    });
    for (metric, values) in values {
        line[metric.name()] = match values.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
    }
    line
}

pub use crate::clock::now_ms;

#[cfg(test)]
mod tests {
    //! Goal: CloudWatch can read the metric lines. Method: compare one with its specification's form.

    use super::*;

    #[test]
    fn a_metric_is_an_embedded_metric_line() {
        let line = line("orders-api", &[(Metric::OrdersAccepted, vec![3.0])], 1_700_000_000_000);
        assert_eq!(line["OrdersAccepted"], 3.0);
        assert_eq!(line["Service"], "orders-api");
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_000_u64);
        assert_eq!(directive["Metrics"][0], json!({ "Name": "OrdersAccepted", "Unit": "Count" }));
        assert_eq!(directive["Dimensions"][0][0], "Service");
    }

    #[test]
    fn a_line_holds_several_metrics_and_several_values_of_one() {
        let values = [(Metric::SettlementLag, vec![5.0, 7.5]), (Metric::OrdersSettled, vec![2.0])];
        let line = line("order-processor", &values, 0);
        assert_eq!(line["SettlementLag"], json!([5.0, 7.5]));
        assert_eq!(line["OrdersSettled"], 2.0);
        let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("a list");
        assert_eq!(metrics.len(), 2);
        assert_eq!(metrics[0]["Unit"], "Milliseconds");
    }
}
