//! What belongs to the preflight beside its function: the schedule, the role through which the peer's
//! preflight looks at this region, and the digests that tell whether the workflows are as deployed.
//!
//! Recovery assumes no role of the other region. All it needs from there lies in the strongly
//! consistent table, and IAM's and the other region's answers must not be able to hold it up.

use cdk::Scope;
use recovery::setting;

use super::disaster_recovery::{Definitions, FAILBACK, FAILOVER};
use super::schedule::Schedule;
use super::storage::BUCKETS;
use super::{parameter, permissions};
use crate::packages::{self, PREFLIGHT, RECOVERY_STEP, SENTINEL};
use crate::place::Place;
use crate::policy::role_for;

/// Partition of the journal's table where the preflight remembers what it told.
pub const JOURNAL_KEY: &str = "preflight";
/// Key of the parameter with the digests of the workflows.
const DIGESTS: &str = "workflow/digests";

/// Name of the parameter with the digests of the workflows as deployed.
pub(super) fn digests_parameter(place: &Place<'_>) -> String {
    place.names().parameter(DIGESTS)
}

/// Name of the schedule that starts the sentinel.
pub(super) fn watch_schedule(place: &Place<'_>) -> String {
    place.names().resource("schedule", "watch")
}

/// Its ARN; it is in no group of its own.
pub(super) fn watch_schedule_arn(place: &Place<'_>) -> String {
    place.arn("scheduler", &format!("schedule/default/{}", watch_schedule(place)))
}

/// ARNs of the roles under which this region recovers: the sentinel's, those of both workflows, and the
/// steps'.
pub(super) fn recovery_role_arns(place: &Place<'_>) -> [String; 4] {
    [SENTINEL, FAILOVER, FAILBACK, RECOVERY_STEP].map(|purpose| place.role_arn(purpose))
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
    let idle = packages::idle(place.deployment).into_iter().map(|function| names.function(function));
    let [sentinel, failover, failback, steps] = recovery_role_arns(place);
    vec![
        (setting::REPLICATION_LAG_S, place.deployment.alarms.replication_lag_s.to_string()),
        (setting::OBSERVER_ROLE_ARN, observer_role_arn(&peer)),
        (setting::OBSERVER_EXTERNAL_ID, external_id(place)),
        (setting::FUNCTIONS, functions.collect::<Vec<_>>().join(",")),
        (setting::IDLE_FUNCTIONS, idle.collect::<Vec<_>>().join(",")),
        (setting::WATCH_SCHEDULE, watch_schedule(place)),
        (setting::PEER_DATABASE_CLUSTER, names.database_cluster(peer.region)),
        (setting::RECOVERY_ROLE_ARN, steps),
        (setting::SENTINEL_ROLE_ARN, sentinel),
        (setting::FAILOVER_ROLE_ARN, failover),
        (setting::FAILBACK_ROLE_ARN, failback),
        (setting::STEP_FUNCTION_ARN, place.function_arn(RECOVERY_STEP)),
        (setting::WORKFLOW_DIGESTS_PARAMETER, digests_parameter(place)),
        (setting::BUCKETS, BUCKETS.map(|(_, purpose)| place.bucket(purpose)).join(",")),
    ]
}

/// Adds all of it; the workflows are those that are deployed.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, definitions: &Definitions) {
    let digests = [&definitions.failover, &definitions.failback];
    let digests = digests.map(|definition| cdk::content_hash(definition.as_bytes())).join(",");
    parameter(scope, place, "WorkflowDigest", DIGESTS, digests);
    let looks = place.peer().role_arn(PREFLIGHT);
    let observer = place.names().function_role(OBSERVER, place.region);
    let asked = (looks.as_str(), &*external_id(place));
    role_for(scope, "Observer", &observer, asked, &permissions::observer(place));
    let hourly = Schedule {
        function: PREFLIGHT,
        role: "preflight-schedule",
        name: place.names().resource("schedule", "preflight"),
        every_s: 3600,
        attempts: 3,
        late_s: 1800,
    };
    hourly.add(scope, place);
}
