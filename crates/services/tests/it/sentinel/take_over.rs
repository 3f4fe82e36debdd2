//! Goal: a standby takes the lease when, and only when, its owner is gone and it may and can.
//! Method: two sentinels on one table with short times, ticked by hand; the owner stops, or its
//! callers see errors, or the standby is held back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use recovery::lease::{Decision, LeaseState};
use recovery::{Epoch, step};
use services::sentinel::Watch;
use tokio::time::Instant;

use super::stage::{PASS, Stage, WAIT, tick_until};
use crate::support::{home, standby};

fn holds(decision: &Decision, why: &str) -> bool {
    matches!(decision, Decision::Hold(reason) if reason.contains(why))
}

#[tokio::test]
async fn a_standby_waits_while_the_owner_renews_and_takes_over_when_it_stops() {
    let stage = Stage::new(WAIT).await;
    let (at_home, at_standby) = (stage.sentinel(&home()), stage.sentinel(&standby()));
    let (mut owner, mut challenger) = (Watch::new(&at_home), Watch::new(&at_standby));

    tick_until(&mut owner, "the first lease", async |_| stage.lease().await.is_some()).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        owner.tick().await;
        let decision = challenger.tick().await;
        assert!(matches!(decision, Decision::StandBy(_)), "{decision:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let lease = stage.lease().await.expect("there is one");
    assert_eq!((lease.epoch, &lease.owner, lease.state), (Epoch::FIRST, &home(), LeaseState::Serving));
    assert!(lease.version > 4, "it was renewed: {}", lease.version);

    tick_until(&mut challenger, "a take-over", async |decision| {
        matches!(decision, Decision::TakeOver { .. })
    })
    .await;
    let taken = stage.lease().await.expect("there is one");
    assert_eq!((taken.epoch, &taken.owner, taken.state), (Epoch(2), &standby(), LeaseState::Recovering));
    assert!(taken.evidence.contains("has not renewed"), "{}", taken.evidence);

    // The old owner comes back: it finds another's lease and changes nothing.
    assert!(matches!(owner.tick().await, Decision::StandBy(_)));
    assert_eq!(stage.lease().await, Some(taken.clone()));

    let execution =
        format!("{}:failover-2", stage.state_machine_arn.replace(":stateMachine:", ":execution:"));
    let described = aws_sdk_sfn::Client::new(&stage.scene.aws)
        .describe_execution()
        .execution_arn(execution)
        .send()
        .await
        .expect("the recovery was started");
    let input: serde_json::Value =
        serde_json::from_str(described.input().expect("it has an input")).expect("the input is JSON");
    let context: step::Context = serde_json::from_value(input["context"].clone()).expect("a context");
    assert_eq!(context, step::Context::of(&taken, &home()));
}

#[tokio::test]
async fn the_switch_holds_a_take_over_until_it_is_turned_on() {
    let stage = Stage::new(PASS).await;
    stage.turn_switch("off").await;
    let abandoned = stage.abandoned_lease().await;
    let sentinel = stage.sentinel(&standby());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "a hold", async |decision| holds(decision, "the switch is off")).await;
    assert_eq!(stage.lease().await, Some(abandoned));
    stage.turn_switch("on").await;
    tick_until(&mut watch, "a take-over", async |decision| matches!(decision, Decision::TakeOver { .. }))
        .await;
    assert_eq!(stage.lease().await.expect("there is one").owner, standby());
}

#[tokio::test]
async fn a_switch_that_was_never_read_is_off() {
    let stage = Stage::new(PASS).await;
    aws_sdk_ssm::Client::new(&stage.scene.aws)
        .delete_parameter()
        .name(&stage.switch_parameter)
        .send()
        .await
        .expect("the parameter exists");
    let abandoned = stage.abandoned_lease().await;
    let sentinel = stage.sentinel(&standby());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "a hold", async |decision| holds(decision, "the switch is off")).await;
    assert_eq!(stage.lease().await, Some(abandoned));
}

#[tokio::test]
async fn a_standby_that_is_not_ready_holds_until_it_is() {
    let stage = Stage::new(PASS).await;
    stage.standby.ready.store(false, Ordering::SeqCst);
    let abandoned = stage.abandoned_lease().await;
    let sentinel = stage.sentinel(&standby());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "a hold", async |decision| {
        holds(decision, "the own API is not ready: status 503")
    })
    .await;
    assert_eq!(stage.lease().await, Some(abandoned));
    stage.standby.ready.store(true, Ordering::SeqCst);
    tick_until(&mut watch, "a take-over", async |decision| matches!(decision, Decision::TakeOver { .. }))
        .await;
}

