//! Goal: people may move the system while no dwell and no cooldown is over, and under no other gate that is
//! closed. Method: the lease just taken, asked with and without the demand; then one gate is closed at a time.

use std::sync::atomic::Ordering;

use recovery::lease::LeaseState;
use recovery::step::{Action, Context};
use recovery::{Epoch, Lease};
use services::steps::StepError;

use super::away::Away;
use crate::database::server::entries;
use crate::support::home;

/// The standby has just taken the lease and has not seen home well; people want to leave it.
async fn asked() -> Away {
    let mut away = Away::rejoined().await;
    let lease = away.stage.lease().await;
    let young = Lease { moved_at_version: lease.version, home_well_at_version: None, ..lease.renewed() };
    away.put(&young).await;
    let why = away.not_yet(Action::ConfirmHome).await;
    assert!(why.contains("the cooldown lasts"), "nobody has asked yet: {why}");
    away.stage.context = away.stage.context.clone().on_demand();
    away
}

#[tokio::test]
async fn a_demand_waits_for_no_cooldown_and_no_dwell() {
    let away = asked().await;
    away.settle(&entries(30)).await;
    let said = away.done(Action::ConfirmHome).await;
    assert!(said.contains("people asked for it"), "{said}");
    let said = away.done(Action::CompareJournal).await;
    assert!(said.contains("and so is the other region's database"), "the copy is compared: {said}");
    for action in [
        Action::AwaitRejoin,
        Action::AwaitLag,
        Action::Drain,
        Action::AwaitDrained,
        Action::SwitchOver,
        Action::AwaitHomeWriter,
        Action::HandOverLease,
    ] {
        away.done(action).await;
    }
    let lease = away.stage.lease().await;
    assert_eq!((lease.epoch, &lease.owner, lease.state), (Epoch(3), &home(), LeaseState::Recovering));
    assert!(lease.evidence.contains("switchover from us-east-2 on demand"), "{}", lease.evidence);
}

#[tokio::test]
async fn a_demand_opens_no_other_gate() {
    let away = asked().await;
    away.ready.store(false, Ordering::SeqCst);
    for action in [Action::ConfirmHome, Action::Drain] {
        let why = away.not_yet(action).await;
        assert!(why.contains("0 of 3 looks"), "{action:?}: {why}");
    }
    away.ready.store(true, Ordering::SeqCst);
    let lease = away.stage.lease().await;
    away.put(&Lease { state: LeaseState::Recovering, ..lease.renewed() }).await;
    let why = away.not_yet(Action::ConfirmHome).await;
    assert!(why.contains("still recovers"), "{why}");
}

#[tokio::test]
async fn a_demand_leads_to_no_region_whose_switch_is_off() {
    let mut away = Away::rejoined().await;
    away.stage.context = away.stage.context.clone().on_demand();
    away.stage.turn_switch("off").await;
    let why = away.not_yet(Action::ConfirmHome).await;
    assert!(why.contains("the switch of us-east-1 is off"), "{why}");
    assert_eq!(away.stage.lease().await.state, LeaseState::Serving);
}

#[tokio::test]
async fn a_demand_under_another_epoch_changes_nothing() {
    let mut away = asked().await;
    away.stage.context = Context { epoch: Epoch(1), ..away.stage.context.clone() };
    let before = away.stage.lease().await;
    for action in [Action::ConfirmHome, Action::Drain, Action::SwitchOver, Action::HandOverLease] {
        let error = away.run(action).await.expect_err("the lease is of another epoch");
        assert!(matches!(error, StepError::NotOwner(_)), "{action:?}: {error}");
    }
    assert_eq!(away.stage.lease().await, before);
}
