//! Goal: until the database has moved a failback can be undone, after that it cannot, and the switch
//! stops it on the one side only. Method: UndoDrain and the acting steps on both sides of the move.

use recovery::Epoch;
use recovery::lease::LeaseState;
use recovery::step::Action;
use services::steps::StepError;

use super::away::Away;
use crate::support::home;

#[tokio::test]
async fn a_drain_is_undone_while_the_database_is_here() {
    let away = Away::rejoined().await;
    let said = away.done(Action::UndoDrain).await;
    assert!(said.contains("nothing to undo"), "{said}");
    away.done(Action::Drain).await;
    for _ in 0..2 {
        away.done(Action::UndoDrain).await;
        let lease = away.stage.lease().await;
        assert_eq!(
            (lease.epoch, lease.state, lease.drained_at_version),
            (Epoch(2), LeaseState::Serving, None)
        );
        assert_eq!(lease.home_well_at_version, None, "another dwell has to pass");
    }
}

#[tokio::test]
async fn nothing_is_undone_once_the_database_has_moved() {
    let away = Away::rejoined().await;
    away.done(Action::Drain).await;
    away.done(Action::SwitchOver).await;
    let lease = away.stage.lease().await;
    let error = away.run(Action::UndoDrain).await.expect_err("the database is at home");
    assert!(matches!(error, StepError::Moved(_)), "{error}");
    assert_eq!(away.stage.lease().await, lease);
}

#[tokio::test]
async fn a_database_that_takes_no_writes_here_is_not_settled_into() {
    let away = Away::rejoined().await;
    away.done(Action::Drain).await;
    let name = &away.stage.database.name;
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    away.stage.database.administrator().await.batch_execute(&read_only).await.expect("it exists");
    let why = away.not_yet(Action::UndoDrain).await;
    assert!(why.contains("takes no writes"), "{why}");
    assert_eq!(away.stage.lease().await.state, LeaseState::Draining);
}

#[tokio::test]
async fn the_switch_stops_a_failback_before_the_move_and_does_not_stop_its_undoing() {
    let away = Away::rejoined().await;
    away.put(&away.stage.lease().await.draining()).await;
    away.stage.turn_switch("off").await;
    for action in [Action::Drain, Action::SwitchOver] {
        let error = away.run(action).await.expect_err("the switch is off");
        assert!(error.to_string().contains("the switch is off"), "{action:?}: {error}");
    }
    away.done(Action::UndoDrain).await;
    assert_eq!(away.stage.lease().await.state, LeaseState::Serving);
}

#[tokio::test]
async fn the_switch_does_not_stop_the_lease_from_following_the_database() {
    let away = Away::rejoined().await;
    away.put(&away.stage.lease().await.draining()).await;
    let unique = &away.stage.scene.settings.1.table;
    let rds = away.rds(&recovery::Region::new("us-east-2").expect("a region name")).await;
    let switched = rds
        .switchover_global_cluster()
        .global_cluster_identifier(format!("global-{unique}"))
        .target_db_cluster_identifier(format!("arn:aws:rds:us-east-1:000000000000:cluster:home-{unique}"));
    switched.send().await.expect("the emulator switches over");
    away.stage.turn_switch("off").await;
    away.done(Action::HandOverLease).await;
    let lease = away.stage.lease().await;
    assert_eq!((lease.epoch, lease.owner), (Epoch(3), home()));
}
