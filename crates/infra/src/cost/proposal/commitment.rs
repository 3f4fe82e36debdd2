//! The same, bought for a year.

use rust_decimal::Decimal;

use super::{Draft, Subject, Turn};
use crate::cost::bill::Item;
use crate::cost::month::percent;

/// What a year's reservation without payment in advance takes off an Aurora instance, in percent. Assumed: AWS
/// publishes it by class; about a third for those of this size.
const RESERVED_PERCENT: u64 = 30;
/// What a Compute Savings Plan of a year without payment in advance takes off Fargate, in percent.
/// Source: AWS Savings Plans pricing, Compute Savings Plans for Fargate.
const FARGATE_PERCENT: u64 = 20;
/// The same of Lambda's duration. Source: AWS Savings Plans pricing, Compute Savings Plans for Lambda.
const LAMBDA_PERCENT: u64 = 12;

fn sum(subject: &Subject<'_>, of: impl Fn(&Item) -> bool) -> Decimal {
    subject.estimate.items.iter().filter(|item| of(item)).map(|item| item.monthly_usd).sum()
}

/// Database instances run all the time, so they can be reserved.
pub(super) fn reserved_database(subject: &Subject<'_>) -> Option<Draft> {
    let instances = sum(subject, |item| item.price.starts_with("aurora-instance-"));
    Some(Draft {
        id: "reserved-database",
        title: "reserve the database instances of both regions for a year",
        how: format!(
            "reserved instances of {} in each region, one year, nothing in advance; {RESERVED_PERCENT} % less is assumed, \
             AWS names it for each class",
            subject.deployment.database.instance_class
        ),
        turn: Turn::Purchase(percent(instances, RESERVED_PERCENT)),
        unchanged: "the same instances run",
        risk: "the class and the region are paid for a year, whatever becomes of the load; capacity is not reserved",
        needs: None,
    })
}

/// Functions and tasks that always run are a floor that can be committed to.
pub(super) fn savings_plan(subject: &Subject<'_>) -> Option<Draft> {
    let fargate = sum(subject, |item| item.price.starts_with("fargate-") && !item.price.contains("spot"));
    let watching = sum(subject, |item| {
        item.price.starts_with("lambda-") && item.price != "lambda-requests" && item.what.contains("sentinel")
    });
    Some(Draft {
        id: "savings-plan",
        title: "commit to the compute that always runs for a year",
        how: format!(
            "a Compute Savings Plan, one year, nothing in advance, as large as the sentinels and the floor of tasks: \
             {LAMBDA_PERCENT} % off Lambda, {FARGATE_PERCENT} % off Fargate"
        ),
        turn: Turn::Purchase(percent(fargate, FARGATE_PERCENT) + percent(watching, LAMBDA_PERCENT)),
        unchanged: "the same functions and tasks run",
        risk: "the amount is paid for a year, whatever runs",
        needs: None,
    })
}
