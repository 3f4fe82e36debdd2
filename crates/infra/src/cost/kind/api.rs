//! API Gateway's stage and the firewall.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, gigabytes, millions};

/// A REST API's stage: its requests, their answers, and a metric of each method.
pub(super) fn stage(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    requests(resource, context, "api-gateway-rest", "of the API", bill);
    let measured = resource.list("MethodSettings").iter().any(|one| one["MetricsEnabled"] == true);
    if measured {
        let methods = resource.stack.resources().filter(|other| other.kind() == "AWS::ApiGateway::Method");
        let metrics = methods.count() as u64 * context.assumed.detailed_metrics;
        let (price, what) = ("cloudwatch-metric", "metrics of the API's methods");
        let purpose = context.purpose(region);
        bill.charge(resource, Charge { region, price, what, purpose, quantity: metrics.into() });
    }
    answers(resource, context, bill);
}

/// Requests by whom they come from, at a price for a million of them.
fn requests(resource: &Resource<'_>, context: &Context<'_>, price: &str, of: &str, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let clients = (context.purpose(region), "clients' requests", context.client_requests(region));
    let checks = (Purpose::Recovery, "health checks", context.health_requests(region));
    for (purpose, whose, count) in [clients, checks] {
        let what = format!("{whose} {of}");
        bill.charge(resource, Charge { region, price, what: &what, purpose, quantity: millions(count) });
    }
}

/// Answers that leave for the internet.
pub(super) fn answers(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let count = context.client_requests(region) + context.health_requests(region);
    let quantity = gigabytes(count * Decimal::from(context.assumed.response_bytes));
    let (price, what, purpose) = ("transfer-out", "answers", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A web ACL, its rules, and the requests that it looks at.
pub(super) fn firewall(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let rules = resource.list("Rules").len() as u64;
    let purpose = context.purpose(region);
    for (price, what, count) in [("waf-acl", "firewall", 1), ("waf-rule", "rules of the firewall", rules)] {
        bill.charge(resource, Charge { region, price, what, purpose, quantity: count.into() });
    }
    requests(resource, context, "waf-requests", "through the firewall", bill);
}
