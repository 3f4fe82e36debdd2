//! Goal: what cannot be reached costs time, never an order. Method: take the database, the
//! journal or the queue's helpers away, and look at what the processor asks to see again.

use services::processor::Processor;
use services::settings::Endpoint;

use super::stage::{Stage, batch, failures, settled};
use crate::support::{dead_address, home};

#[tokio::test]
async fn an_unreachable_database_fails_every_message_and_loses_none() {
    let mut stage = Stage::serving().await;
    let entries = stage.acknowledged(3, &home()).await;
    for entry in &entries {
        stage.send(&stage.message(entry)).await;
    }
    let reachable = stage.settings.4.endpoint.clone();
    let nobody = dead_address();
    stage.settings.4.endpoint = Endpoint { host: nobody.ip().to_string(), port: nobody.port() };
    let (received, failed) = stage.deliver(&stage.processor()).await;
    assert!(received > 0 && failed == received, "{failed} of {received}");
    assert_eq!(stage.depth(&stage.settings.2.name).await, 3);

    stage.settings.4.endpoint = reachable;
    stage.drain(&stage.processor()).await;
    assert_eq!(settled(&stage.own).await, 3);
    assert_eq!(stage.dead_letters().await, []);
}

#[tokio::test]
async fn a_connection_that_breaks_between_batches_is_made_again() {
    let stage = Stage::serving().await;
    let processor = stage.processor();
    let [first, second] = [stage.acknowledged(1, &home()).await, stage.acknowledged(1, &home()).await];
    assert!(failures(&processor, batch(&[stage.message(&first[0])], 1)).await.is_empty());
    let end_all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'order-processor'";
    let ended = stage.own.administrator().await.query_one(end_all, &[]).await.expect("it may");
    assert_eq!(ended.get::<_, i64>(0), 1);
    assert!(failures(&processor, batch(&[stage.message(&second[0])], 1)).await.is_empty());
    assert_eq!(settled(&stage.own).await, 2);
}

#[tokio::test]
async fn an_unreachable_journal_fails_every_order_and_still_puts_poison_aside() {
    let mut stage = Stage::serving().await;
    let message = stage.message(&stage.acknowledged(1, &home()).await[0]);
    stage.settings.1.table = "no-such-table".to_owned();
    let event = batch(&[message, "poison".to_owned()], 5);
    assert_eq!(failures(&stage.processor(), event).await, ["0"]);
    assert_eq!(stage.dead_letters().await.len(), 1);
}

#[tokio::test]
async fn poison_stays_in_the_queue_while_the_dead_letter_queue_is_away() {
    let mut stage = Stage::serving().await;
    stage.settings.3.name = "no-such-queue".to_owned();
    let message = stage.message(&stage.acknowledged(1, &home()).await[0]);
    let event = batch(&[message, "poison".to_owned()], 1);
    assert_eq!(failures(&stage.processor(), event).await, ["1"]);
    assert_eq!(settled(&stage.own).await, 1);
}

#[tokio::test]
async fn an_empty_batch_needs_nothing() {
    let mut stage = Stage::new().await;
    stage.settings.1.table = "no-such-table".to_owned();
    let processor: Processor = stage.processor();
    assert!(failures(&processor, batch(&[], 1)).await.is_empty());
}
