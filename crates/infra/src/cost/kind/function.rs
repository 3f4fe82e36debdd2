//! Lambda functions and their traces.

use rust_decimal::Decimal;

use super::watching;
use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, millions, percent, seconds};
use crate::packages::{FUNCTIONS, ORDER_PROCESSOR, ORDERS_API, PREFLIGHT, SENTINEL};

/// Invocations for one purpose, and how long they are billed for.
#[derive(Clone, Copy, Debug)]
struct Run {
    purpose: Purpose,
    invocations: Decimal,
    /// Milliseconds, of all of them.
    billed_ms: Decimal,
}

impl Run {
    fn new(purpose: Purpose, invocations: Decimal, each_ms: u64) -> Self {
        Self { purpose, invocations, billed_ms: invocations * Decimal::from(each_ms) }
    }
}

/// A function, by its invocations and by how long each takes in how much memory.
pub(super) fn function(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let name = resource.text("FunctionName").unwrap_or_default();
    let Some(memory_mib) = resource.number("MemorySize") else {
        return bill.leave_out(resource, "the template does not say how much memory it has");
    };
    let architecture = resource.text("Architectures/0").unwrap_or("x86_64");
    for run in runs(resource, context) {
        let mut charge = |price: &str, what: &str, quantity: Decimal| {
            bill.charge(resource, Charge { region, price, what, purpose: run.purpose, quantity });
        };
        charge("lambda-requests", &format!("invocations of {name}"), millions(run.invocations));
        let size = Decimal::from(memory_mib) / Decimal::from(1024);
        let quantity = run.billed_ms * Decimal::new(1, 3) * size;
        charge(&format!("lambda-{architecture}"), &format!("time of {name}"), quantity);
    }
    let names = context.deployment.names();
    if let Some(binary) = FUNCTIONS.iter().find(|binary| name == names.function(binary)) {
        watching::reported(resource, context, binary, bill);
    }
    if resource.text("TracingConfig/Mode") == Some("Active") && first_traced(resource, context) {
        traces(resource, context, bill);
    }
}

fn runs(function: &Resource<'_>, context: &Context<'_>) -> Vec<Run> {
    let names = context.deployment.names();
    let region = function.stack.region.as_str();
    let name = function.text("FunctionName").unwrap_or_default();
    let assumed = context.assumed;
    let is = |binary: &str| name == names.function(binary);
    if is(ORDERS_API) {
        return vec![
            Run::new(context.purpose(region), context.client_requests(region), assumed.api_ms),
            Run::new(Purpose::Recovery, context.health_requests(region), assumed.health_ms),
        ];
    }
    if is(ORDER_PROCESSOR) {
        return vec![Run::new(context.purpose(region), context.batches(region), assumed.settle_ms)];
    }
    let invocations = context.invocations(region, name);
    if is(SENTINEL) {
        let billed_ms = context.watched_s(region) * Decimal::from(1000);
        return vec![Run { purpose: Purpose::Recovery, invocations, billed_ms }];
    }
    let seconds = if is(PREFLIGHT) { assumed.preflight_s } else { assumed.scheduled_s };
    vec![Run::new(Purpose::Recovery, invocations, seconds * 1000)]
}

fn first_traced(resource: &Resource<'_>, context: &Context<'_>) -> bool {
    let mut functions = context.in_region(&resource.stack.region, resource.kind());
    let first = functions.find(|other| other.text("TracingConfig/Mode") == Some("Active"));
    first.is_some_and(|first| first.id == resource.id)
}

/// What X-Ray's default rule records of everything that begins in a region: at the API, where it traces, at the
/// processor, and at the schedules. Containers send no traces.
fn traces(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let scheduled = context.in_region(region, "AWS::Scheduler::Schedule");
    let scheduled: Decimal = scheduled.map(|one| crate::cost::month::times(&one)).sum();
    let mut begun = scheduled;
    if context.in_region(region, "AWS::ApiGateway::Stage").any(|stage| stage.is("TracingEnabled")) {
        begun += context.client_requests(region) + context.health_requests(region);
    }
    let processor = context.deployment.names().function(ORDER_PROCESSOR);
    let mut functions = context.in_region(region, resource.kind());
    if functions.any(|one| one.text("FunctionName") == Some(processor.as_str())) {
        begun += context.batches(region);
    }
    let always = (seconds() * Decimal::from(context.assumed.traces_per_s)).min(begun);
    let recorded = always + percent(begun - always, context.assumed.traces_percent);
    let purpose = context.purpose(region);
    let (price, what) = ("xray-recorded", "traces");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: millions(recorded) });
}
