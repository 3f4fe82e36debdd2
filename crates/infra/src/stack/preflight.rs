//! What belongs to the preflight beside its function: the schedule, the role through which the peer's
//! preflight looks at this region, and the digest that tells whether the workflow is as deployed.
//!
//! Recovery assumes no role of the other region. All it needs from there lies in the strongly
//! consistent table, and IAM's and the other region's answers must not be able to hold it up.

use cdk::Scope;
use cfn::scheduler;
use recovery::setting;

use super::compute::failed_invocations;
use super::storage::BUCKETS;
use super::{parameter, permissions};
use crate::packages::{self, PREFLIGHT, RECOVERY_STEP};
use crate::place::Place;
use crate::policy::{Statement, role, role_for};

/// Partition of the journal's table where the preflight remembers what it told.
pub const JOURNAL_KEY: &str = "preflight";
/// Key of the parameter with the workflow's digest.
const DIGEST: &str = "workflow/failover-digest";

/// Name of the parameter with the digest of the workflow as deployed.
pub(super) fn digest_parameter(place: &Place<'_>) -> String {
    place.names().parameter(DIGEST)
}

/// Name of the schedule that starts the sentinel.
pub(super) fn watch_schedule(place: &Place<'_>) -> String {
    place.names().resource("schedule", "watch")
}

/// Its ARN; it is in no group of its own.
pub(super) fn watch_schedule_arn(place: &Place<'_>) -> String {
    place.arn("scheduler", &format!("schedule/default/{}", watch_schedule(place)))
}

/// ARN of the role of the recovery steps in this region.
pub(super) fn recovery_role_arn(place: &Place<'_>) -> String {
    place.role_arn(RECOVERY_STEP)
}

/// Purpose of the role through which a region may be looked at.
const OBSERVER: &str = "observer";

/// ARN of the role through which this region may be looked at.
pub(super) fn observer_role_arn(place: &Place<'_>) -> String {
    place.role_arn(OBSERVER)
}

/// What the observer role asks of whoever assumes it; no secret, but nobody says it by mistake.
fn external_id(place: &Place<'_>) -> String {
    place.names().resource("observer", "preflight")
}

/// Settings of the preflight beside those that every function has.
pub(super) fn settings(place: &Place<'_>) -> Vec<(&'static str, String)> {
    let (names, peer) = (place.names(), place.peer());
    let functions = packages::functions(place.deployment).into_iter().map(|name| names.function(name));
    vec![
        (setting::REPLICATION_LAG_S, place.deployment.alarms.replication_lag_s.to_string()),
        (setting::OBSERVER_ROLE_ARN, observer_role_arn(&peer)),
        (setting::OBSERVER_EXTERNAL_ID, external_id(place)),
        (setting::FUNCTIONS, functions.collect::<Vec<_>>().join(",")),
        (setting::WATCH_SCHEDULE, watch_schedule(place)),
        (setting::PEER_DATABASE_CLUSTER, names.database_cluster(peer.region)),
        (setting::RECOVERY_ROLE_ARN, recovery_role_arn(place)),
        (setting::WORKFLOW_DIGEST_PARAMETER, digest_parameter(place)),
        (setting::BUCKETS, BUCKETS.map(|(_, purpose)| place.bucket(purpose)).join(",")),
    ]
}

/// Adds all of it; `definition` is the failover workflow as it is deployed.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, definition: &str) {
    parameter(scope, place, "WorkflowDigest", DIGEST, cdk::content_hash(definition.as_bytes()));
    let looks = place.peer().role_arn(PREFLIGHT);
    let observer = place.names().function_role(OBSERVER, place.region);
    let asked = (looks.as_str(), &*external_id(place));
    role_for(scope, "Observer", &observer, asked, &permissions::observer(place));
    schedule(scope, place);
}

/// Every hour; one that could not be started waits where people find it.
fn schedule(scope: &mut Scope<'_>, place: &Place<'_>) {
    use scheduler::schedule::{DeadLetterConfig, FlexibleTimeWindow, RetryPolicy, Target};
    let (function, failed) = (place.function_arn(PREFLIGHT), place.queue_arn(&failed_invocations(place)));
    let role = role(
        scope,
        "Role",
        &place.names().function_role("preflight-schedule", place.region),
        "scheduler.amazonaws.com",
        &[
            Statement::allow(&["lambda:InvokeFunction"], [function.clone()]),
            Statement::allow(&["sqs:SendMessage"], [failed.clone()]),
        ],
    );
    let target = Target::new(function, role.attribute("Arn"))
        .retry_policy(RetryPolicy::new().maximum_retry_attempts(3).maximum_event_age_in_seconds(1800))
        .dead_letter_config(DeadLetterConfig::new().arn(failed));
    let schedule = scheduler::Schedule::new(FlexibleTimeWindow::new("OFF"), "rate(1 hour)", target);
    scope.add("Schedule", schedule.name(place.names().resource("schedule", "preflight")));
}
