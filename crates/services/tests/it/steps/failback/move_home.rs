//! Goal: database and lease go home in this order, each once, and only for the owner of the lease.
//! Method: the acting steps in their order, twice each, out of order, and after the lease is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use recovery::Epoch;
use recovery::lease::LeaseState;
use recovery::step::Action;
use services::steps::StepError;

use super::away::Away;
use crate::database::server::entries;
use crate::support::home;

/// What is asked before anything is changed.
const GATES: [Action; 4] =
    [Action::ConfirmHome, Action::AwaitRejoin, Action::AwaitLag, Action::CompareJournal];
/// What then moves the database.
const MOVES: [Action; 3] = [Action::Drain, Action::AwaitDrained, Action::SwitchOver];

#[tokio::test]
async fn the_lease_follows_the_database_home() {
    let away = Away::rejoined().await;
    away.settle(&entries(30)).await;
    for action in GATES {
        away.done(action).await;
    }
    for action in MOVES.into_iter().chain([Action::AwaitHomeWriter]) {
        for _ in 0..2 {
            away.done(action).await;
            let lease = away.stage.lease().await;
            assert_eq!((lease.epoch, lease.state), (Epoch(2), LeaseState::Draining), "after {action:?}");
        }
    }
    let moved_at_version = away.stage.lease().await.moved_at_version;
    for _ in 0..2 {
        away.done(Action::HandOverLease).await;
        let lease = away.stage.lease().await;
        assert_eq!(lease.moved_at_version, moved_at_version, "no new cooldown");
        assert_eq!((lease.epoch, &lease.owner, lease.state), (Epoch(3), &home(), LeaseState::Recovering));
        assert!(lease.evidence.contains("failback from us-east-2"), "{}", lease.evidence);
        assert_eq!((lease.home_well_at_version, lease.drained_at_version), (None, None));
    }
    let why = away.not_yet(Action::AwaitHomeServing).await;
    assert!(why.contains("recovers under epoch 3"), "{why}");
    away.put(&away.stage.lease().await.serving()).await;
    let why = away.not_yet(Action::AwaitHomeServing).await;
    assert!(why.contains("status 503"), "{why}");
    away.serving.store(true, Ordering::SeqCst);
    away.done(Action::AwaitHomeServing).await;
    away.done(Action::AnnounceFailback).await;
}

#[tokio::test]
async fn a_failback_that_is_run_again_goes_on_from_where_the_database_is() {
    let away = Away::rejoined().await;
    for action in [Action::Drain, Action::SwitchOver] {
        away.done(action).await;
    }
    // No gate could be passed now: home is the writer, and nobody is ready.
    away.ready.store(false, Ordering::SeqCst);
    for gate in GATES.into_iter().chain(MOVES) {
        let said = away.done(gate).await;
        assert!(said.contains("moved already"), "{gate:?}: {said}");
    }
    away.done(Action::HandOverLease).await;
}

#[tokio::test]
async fn settlement_has_stopped_when_both_ends_of_the_ledger_are_the_same() {
    let away = Away::rejoined().await;
    let orders = entries(6);
    away.settle(&orders[..3]).await;
    let error = away.run(Action::AwaitDrained).await.expect_err("it is not drained");
    assert!(matches!(error, StepError::Transient { .. }), "{error}");
    away.done(Action::Drain).await;
    away.done(Action::AwaitDrained).await;
    away.settle_in(&away.stage.database, &orders[3..]).await;
    let why = away.not_yet(Action::AwaitDrained).await;
    assert!(why.contains("in us-east-2 and us-east-1 do not end alike yet"), "{why}");
    away.settle_in(&away.database, &orders[3..]).await;
    let said = away.done(Action::AwaitDrained).await;
    assert!(said.contains("nothing was settled for 1 s"), "it says what it saw: {said}");
}

#[tokio::test]
async fn the_database_does_not_move_while_orders_are_settled() {
    let away = Away::rejoined().await;
    let error = away.run(Action::SwitchOver).await.expect_err("it is not drained");
    assert!(error.to_string().contains("the lease is serving"), "{error}");
    let why = away.not_yet(Action::AwaitHomeWriter).await;
    assert!(why.contains("not the writer yet"), "{why}");
}

#[tokio::test]
async fn the_lease_does_not_go_home_before_the_database() {
    let away = Away::rejoined().await;
    away.done(Action::Drain).await;
    let error = away.run(Action::HandOverLease).await.expect_err("home would promote with data loss");
    assert!(error.to_string().contains("the cluster in us-east-1 is not the writer"), "{error}");
    assert_eq!(away.stage.lease().await.epoch, Epoch(2));
}

/// Home would go by its own region's RDS, and promote its database with data loss allowed.
#[tokio::test]
async fn the_lease_does_not_go_home_before_home_s_own_rds_knows_of_the_database() {
    let errs = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&errs);
    let away = Away::rejoined_as(move |region, said| {
        if *region != home() || !flag.load(Ordering::SeqCst) {
            return said;
        }
        let said = said.replace(">true</IsWriter>", ">?</IsWriter>");
        said.replace(">false</IsWriter>", ">true</IsWriter>").replace(">?</IsWriter>", ">false</IsWriter>")
    })
    .await;
    for action in [Action::Drain, Action::SwitchOver, Action::AwaitHomeWriter] {
        away.done(action).await;
    }
    errs.store(true, Ordering::SeqCst);
    let why = away.not_yet(Action::AwaitHomeWriter).await;
    assert!(why.contains("says the RDS of us-east-1"), "{why}");
    let error = away.run(Action::HandOverLease).await.expect_err("home does not know yet");
    assert!(error.to_string().contains("says the RDS of us-east-1"), "{error}");
    assert_eq!(away.stage.lease().await.epoch, Epoch(2));
    errs.store(false, Ordering::SeqCst);
    away.done(Action::HandOverLease).await;
    assert_eq!(away.stage.lease().await.epoch, Epoch(3));
}

#[tokio::test]
async fn a_failback_whose_lease_was_taken_changes_nothing_more() {
    let away = Away::rejoined().await;
    away.done(Action::Drain).await;
    let lease = away.stage.lease().await;
    let later = lease.successor(&home(), "test", 3);
    let taken = recovery::Lease { epoch: Epoch(4), ..later };
    away.put(&taken).await;
    let later = [Action::AwaitHomeWriter, Action::HandOverLease, Action::AwaitHomeServing, Action::UndoDrain];
    for action in GATES.into_iter().chain(MOVES).chain(later) {
        let error = away.run(action).await.expect_err("the lease is lost");
        assert!(matches!(error, StepError::NotOwner(_)), "{action:?}: {error}");
    }
    assert_eq!(away.stage.lease().await, taken);
    assert!(away.rds(&home()).await.describe_global_clusters().send().await.is_ok());
}
