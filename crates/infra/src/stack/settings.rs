//! The environment of the functions: where everything is, by the names of `recovery::setting`.

use cfn::{Map, Value};
use recovery::setting;

use super::storage::AUDIT;
use super::{containers, preflight};
use crate::packages::{DATABASE_KEEPER, PREFLIGHT, RECOVERY_STEP};
use crate::place::{DATABASE_NAME, DATABASE_PORT, MASTER_USER, Place, parameter as key};

/// Every setting of one of a region's functions.
pub(super) fn of(function: &str, place: &Place<'_>) -> Map<Value<String>> {
    let own = match function {
        PREFLIGHT => preflight::settings(place),
        // No other moves traffic, and a template takes sixty references to parameters.
        RECOVERY_STEP => vec![(setting::HOSTED_ZONE_ID, place.parameter(key::HOSTED_ZONE))],
        _ => Vec::new(),
    };
    located(place)
        .into_iter()
        .chain(timed(place))
        .chain(login(place, function))
        .chain(own)
        .chain(containers::settings::of_function(function, place))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

/// What a container is told as the function whose work it does.
pub(super) fn of_container(container: &str, place: &Place<'_>) -> Vec<(&'static str, String)> {
    let function = crate::packages::function_of(container);
    located(place).into_iter().chain(timed(place)).chain(login(place, function)).collect()
}

/// Who the function is to the database. Only the keeper learns where the master user's login is.
fn login(place: &Place<'_>, function: &str) -> Vec<(&'static str, String)> {
    if function == DATABASE_KEEPER {
        return vec![
            (setting::DATABASE_USER, MASTER_USER.to_owned()),
            (setting::DATABASE_SECRET, place.names().database_secret()),
        ];
    }
    vec![(setting::DATABASE_USER, recovery::names::database_user(function))]
}

/// Names, ARNs and addresses.
fn located(place: &Place<'_>) -> Vec<(&'static str, String)> {
    let (deployment, names) = (place.deployment, place.names());
    let peer = deployment.peer_of(place.region);
    let host = |key| format!("{}:{DATABASE_PORT}", place.parameter(key));
    vec![
        (setting::HOME_REGION, deployment.regions.home.to_string()),
        (setting::PEER_REGION, peer.to_string()),
        (setting::JOURNAL_TABLE, names.journal_table()),
        (setting::JOURNAL_SHARDS, deployment.journal.shards.to_string()),
        (setting::SESSIONS_TABLE, names.sessions_table()),
        (setting::ORDER_QUEUE, names.order_queue()),
        (setting::DEAD_LETTER_QUEUE, names.dead_letter_queue()),
        (setting::DATABASE_ENDPOINT, host(key::DATABASE_HOST)),
        (setting::PEER_DATABASE_ENDPOINT, host(key::PEER_DATABASE_HOST)),
        (setting::DATABASE_NAME, DATABASE_NAME.to_owned()),
        (setting::DATABASE_TLS, "require".to_owned()),
        (setting::GLOBAL_CLUSTER, names.global_cluster()),
        (setting::DATABASE_CLUSTER, names.database_cluster(place.region)),
        (setting::STATE_MACHINE_ARN, place.state_machine_arn()),
        (setting::FAILBACK_STATE_MACHINE_ARN, place.failback_state_machine_arn()),
        (setting::SWITCH_PARAMETER, names.switch_parameter()),
        (setting::EVENT_BUS, names.event_bus()),
        (setting::AUDIT_BUCKET, place.bucket(AUDIT)),
        (setting::OWN_URL, format!("https://{}", names.region_host(place.region))),
        (setting::PEER_URL, format!("https://{}", names.region_host(peer))),
        (setting::PUBLIC_URL, format!("https://{}", names.public_host())),
    ]
}

/// Timings, in seconds but for the lag, the number of failed probes, and whether the way home is automatic.
fn timed(place: &Place<'_>) -> Vec<(&'static str, String)> {
    let (lease, sentinel) = (&place.deployment.lease, &place.deployment.sentinel);
    let failback = &place.deployment.failback;
    vec![
        (setting::LEASE_RENEW_S, lease.renew_s.to_string()),
        (setting::LEASE_TTL_S, lease.ttl_s.to_string()),
        (setting::LEASE_MARGIN_S, lease.margin_s.to_string()),
        (setting::COOLDOWN_S, lease.cooldown_s.to_string()),
        (setting::DATABASE_PATIENCE_S, lease.database_patience_s.to_string()),
        (setting::SENTINEL_WATCH_S, sentinel.watch_s.to_string()),
        (setting::PROBE_INTERVAL_S, sentinel.probe_interval_s.to_string()),
        (setting::PROBE_FAILURES, sentinel.probe_failures.to_string()),
        (setting::REPLAY_MARGIN_S, place.deployment.journal.replay_margin_s.to_string()),
        (setting::FAILBACK_AUTOMATIC, failback.automatic.to_string()),
        (setting::FAILBACK_DWELL_S, failback.dwell_s.to_string()),
        (setting::FAILBACK_LAG_MS_MAX, failback.lag_ms_max.to_string()),
    ]
}
