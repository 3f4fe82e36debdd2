//! Goal: steps act only for the owner of the lease, and may be repeated. Method: each step as the
//! owner, twice, and after the lease is lost.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use recovery::Epoch;
use recovery::lease::LeaseState;
use recovery::step::Action;
use services::database::settlement::fence;
use services::steps::StepError;
use tokio::net::TcpListener;

use super::stage::Stage;

#[tokio::test]
async fn steps_of_a_lost_lease_change_nothing() {
    let stage = Stage::new().await;
    stage.lose_lease().await;
    let lease = stage.lease().await;
    for action in [
        Action::ConfirmOutage,
        Action::OwnLease,
        Action::PromoteDatabase,
        Action::RaiseFence,
        Action::SteerTraffic,
        Action::ReplayJournal,
        Action::EnableSettlement,
    ] {
        let error = stage.run(action).await.expect_err("the lease is lost");
        assert!(matches!(error, StepError::NotOwner(_)), "{action:?}: {error}");
    }
    assert_eq!(stage.lease().await, lease);
    assert_eq!(fence(&stage.database.client().await).await.expect("there is one"), Epoch(1));
}

#[tokio::test]
async fn an_outage_is_confirmed_for_the_owner_and_doubted_when_the_peer_serves() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let peer = listener.local_addr().expect("a bound port");
    let router = Router::new().route("/health/serving", get(async || "{}"));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let stage = Stage::with_peer(peer).await;
    let outcome = stage.run(Action::ConfirmOutage).await.expect("the lease is ours");
    assert!(outcome.done && outcome.detail.contains("3 of 3 looks"), "{}", outcome.detail);
    stage.lose_lease().await;
    let error = stage.run(Action::ConfirmOutage).await.expect_err("the peer owns the lease and serves");
    assert!(matches!(error, StepError::NotConfirmed(_)), "{error}");
}

#[tokio::test]
async fn the_fence_and_the_writer_may_be_asked_for_twice() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        stage.run(Action::AwaitWriter).await.expect("it is a writer");
        stage.run(Action::RaiseFence).await.expect("the lease is ours");
    }
    assert_eq!(fence(&stage.database.client().await).await.expect("there is one"), Epoch(2));
    assert_eq!(
        stage.database.number("SELECT count(*) FROM pg_class WHERE relname LIKE '%writer_check'").await,
        0
    );
}

#[tokio::test]
async fn a_replica_is_no_writer_yet() {
    let stage = Stage::new().await;
    let administrator = stage.database.administrator().await;
    let name = &stage.database.name;
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    administrator.batch_execute(&read_only).await.expect("the database exists");
    let error = stage.run(Action::AwaitWriter).await.expect_err("it takes no writes");
    assert!(matches!(error, StepError::NotYet(_)), "{error}");
}

#[tokio::test]
async fn settlement_is_enabled_although_the_sentinel_renews_meanwhile() {
    let stage = Stage::new().await;
    let leases = stage.leases.clone();
    let renewals = tokio::spawn(async move {
        loop {
            let lease = leases.read().await.expect("the table answers").expect("there is one");
            leases.replace(&lease, &lease.renewed()).await.expect("the table answers");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    for _ in 0..2 {
        let outcome = stage.run(Action::EnableSettlement).await.expect("the lease is ours");
        assert!(outcome.done);
    }
    renewals.abort();
    assert_eq!(stage.lease().await.state, LeaseState::Serving);
}
