//! Goal: what cannot be reached costs time, never an order. Method: take the database, the
//! journal or the queue's helpers away, and look at what the processor asks to see again.

use recovery::Lease;
use services::database::settlement::raise_fence;
use services::processor::{BATCH_LIMIT, Processor};
use services::settings::Endpoint;

use super::stage::{Stage, batch, failures, settled};
use crate::database::server::now_ms;
use crate::support::{config, dead_address, home, standby};

#[tokio::test]
async fn a_nudge_asks_nobody() {
    let mut stage = Stage::new().await;
    let nobody = dead_address();
    stage.settings.4.endpoint = Endpoint { host: nobody.ip().to_string(), port: nobody.port() };
    let nudge = serde_json::from_value(services::nudge::event()).expect("a batch without a message");
    let begun = std::time::Instant::now();
    let answer = services::processor::process(&stage.processor(), nudge).await;
    assert!(answer.batch_item_failures.is_empty());
    assert!(begun.elapsed() < BATCH_LIMIT / 10, "it has not looked for anything");
}

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
async fn an_unreachable_database_is_left_alone_until_the_lease_moves() {
    let mut stage = Stage::new().await;
    let nobody = dead_address();
    stage.settings.4.peer_endpoint = Endpoint { host: nobody.ip().to_string(), port: nobody.port() };
    let peers = Lease::first(&standby(), now_ms());
    stage.put_lease(&peers).await;
    let processor = stage.processor();
    let message = stage.message(&stage.acknowledged(1, &home()).await[0]);
    for _ in 0..2 {
        assert_eq!(failures(&processor, batch(std::slice::from_ref(&message), 1)).await, ["0"]);
    }
    let own = peers.successor(&home(), "a test", now_ms()).serving();
    stage.replace_lease(&peers, &own).await;
    raise_fence(&mut stage.own.client().await, own.epoch, &home()).await.expect("the database answers");
    assert!(failures(&processor, batch(&[message], 1)).await.is_empty());
    assert_eq!(settled(&stage.own).await, 1);
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

#[tokio::test]
async fn silence_everywhere_ends_before_lambda_does() {
    let stage = Stage::new().await;
    // Accepts connections in its backlog and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("a bound port"));
    let processor = Processor::new(&config(&home(), &endpoint).await, stage.settings.clone());
    let processor = processor.expect("the settings are valid");
    let bodies = [stage.message(&crate::database::server::entries(1)[0]), "poison".to_owned()];
    let began = std::time::Instant::now();
    assert_eq!(failures(&processor, batch(&bodies, 1)).await, ["0", "1"]);
    assert!(began.elapsed() < BATCH_LIMIT, "{:?}", began.elapsed());
    assert!(BATCH_LIMIT <= std::time::Duration::from_secs(28), "the function has 30 s: {BATCH_LIMIT:?}");
}
