//! Log groups: what comes in, and what of it is kept.

use rust_decimal::Decimal;

use super::container;
use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, TENTHS_OF_DAYS, gigabytes, percent, seconds};
use crate::packages::{ORDER_PROCESSOR, ORDERS_API, ORDERS_SERVICE, ORDERS_WORKER};

/// Bytes of a line of a workflow's log.
const TRANSITION_BYTES: u64 = 1000;

/// A group, by what is written to it in a month and by how many days it is kept.
pub(super) fn group(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let Some((purpose, bytes)) = written(resource, context) else {
        return bill.leave_out(resource, "nobody states what is written to this log group");
    };
    let ingested = gigabytes(bytes);
    let (price, what) = ("logs-ingested", "logs taken in");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: ingested });
    let Some(days) = resource.number("RetentionInDays") else {
        return bill.leave_out(resource, "it keeps everything for ever");
    };
    let kept = ingested * Decimal::from(days) / Decimal::new(TENTHS_OF_DAYS, 1);
    let quantity = percent(kept, context.assumed.log_compressed_percent);
    let (price, what) = ("logs-kept", "logs kept");
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// Bytes in a month, and what for; none for a group that we do not know.
fn written(group: &Resource<'_>, context: &Context<'_>) -> Option<(Purpose, Decimal)> {
    let region = group.stack.region.as_str();
    let name = group.text("LogGroupName")?;
    let assumed = context.assumed;
    let requests = context.client_requests(region) + context.health_requests(region);
    let a_second = |bytes: u64| seconds() * Decimal::from(bytes);
    let serving = context.purpose(region);
    if let Some(function) = name.strip_prefix("/aws/lambda/") {
        let names = context.deployment.names();
        return Some(if function == names.function(ORDERS_API) {
            (serving, requests * Decimal::from(assumed.request_log_bytes))
        } else if function == names.function(ORDER_PROCESSOR) {
            (serving, context.batches(region) * Decimal::from(assumed.batch_log_bytes))
        } else {
            let invocations = context.invocations(region, function);
            (Purpose::Recovery, invocations * Decimal::from(assumed.scheduled_log_bytes))
        });
    }
    let service = name.strip_prefix("/aws/ecs/").unwrap_or_default();
    let names = context.deployment.names();
    if service == names.service(ORDERS_SERVICE) {
        return Some((serving, requests * Decimal::from(assumed.request_log_bytes)));
    }
    if service == names.service(ORDERS_WORKER) {
        return Some((serving, context.batches(region) * Decimal::from(assumed.batch_log_bytes)));
    }
    let task_minutes = container::all_task_hours(region, context) * Decimal::from(60);
    let known = [
        ("/aws/ecs/containerinsights/", serving, task_minutes * Decimal::from(assumed.insights_task_bytes)),
        ("/aws/apigateway/", serving, requests * Decimal::from(assumed.access_log_bytes)),
        ("/aws/cloudtrail/", serving, a_second(assumed.trail_log_bytes_per_s)),
        ("/aws/rds/", serving, a_second(assumed.database_log_bytes_per_s)),
        ("/aws/vpc/", serving, a_second(assumed.flow_log_bytes_per_s)),
        ("/aws/vendedlogs/states/", Purpose::Recovery, (assumed.transitions * TRANSITION_BYTES).into()),
        // Only what the firewall refuses is kept.
        ("aws-waf-logs-", serving, Decimal::ZERO),
    ];
    known
        .into_iter()
        .find(|(prefix, ..)| name.starts_with(prefix))
        .map(|(_, purpose, bytes)| (purpose, bytes))
}
