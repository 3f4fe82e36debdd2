//! Goal: every queued order is settled once, by the owner of the lease, in the owner's database.
//! Method: deliver batches as Lambda does, while lease and fence say different things.

use recovery::{Epoch, Lease};
use services::database::settlement::raise_fence;

use super::stage::{Stage, settled};
use crate::database::server::now_ms;
use crate::support::{home, standby};

#[tokio::test]
async fn a_batch_is_settled_and_balanced() {
    let stage = Stage::serving().await;
    for entry in stage.acknowledged(3, &home()).await {
        stage.send(&stage.message(&entry)).await;
    }
    stage.drain(&stage.processor()).await;
    assert_eq!(settled(&stage.own).await, 3);
    assert_eq!(stage.own.number("SELECT count(*) FROM ledger").await, 6);
    assert_eq!(stage.dead_letters().await, []);
}

#[tokio::test]
async fn a_batch_waits_for_a_database_that_has_no_schema_yet() {
    let mut stage = Stage::serving().await;
    let empty = crate::database::server::empty().await;
    stage.settings.4.name = empty.name;
    stage.settings.4.user = crate::database::server::USER.to_owned();
    let message = stage.message(&stage.acknowledged(1, &home()).await[0]);
    let event = super::stage::batch(&[message], 1);
    assert_eq!(super::stage::failures(&stage.processor(), event).await, ["0"]);
}

#[tokio::test]
async fn messages_delivered_twice_settle_once() {
    let stage = Stage::serving().await;
    let (one, two) = (stage.processor(), stage.processor());
    for entry in stage.acknowledged(10, &home()).await {
        for _ in 0..2 {
            stage.send(&stage.message(&entry)).await;
        }
    }
    tokio::join!(stage.drain(&one), stage.drain(&two));
    assert_eq!(settled(&stage.own).await, 10);
    assert_eq!(stage.own.number("SELECT count(*) FROM ledger").await, 20);
}

#[tokio::test]
async fn nothing_settles_without_a_lease_or_while_its_owner_recovers_and_everything_soon_after() {
    let stage = Stage::new().await;
    let processor = stage.processor();
    for entry in stage.acknowledged(2, &home()).await {
        stage.send(&stage.message(&entry)).await;
    }
    let (received, failed) = stage.deliver(&processor).await;
    assert!(received > 0 && failed == received, "{failed} of {received}");

    let recovering = Lease::first(&standby(), now_ms()).successor(&home(), "a test", now_ms());
    stage.put_lease(&recovering).await;
    raise_fence(&mut stage.own.client().await, Epoch(2), &home()).await.expect("the database answers");
    let event = super::stage::batch(&[stage.message(&stage.acknowledged(1, &home()).await[0])], 1);
    assert_eq!(super::stage::failures(&processor, event).await, ["0"]);
    assert_eq!(settled(&stage.own).await, 0);

    stage.replace_lease(&recovering, &recovering.serving()).await;
    stage.drain(&processor).await;
    assert_eq!(settled(&stage.own).await, 2);
    assert_eq!(stage.own.number("SELECT max(settled_epoch) FROM orders").await, 2);
}

#[tokio::test]
async fn nothing_settles_while_the_database_goes_home_and_everything_afterwards() {
    let stage = Stage::new().await;
    let processor = stage.processor();
    let draining = Lease::first(&home(), now_ms()).draining();
    stage.put_lease(&draining).await;
    for entry in stage.acknowledged(2, &home()).await {
        stage.send(&stage.message(&entry)).await;
    }
    let (received, failed) = stage.deliver(&processor).await;
    assert!(received > 0 && failed == received, "{failed} of {received}");
    assert_eq!(settled(&stage.own).await, 0);
    stage.replace_lease(&draining, &draining.undrained()).await;
    stage.drain(&processor).await;
    assert_eq!(settled(&stage.own).await, 2);
}

#[tokio::test]
async fn the_owners_database_is_used_from_the_other_region_too() {
    let stage = Stage::new().await;
    stage.put_lease(&Lease::first(&standby(), now_ms())).await;
    let processor = stage.processor();
    for entry in stage.acknowledged(2, &home()).await {
        stage.send(&stage.message(&entry)).await;
    }
    stage.drain(&processor).await;
    assert_eq!(settled(&stage.peer).await, 2);
    assert_eq!(stage.peer.number("SELECT count(*) FROM orders WHERE settled_region = 'us-east-1'").await, 2);
}

#[tokio::test]
async fn a_fence_at_another_epoch_keeps_everything_in_the_queue() {
    let stage = Stage::serving().await;
    let processor = stage.processor();
    let first = stage.acknowledged(1, &home()).await;
    stage.send(&stage.message(&first[0])).await;
    stage.drain(&processor).await;
    raise_fence(&mut stage.own.client().await, Epoch(2), &standby()).await.expect("the database answers");

    let bodies: Vec<_> =
        stage.acknowledged(2, &home()).await.iter().map(|entry| stage.message(entry)).collect();
    assert_eq!(super::stage::failures(&processor, super::stage::batch(&bodies, 1)).await, ["0", "1"]);
    assert_eq!(settled(&stage.own).await, 1);
}