#[tokio::test]
async fn load_that_its_own_api_refuses_does_not_take_the_lease_from_an_owner() {
    let stage = Stage::new(PASS).await;
    let sentinel = stage.sentinel(&home());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "the first lease", async |_| stage.lease().await.is_some()).await;
    stage.home.unready.store(429, Ordering::SeqCst);
    stage.home.ready.store(false, Ordering::SeqCst);
    let version = stage.lease().await.expect("there is one").version;
    tick_until(&mut watch, "three renewals", async |decision| {
        assert!(!holds(decision, "the lease is not renewed"), "{decision:?}");
        stage.lease().await.is_some_and(|lease| lease.version >= version + 3)
    })
    .await;
}

#[tokio::test]
async fn callers_errors_take_the_lease_from_an_owner_that_believes_itself_well() {
    let stage = Stage::new(PASS).await;
    let (at_home, at_standby) = (stage.sentinel(&home()), stage.sentinel(&standby()));
    let (mut owner, mut challenger) = (Watch::new(&at_home), Watch::new(&at_standby));
    tick_until(&mut owner, "the first lease", async |_| stage.lease().await.is_some()).await;
    stage.home.accepts.store(false, Ordering::SeqCst);
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        owner.tick().await;
        if matches!(challenger.tick().await, Decision::TakeOver { .. }) {
            break;
        }
        assert!(Instant::now() < limit, "the standby never took over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let taken = stage.lease().await.expect("there is one");
    assert_eq!((taken.epoch, &taken.owner), (Epoch(2), &standby()));
    assert!(
        taken.evidence.contains("outside probes") && taken.evidence.contains("503"),
        "{}",
        taken.evidence
    );
}

#[tokio::test]
async fn a_region_that_does_not_let_the_probe_in_is_not_taken_for_lost() {
    let stage = Stage::new(PASS).await;
    let (at_home, at_standby) = (stage.sentinel(&home()), stage.sentinel(&standby()));
    let (mut owner, mut challenger) = (Watch::new(&at_home), Watch::new(&at_standby));
    tick_until(&mut owner, "the first lease", async |_| stage.lease().await.is_some()).await;
    stage.home.accepts.store(false, Ordering::SeqCst);
    // A mistake in our permissions, then more load than the region's limits allow.
    for refusal in [403, 429] {
        stage.home.refusal.store(refusal, Ordering::SeqCst);
        let asked = stage.home.asked.load(Ordering::SeqCst);
        tick_until(&mut challenger, "ten probes", async |decision| {
            assert!(matches!(decision, Decision::StandBy(_)), "{refusal}: {decision:?}");
            owner.tick().await;
            stage.home.asked.load(Ordering::SeqCst) >= asked + 10
        })
        .await;
    }
    assert_eq!(stage.lease().await.expect("there is one").owner, home());
}

#[tokio::test]
async fn an_owner_whose_own_api_fails_stops_renewing() {
    let stage = Stage::new(PASS).await;
    let sentinel = stage.sentinel(&home());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "the first lease", async |_| stage.lease().await.is_some()).await;
    stage.home.ready.store(false, Ordering::SeqCst);
    tick_until(&mut watch, "a hold", async |decision| holds(decision, "the lease is not renewed")).await;
    let lease = stage.lease().await;
    for _ in 0..10 {
        watch.tick().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stage.lease().await, lease);
}

#[tokio::test]
async fn an_owner_without_its_database_renews_for_a_while_whichever_watch_asks() {
    let stage = Stage::new(PASS).await;
    stage.abandoned_lease().await;
    let sentinel = stage.sentinel_without_database(&home());
    // Each watch is new and knows of no renewal: the patience of three renewals is in the lease.
    for renewal in 1..=3 {
        let decision = Watch::new(&sentinel).tick().await;
        assert!(matches!(decision, Decision::Renew { .. }), "{decision:?}");
        let lease = stage.lease().await.expect("there is one");
        assert_eq!((lease.version, lease.database_unfit_at_version), (1 + renewal, Some(1)));
    }
    let decision = Watch::new(&sentinel).tick().await;
    assert!(holds(&decision, "the database does not answer"), "{decision:?}");
    let sentinel = stage.sentinel(&home());
    let decision = Watch::new(&sentinel).tick().await;
    assert!(matches!(decision, Decision::Renew { .. }), "{decision:?}");
    assert_eq!(stage.lease().await.expect("there is one").database_unfit_at_version, None);
}
