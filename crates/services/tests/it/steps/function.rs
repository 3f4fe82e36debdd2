//! Goal: a step that is not so far yet is an error by name to the workflow, and no error to whoever
//! watches the log. Method: run the binary; a small server plays the runtime API.

use recovery::setting;
use serde_json::json;
use tokio::time::timeout;

use crate::lambda::{LIMIT, function, runtime};
use crate::support::dead_address;

#[tokio::test]
async fn not_yet_is_an_error_for_the_workflow_only() {
    let (address, events, mut answers) = runtime().await;
    let nobody = dead_address().to_string();
    let mut command = function(env!("CARGO_BIN_EXE_recovery-step"), &address);
    for (name, value) in [
        (setting::HOME_REGION, "us-east-1"),
        (setting::PEER_REGION, "us-east-2"),
        (setting::JOURNAL_TABLE, "journal"),
        (setting::JOURNAL_SHARDS, "4"),
        (setting::DATABASE_ENDPOINT, &nobody),
        (setting::PEER_DATABASE_ENDPOINT, &nobody),
        (setting::DATABASE_NAME, "orders"),
        (setting::DATABASE_USER, "standfast"),
        (setting::DATABASE_TLS, "prefer"),
        (setting::GLOBAL_CLUSTER, "global"),
        (setting::DATABASE_CLUSTER, "own"),
        (setting::OWN_URL, "http://own.example"),
        (setting::PEER_URL, "http://peer.example"),
        (setting::PUBLIC_URL, "http://public.example"),
        (setting::EVENT_BUS, "bus"),
        (setting::AUDIT_BUCKET, "audit"),
        (setting::HOSTED_ZONE_ID, "zone"),
        (setting::REPLAY_MARGIN_S, "900"),
        (setting::SWITCH_PARAMETER, "/switch"),
        (setting::LEASE_RENEW_S, "5"),
        (setting::LEASE_TTL_S, "15"),
        (setting::LEASE_MARGIN_S, "3"),
        (setting::COOLDOWN_S, "900"),
        (setting::DATABASE_PATIENCE_S, "60"),
        (setting::FAILBACK_AUTOMATIC, "true"),
        (setting::FAILBACK_DWELL_S, "1800"),
        (setting::FAILBACK_LAG_MS_MAX, "1000"),
    ] {
        command.env(name, value);
    }
    let mut running = command.spawn().expect("the binary is built");
    let context = json!({
        "epoch": 2, "region": "us-east-1", "lost_region": "us-east-2", "evidence": "test", "taken_at_ms": 1,
    });
    events.send(services::nudge::event()).await.expect("it is there");
    let answer = timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer");
    assert_eq!(answer, serde_json::Value::Null, "a nudge asks for nothing");
    events.send(json!({ "action": "await_writer", "context": context })).await.expect("it is there");
    let answer = timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer");
    assert_eq!(answer["errorType"], "NotYet", "{answer}");
    running.start_kill().expect("it runs");
    let output = timeout(LIMIT, running.wait_with_output()).await.expect("it ends").expect("it was started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("NotYet"), "the step itself tells: {said}");
    assert!(!said.contains("ERROR") && !said.contains("WARN"), "{said}");
}
