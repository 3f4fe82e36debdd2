//! Route 53.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, millions, seconds};

/// Seconds of the interval at the ordinary price. Source: Route 53 pricing page.
const ORDINARY_INTERVAL_S: u64 = 30;

/// A zone, and the queries for the public name.
pub(super) fn hosted_zone(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let purpose = Purpose::Serving;
    let (price, what) = ("route53-zone", "hosted zone");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: 1.into() });
    let each = seconds() / Decimal::from(context.deployment.domain.record_ttl_s.max(1));
    let quantity = millions(each * Decimal::from(context.assumed.resolvers));
    let (price, what) = ("route53-queries", "queries for the public name");
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A health check and its options: HTTPS, a fast interval, a text to look for, latency.
pub(super) fn health_check(resource: &Resource<'_>, _: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let purpose = Purpose::Recovery;
    let (price, what) = ("route53-check", "health checks");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: 1.into() });
    let kind = resource.text("HealthCheckConfig/Type").unwrap_or_default();
    let interval_s = resource.number("HealthCheckConfig/RequestInterval").unwrap_or(ORDINARY_INTERVAL_S);
    let options = [
        kind.starts_with("HTTPS"),
        kind.ends_with("_STR_MATCH"),
        interval_s < ORDINARY_INTERVAL_S,
        resource.is("HealthCheckConfig/MeasureLatency"),
    ];
    let options = options.iter().filter(|on| **on).count() as u64;
    let (price, what) = ("route53-check-option", "options of health checks");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: options.into() });
}
