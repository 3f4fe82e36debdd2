//! Goal: what no retry can help leaves the queue with its reason and takes nobody along.
//! Method: mix good messages with malformed, absent and impossible ones.

use recovery::order::Side;
use services::journal::Journal;

use super::stage::{Stage, batch, failures, settled};
use crate::database::server::{entries, entry, now_ms};
use crate::support::home;

#[tokio::test]
async fn malformed_messages_leave_with_their_reason_and_the_others_settle() {
    let stage = Stage::serving().await;
    let oversized = format!(r#"{{"order_id":"{}"}}"#, "x".repeat(100_000));
    let good = stage.acknowledged(2, &home()).await;
    for body in
        [&stage.message(&good[0]), "not json", r#"{"order_id":7}"#, &oversized, &stage.message(&good[1])]
    {
        stage.send(body).await;
    }
    stage.drain(&stage.processor()).await;
    assert_eq!(settled(&stage.own).await, 2);
    let letters = stage.dead_letters().await;
    let bodies: Vec<_> = letters.iter().map(|(body, _)| body.as_str()).collect();
    assert_eq!(bodies, ["not json", &oversized, r#"{"order_id":7}"#]);
    assert!(letters.iter().all(|(_, reason)| reason.starts_with("not an order message")), "{letters:?}");
}

#[tokio::test]
async fn an_order_that_the_journal_lacks_is_waited_for_twice_and_then_put_aside() {
    let stage = Stage::serving().await;
    let processor = stage.processor();
    let known = stage.message(&stage.acknowledged(1, &home()).await[0]);
    let bodies = [stage.message(&entries(1)[0]), known];
    assert_eq!(failures(&processor, batch(&bodies, 1)).await, ["0"]);
    assert_eq!(failures(&processor, batch(&bodies, 2)).await, ["0"]);
    assert_eq!(stage.dead_letters().await, []);
    assert!(failures(&processor, batch(&bodies, 3)).await.is_empty());
    let letters = stage.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].0, bodies[0]);
    assert!(letters[0].1.contains("the journal has no such order"), "{letters:?}");
    assert_eq!(settled(&stage.own).await, 1);
}

#[tokio::test]
async fn the_message_is_never_trusted_for_the_orders_content_or_place() {
    let stage = Stage::serving().await;
    let order = &stage.acknowledged(1, &home()).await[0].order;
    let elsewhere = format!(r#"{{"order_id":"{}","journal_partition":"lease"}}"#, order.id);
    assert!(failures(&stage.processor(), batch(&[elsewhere], 1)).await.is_empty());
    assert_eq!(settled(&stage.own).await, 1);
}

#[tokio::test]
async fn an_order_the_database_cannot_hold_is_put_aside_and_the_others_settle() {
    let stage = Stage::serving().await;
    let good = stage.acknowledged(1, &home()).await;
    let worthless = entry(Side::Buy, 1, "0");
    let journal = Journal::new(stage.dynamodb(), stage.settings.1.clone(), home());
    journal.put(&worthless.order, now_ms()).await.expect("the table answers");
    let bodies = [stage.message(&worthless), stage.message(&good[0])];
    assert!(failures(&stage.processor(), batch(&bodies, 1)).await.is_empty());
    assert_eq!(settled(&stage.own).await, 1);
    let letters = stage.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].1.starts_with("the database cannot hold the order"), "{letters:?}");
}
