//! Goal: the worker settles what its queue holds, as the function does, and ends cleanly. Method: the
//! program as a process, a queue of the emulator, real databases.

use aws_sdk_sqs::types::QueueAttributeName;
use recovery::setting;
use tokio::process::Command;

use super::process::{Container, LIMIT, WORKER, with_credentials};
use crate::database::server::{Scratch, eventually};
use crate::processor::stage::{Stage, settled};
use crate::support::{config, emulator, home};

/// The program in a stage, with so many hands.
pub async fn in_stage(stage: &Stage, hands: u32) -> Command {
    let (regions, journal, queue, dead_letters, database) = stage.settings.clone();
    let mut command = with_credentials(WORKER).await;
    command.envs([
        (setting::HOME_REGION, regions.home.to_string()),
        (setting::PEER_REGION, regions.peer.to_string()),
        (setting::JOURNAL_TABLE, journal.table),
        (setting::JOURNAL_SHARDS, journal.shards.to_string()),
        (setting::ORDER_QUEUE, queue.name),
        (setting::DEAD_LETTER_QUEUE, dead_letters.name),
        (setting::DATABASE_ENDPOINT, database.endpoint.to_string()),
        (setting::PEER_DATABASE_ENDPOINT, database.peer_endpoint.to_string()),
        (setting::DATABASE_NAME, database.name),
        (setting::DATABASE_USER, database.user),
        (setting::DATABASE_TLS, "prefer".to_owned()),
        (setting::DATABASE_CONNECTIONS, hands.to_string()),
    ]);
    command
}

/// So many orders in the journal and in the queue.
pub async fn queued(stage: &Stage, count: u64) {
    for entry in stage.acknowledged(count, &home()).await {
        stage.send(&stage.message(&entry)).await;
    }
}

/// Whether somebody's settlement waits for a lock.
async fn waits(own: &Scratch) -> bool {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                   AND application_name = 'order-processor' AND wait_event_type = 'Lock'";
    let row = own.administrator().await.query_one(waiting, &[]).await.expect("it may look");
    row.get::<_, i64>(0) > 0
}

/// Keeps settlements from ending until it is dropped; returns when one of them waits.
pub async fn hold(own: &Scratch) -> tokio_postgres::Client {
    let holder = own.administrator().await;
    holder.batch_execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").await.expect("nobody holds it");
    eventually("a settlement waits", || waits(own)).await;
    holder
}

#[tokio::test]
async fn it_settles_what_the_queue_holds_with_several_hands_and_ends_when_told() {
    let stage = Stage::serving().await;
    queued(&stage, 35).await;
    let mut worker = Container::start(in_stage(&stage, 4).await).await;
    eventually("the queue is empty", || async { stage.depth(&stage.settings.2.name).await == 0 }).await;
    assert_eq!(settled(&stage.own).await, 35);
    assert_eq!(stage.own.number("SELECT count(*) FROM ledger").await, 70);
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                       AND application_name = 'order-processor'";
    let kept = stage.own.administrator().await.query_one(connections, &[]).await.expect("it may look");
    assert!((1..=4).contains(&kept.get::<_, i64>(0)));
    worker.signal("TERM").await;
    assert!(worker.ended().await.success());
    assert_eq!(stage.dead_letters().await, []);
}

#[tokio::test]
async fn the_batch_in_hand_is_settled_before_it_ends() {
    let stage = Stage::serving().await;
    queued(&stage, 3).await;
    let mut worker = Container::start(in_stage(&stage, 1).await).await;
    let holder = hold(&stage.own).await;
    worker.signal("TERM").await;
    drop(holder);
    assert!(worker.ended().await.success());
    let left = stage.depth(&stage.settings.2.name).await;
    assert_eq!(settled(&stage.own).await + i64::try_from(left).expect("a few"), 3);
    assert!(left < 3, "the batch in hand was settled and taken out");
}

#[tokio::test]
async fn it_says_that_it_is_alive_and_silence_says_that_it_is_not() {
    let stage = Stage::serving().await;
    let mut worker = Container::start(in_stage(&stage, 1).await).await;
    let mut question = super::process::command(WORKER);
    question.arg("--alive").env(setting::LISTEN, worker.address.to_string());
    let asked = question.output().await.expect("it runs");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    worker.signal("KILL").await;
    worker.ended().await;
    let asked = question.output().await.expect("it runs");
    assert_eq!(asked.status.code(), Some(1));
    let mistyped = super::process::command(WORKER).arg("--alvie").output().await.expect("it runs");
    assert_eq!(mistyped.status.code(), Some(2));
}

/// Has the queue put aside what was received twice.
async fn redrive(stage: &Stage) {
    let sqs = aws_sdk_sqs::Client::new(&config(&home(), &emulator().await).await);
    let (queue, dead) = (&stage.settings.2.name, &stage.settings.3.name);
    let url = sqs.get_queue_url().queue_name(queue).send().await.expect("it exists").queue_url;
    let policy = format!(
        r#"{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:{dead}","maxReceiveCount":"2"}}"#
    );
    let set = sqs.set_queue_attributes().queue_url(url.expect("a queue has a URL"));
    set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.expect("both queues exist");
}

#[tokio::test]
async fn what_comes_back_too_often_is_put_aside_by_the_queue_and_poison_at_once_with_its_reason() {
    // Nobody owns the lease, so that nothing can be settled.
    let stage = Stage::new().await;
    redrive(&stage).await;
    queued(&stage, 1).await;
    stage.send("poison").await;
    let _worker = Container::start(in_stage(&stage, 1).await).await;
    let aside = || async { stage.depth(&stage.settings.3.name).await == 2 };
    tokio::time::timeout(LIMIT, async {
        while !aside().await {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("both are put aside");
    assert_eq!(stage.depth(&stage.settings.2.name).await, 0);
    let letters = stage.dead_letters().await;
    assert!(letters.iter().any(|(body, reason)| body == "poison" && reason.starts_with("not an order")));
    assert!(letters.iter().any(|(body, reason)| body.contains("order_id") && reason.is_empty()));
    assert_eq!(settled(&stage.own).await, 0);
}
