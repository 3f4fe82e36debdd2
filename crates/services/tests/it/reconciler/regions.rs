//! Goal: a replica may lack the end and nothing else, whoever looks. Method: rows that one of two databases has
//! and the other one lacks, or has otherwise.

use recovery::lease::LeaseState;
use recovery::reconcile::{Explanation, Kind};
use services::reconciler::Reconciler;
use services::settings::Endpoint;

use super::stage::{OLD_MS, Stage, aged, found};
use crate::support::{dead_address, standby};

#[tokio::test]
async fn the_end_that_a_replica_lacks_is_its_lag_and_the_middle_is_not() {
    let stage = Stage::in_step().await;
    let last = aged(OLD_MS - 1000);
    stage.acknowledge(std::slice::from_ref(&last)).await;
    stage.settle_in(&stage.databases[0], &[last]).await;
    let run = stage.run().await;
    assert_eq!(found(&run), [(Kind::ReplicaLacks, Some(Explanation::ReplicationLag), 1)], "{run:?}");

    let stage = Stage::in_step().await;
    let middle = aged(OLD_MS + 100_000);
    stage.acknowledge(std::slice::from_ref(&middle)).await;
    stage.settle_in(&stage.databases[0], &[middle]).await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.repaired), (vec![(Kind::ReplicaLacks, None, 1)], 0), "{run:?}");
}

#[tokio::test]
async fn a_replica_that_differs_or_has_more_is_found() {
    let stage = Stage::in_step().await;
    stage.change(&stage.databases[1], "UPDATE orders SET symbol = 'OTHER'").await;
    let more = aged(OLD_MS);
    stage.settle_in(&stage.databases[1], &[more]).await;
    let run = stage.run().await;
    let expected = [(Kind::ReplicaDiffers, None, 3), (Kind::ReplicaAhead, None, 1)];
    assert_eq!(found(&run), expected, "{run:?}");
}

#[tokio::test]
async fn the_standby_compares_the_owner_s_database_with_its_own_copy() {
    let stage = Stage::new().await;
    stage.lease(&standby(), LeaseState::Serving).await;
    let orders = [aged(OLD_MS + 60_000), aged(OLD_MS)];
    stage.acknowledge(&orders).await;
    stage.settle_in(&stage.databases[1], &orders).await;
    stage.settle_in(&stage.databases[0], &orders[1..]).await;
    let run = stage.run().await;
    assert_eq!(found(&run), [(Kind::ReplicaLacks, None, 1)], "{run:?}");
}

#[tokio::test]
async fn without_the_replica_the_journal_is_compared_all_the_same() {
    let stage = Stage::in_step().await;
    let mut settings = stage.settings();
    let nobody = dead_address();
    settings.4.peer_endpoint = Endpoint { host: nobody.ip().to_string(), port: nobody.port() };
    let run = Reconciler::new(&stage.scene.aws, settings).expect("usable settings").run().await;
    assert_eq!((found(&run), run.orders), (vec![], 3), "{run:?}");
    assert!(run.not_compared[0].starts_with("region against region: "), "{run:?}");

    let stage = Stage::in_step().await;
    let mut settings = stage.settings();
    settings.4.endpoint = Endpoint { host: nobody.ip().to_string(), port: nobody.port() };
    let run = Reconciler::new(&stage.scene.aws, settings).expect("usable settings").run().await;
    assert!(run.not_compared[0].starts_with("orders: "), "{run:?}");
}
