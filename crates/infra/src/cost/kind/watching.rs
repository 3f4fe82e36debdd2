//! CloudWatch: alarms, dashboards, and the metrics that our services report.

use recovery::metric::Metric;
use serde_json::Value;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge};
use crate::cost::month::Context;

/// Seconds of the shortest period at the ordinary price. Source: CloudWatch pricing page.
const ORDINARY_PERIOD_S: u64 = 60;

/// An alarm, by the metrics that it looks at.
pub(super) fn alarm(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let looked_at = resource.list("Metrics").iter().filter(|metric| is_metric(metric)).count() as u64;
    let fast = resource.number("Period").is_some_and(|period| period < ORDINARY_PERIOD_S);
    let price = if fast { "cloudwatch-alarm-fast" } else { "cloudwatch-alarm" };
    let (what, purpose) = ("metrics that alarms look at", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity: looked_at.max(1).into() });
}

/// A metric, or a query over metrics, of which each that it finds counts; ours find one.
fn is_metric(metric: &Value) -> bool {
    let query = metric["Expression"].as_str().is_some_and(|text| text.starts_with("SELECT"));
    metric["MetricStat"].is_object() || query
}

/// An alarm made of others.
pub(super) fn composite(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let (price, what) = ("cloudwatch-composite", "composite alarms");
    let purpose = context.purpose(region);
    bill.charge(resource, Charge { region, price, what, purpose, quantity: 1.into() });
}

/// A dashboard.
pub(super) fn dashboard(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let purpose = context.purpose(region);
    let (price, what) = ("cloudwatch-dashboard", "dashboards");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: 1.into() });
}

/// A metric for each of a filter's figures.
pub(super) fn filter(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let metrics = resource.list("MetricTransformations").len() as u64;
    let (price, what, purpose) = ("cloudwatch-metric", "metrics of log filters", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity: metrics.into() });
}

/// The metrics that one of our services reports, by its name in `recovery::metric`.
pub(super) fn reported(resource: &Resource<'_>, context: &Context<'_>, service: &str, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let metrics = Metric::ALL.iter().filter(|metric| metric.service() == service).count() as u64;
    let (price, what) = ("cloudwatch-metric", "metrics of our services");
    let purpose = context.purpose(region);
    bill.charge(resource, Charge { region, price, what, purpose, quantity: metrics.into() });
}
