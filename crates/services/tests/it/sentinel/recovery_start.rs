//! Goal: a recovery is started once per epoch, and again when its execution has failed, and a
//! watch ends in time and reports. Method: an owner in `recovering` with state machines that wait,
//! or fail at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::response::IntoResponse;
use recovery::Lease;
use recovery::lease::Decision;
use services::sentinel::{Watch, watch};

use super::stage::{FAIL, Stage, WAIT, tick_until};
use crate::proxy;
use crate::support::{home, standby};

async fn executions(stage: &Stage) -> Vec<String> {
    let listed = aws_sdk_sfn::Client::new(&stage.scene.aws)
        .list_executions()
        .state_machine_arn(&stage.state_machine_arn)
        .send()
        .await
        .expect("the state machine exists");
    let mut names: Vec<_> = listed.executions.into_iter().map(|execution| execution.name).collect();
    names.sort();
    names
}

async fn recovering(stage: &Stage) {
    let lease = Lease::first(&home(), 1).successor(&standby(), "test", 2);
    stage.leases.create(&lease).await.expect("the table answers");
}

#[tokio::test]
async fn a_running_recovery_is_not_started_twice() {
    let stage = Stage::new(WAIT).await;
    recovering(&stage).await;
    let sentinel = stage.sentinel(&standby());
    let (mut one, mut other) = (Watch::new(&sentinel), Watch::new(&sentinel));
    for _ in 0..20 {
        one.tick().await;
        other.tick().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(executions(&stage).await, ["failover-2"]);
    let lease = stage.lease().await.expect("there is one");
    assert!(lease.version > 3, "the owner renews while it recovers: {}", lease.version);
}

/// As AWS documents it, and the emulator does not: the name and the input of a running execution ask for
/// just that execution, and are answered like the request that started it.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
async fn idempotent() -> String {
    let started: Arc<Mutex<HashMap<String, String>>> = Arc::default();
    proxy::open(move |call| {
        let started = Arc::clone(&started);
        async move {
            if call.target() != "StartExecution" {
                return call.pass_on().await;
            }
            let request = call.body.clone();
            let known = started.lock().expect("no test panics in here").get(&request).cloned();
            if let Some(answer) = known {
                return answer.into_response();
            }
            let answer = call.pass_on().await;
            let status = answer.status();
            let text = proxy::text(answer).await;
            if status.is_success() {
                started.lock().expect("no test panics in here").insert(request, text.clone());
            }
            (status, text).into_response()
        }
    })
    .await
}

#[tokio::test]
async fn only_the_watch_that_started_a_recovery_says_so() {
    let stage = Stage::new(WAIT).await;
    recovering(&stage).await;
    let sentinel = stage.sentinel_through(&standby(), &idempotent().await).await;
    let (mut one, mut other) = (Watch::new(&sentinel), Watch::new(&sentinel));
    for watch in [&mut one, &mut other] {
        tick_until(watch, "a request", async |decision| matches!(decision, Decision::StartRecovery { .. }))
            .await;
    }
    assert_eq!(executions(&stage).await, ["failover-2"]);
    let said = |watch: Watch<'_>| {
        let events = watch.into_report().events.into_iter();
        events.filter(|event| event.event == "recovery_started").count()
    };
    assert_eq!((said(one), said(other)), (1, 0));
}

#[tokio::test]
async fn a_failed_recovery_is_tried_again_a_bounded_number_of_times() {
    let stage = Stage::new(FAIL).await;
    recovering(&stage).await;
    let sentinel = stage.sentinel(&standby()).with_attempt_pause(Duration::from_millis(200));
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "five attempts", async |_| executions(&stage).await.len() == 5).await;
    for _ in 0..20 {
        watch.tick().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let names = ["failover-2", "failover-2-2", "failover-2-3", "failover-2-4", "failover-2-5"];
    assert_eq!(executions(&stage).await, names);
    let report = watch.into_report();
    assert!(report.events.iter().any(|event| event.event == "recovery_exhausted"), "{report:?}");
}

#[tokio::test]
async fn a_failed_recovery_is_not_tried_again_at_once() {
    let stage = Stage::new(FAIL).await;
    recovering(&stage).await;
    let sentinel = stage.sentinel(&standby()).with_attempt_pause(Duration::from_secs(3600));
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "one attempt", async |_| executions(&stage).await.len() == 1).await;
    for _ in 0..20 {
        watch.tick().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(executions(&stage).await, ["failover-2"]);
    let report = watch.into_report();
    assert!(report.events.iter().any(|event| event.event == "recovery_waits"), "{report:?}");
}

#[tokio::test]
async fn a_watch_ends_before_its_deadline_and_says_what_it_did() {
    let stage = Stage::new(WAIT).await;
    let sentinel = stage.sentinel(&home());
    let until = sentinel.watch_until(SystemTime::now() + Duration::from_secs(7));
    assert!(until <= tokio::time::Instant::now() + Duration::from_secs(2), "5 s are kept free");
    let report = watch(&sentinel, until).await;
    assert!(report.ticks > 0 && report.region == home(), "{report:?}");
    assert!(report.events.iter().any(|event| event.event == "lease_created"), "{report:?}");
    let json = serde_json::to_value(&report).expect("a report is JSON");
    assert_eq!(json["region"], "us-east-1");
}
