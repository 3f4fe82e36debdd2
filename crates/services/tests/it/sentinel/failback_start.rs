//! Goal: an owner away from home starts the failback when home has been well for the dwell, and a drain
//! that nobody ends is ended. Method: the standby's sentinel under a lease that it has had for long,
//! with a home that takes orders or does not; short times.

use std::sync::atomic::Ordering;
use std::time::Duration;

use recovery::lease::{Decision, LeaseState};
use recovery::{Epoch, Lease, step};
use services::sentinel::Watch;

use super::stage::{Stage, WAIT, tick_until};
use crate::support::{home, standby};

/// The standby has owned the lease for longer than the cooldown.
async fn away(stage: &Stage) -> Lease {
    let moved = Lease::first(&home(), 1).successor(&standby(), "test", 2).serving();
    let lease = Lease { version: moved.version + 200, ..moved };
    stage.leases.create(&lease).await.expect("the table answers");
    lease
}

async fn executions(stage: &Stage) -> Vec<String> {
    let listed = aws_sdk_sfn::Client::new(&stage.scene.aws)
        .list_executions()
        .state_machine_arn(&stage.failback_state_machine_arn)
        .send()
        .await
        .expect("the state machine exists");
    listed.executions.into_iter().map(|execution| execution.name).collect()
}

#[tokio::test]
async fn home_is_gone_back_to_once_it_has_been_well_for_the_dwell() {
    let stage = Stage::new(WAIT).await;
    let begun = away(&stage).await;
    let sentinel = stage.sentinel(&standby());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "a failback", async |decision| {
        matches!(decision, Decision::StartFailback { epoch: Epoch(2) })
    })
    .await;
    let lease = stage.lease().await.expect("there is one");
    let since = lease.home_well_at_version.expect("home was seen well");
    assert!(since > begun.version && lease.version - since >= 3, "three renewals are the dwell: {lease:?}");
    // Another watch of the same region asks again and finds it begun.
    let mut other = Watch::new(&sentinel);
    tick_until(&mut other, "another request", async |decision| {
        matches!(decision, Decision::StartFailback { .. })
    })
    .await;
    assert_eq!(executions(&stage).await, ["failback-2"]);

    let name = stage.failback_state_machine_arn.replace(":stateMachine:", ":execution:");
    let described = aws_sdk_sfn::Client::new(&stage.scene.aws)
        .describe_execution()
        .execution_arn(format!("{name}:failback-2"))
        .send()
        .await
        .expect("the failback was started");
    let input: serde_json::Value =
        serde_json::from_str(described.input().expect("it has an input")).expect("the input is JSON");
    let context: step::Context = serde_json::from_value(input["context"].clone()).expect("a context");
    assert_eq!(context, step::Context::of(&lease, &home()));
}

#[tokio::test]
async fn a_home_that_takes_no_orders_is_not_gone_back_to() {
    let stage = Stage::new(WAIT).await;
    away(&stage).await;
    stage.home.accepts.store(false, Ordering::SeqCst);
    let sentinel = stage.sentinel(&standby());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "six renewals", async |decision| {
        assert!(!matches!(decision, Decision::StartFailback { .. }));
        let lease = stage.lease().await.expect("there is one");
        assert_eq!(lease.home_well_at_version, None);
        lease.version >= 208
    })
    .await;
    assert!(executions(&stage).await.is_empty());
}

#[tokio::test]
async fn a_drain_that_nobody_ends_is_undone_where_the_database_is() {
    let stage = Stage::new(WAIT).await;
    let lease = away(&stage).await;
    stage.leases.replace(&lease, &lease.draining()).await.expect("the table answers");
    let sentinel = stage.sentinel(&standby()).with_drain_limit(Duration::from_millis(1200));
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "an end of the drain", async |decision| {
        matches!(decision, Decision::Undrain { .. })
    })
    .await;
    let lease = stage.lease().await.expect("there is one");
    assert_eq!((lease.epoch, lease.state, lease.drained_at_version), (Epoch(2), LeaseState::Serving, None));
    assert!(watch.into_report().events.iter().any(|event| event.event == "drain_undone"));
}

#[tokio::test]
async fn home_takes_the_lease_when_its_database_is_there_and_nobody_hands_it_over() {
    let stage = Stage::new(WAIT).await;
    let lease = away(&stage).await;
    stage.leases.replace(&lease, &lease.draining()).await.expect("the table answers");
    let at_standby =
        stage.sentinel_without_database(&standby()).with_drain_limit(Duration::from_millis(1200));
    let mut owner = Watch::new(&at_standby);
    tick_until(&mut owner, "the end of renewals", async |decision| {
        matches!(decision, Decision::Hold(reason) if reason.contains("settlement has been stopped"))
    })
    .await;
    let at_home = stage.sentinel(&home());
    let mut challenger = Watch::new(&at_home);
    tick_until(&mut challenger, "a take-over", async |decision| {
        matches!(decision, Decision::TakeOver { .. })
    })
    .await;
    let lease = stage.lease().await.expect("there is one");
    assert_eq!((lease.epoch, lease.owner, lease.state), (Epoch(3), home(), LeaseState::Recovering));
}
