//! The schedule of the reconciler.

use cdk::Scope;
use cfn::scheduler;
use recovery::reconcile::EVERY_S;

use super::compute::failed_invocations;
use crate::packages::RECONCILER;
use crate::place::Place;
use crate::policy::{Statement, role};

/// Partition of the journal's table where the reconciler remembers how far it has come.
pub const JOURNAL_KEY: &str = "reconciler";

/// Every quarter of an hour, in both regions; one that could not be started waits where people find it.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>) {
    use scheduler::schedule::{DeadLetterConfig, FlexibleTimeWindow, RetryPolicy, Target};
    let (function, failed) = (place.function_arn(RECONCILER), place.queue_arn(&failed_invocations(place)));
    let role = role(
        scope,
        "Role",
        &place.names().function_role("reconcile-schedule", place.region),
        "scheduler.amazonaws.com",
        &[
            Statement::allow(&["lambda:InvokeFunction"], [function.clone()]),
            Statement::allow(&["sqs:SendMessage"], [failed.clone()]),
        ],
    );
    let target = Target::new(function, role.attribute("Arn"))
        .retry_policy(
            RetryPolicy::new().maximum_retry_attempts(3).maximum_event_age_in_seconds(EVERY_S as f64),
        )
        .dead_letter_config(DeadLetterConfig::new().arn(failed));
    let every = format!("rate({} minutes)", EVERY_S / 60);
    let schedule = scheduler::Schedule::new(FlexibleTimeWindow::new("OFF"), every, target);
    scope.add("Schedule", schedule.name(place.names().resource("schedule", "reconcile")));
}
