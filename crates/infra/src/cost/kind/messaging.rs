//! Queues, events, messages, schedules and workflows.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, millions, seconds, times};

/// Requests of a region to its order queue: sent one by one, received and deleted in batches, and the waiting
/// for more. The other queues hold what fails, which is next to nothing.
pub(super) fn queue(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    if resource.text("QueueName") != Some(context.deployment.names().order_queue().as_str()) {
        return;
    }
    let region = resource.stack.region.as_str();
    let sent = if context.serves(region) { context.all_orders() } else { Decimal::ZERO };
    let waiting = seconds() * Decimal::from(context.assumed.queue_empty_receives_per_s);
    let quantity = millions(sent + context.batches(region) * Decimal::TWO + waiting);
    let (price, what, purpose) = ("sqs-standard", "requests to the order queue", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A bus, by the events of ours that are put on it.
pub(super) fn event_bus(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let quantity = millions(context.assumed.events.into());
    let (price, what, purpose) = ("eventbridge", "events of ours", Purpose::Recovery);
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A topic, by the messages that people get.
pub(super) fn topic(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let quantity = millions(context.assumed.notifications.into());
    let (price, what, purpose) = ("sns-publish", "notifications", Purpose::Recovery);
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A schedule, by how often it fires.
pub(super) fn schedule(resource: &Resource<'_>, _: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let quantity = millions(times(resource));
    if quantity.is_zero() {
        return bill.leave_out(resource, "its schedule is no rate");
    }
    let (price, what, purpose) = ("scheduler", "scheduled starts", Purpose::Recovery);
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A workflow, by its transitions.
pub(super) fn state_machine(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    if resource.text("StateMachineType") == Some("EXPRESS") {
        return bill.leave_out(resource, "the table has standard workflows only");
    }
    let region = resource.stack.region.as_str();
    let quantity = Decimal::from(context.assumed.transitions) * Decimal::new(1, 3);
    let (price, what, purpose) = ("step-functions", "transitions of workflows", Purpose::Recovery);
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}
