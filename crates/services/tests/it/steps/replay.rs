//! Goal: a replay settles exactly the acknowledged orders that the database lacks, and ends the
//! same however often it is killed and begun anew. Method: a journal whose last orders never
//! reached the database, replayed whole, in pieces, and again.

use std::time::Duration;

use recovery::step::{Action, Outcome};
use recovery::{Epoch, OrderId};
use services::database::settlement::{Source, raise_fence, settle};
use services::journal::{Entry, Journal};
use services::steps::StepError;
use tokio::time::timeout;

use super::stage::Stage;
use crate::database::server::entries;
use crate::support::{home, standby};

const ORDERS: u64 = 60;
const SETTLED: usize = 35;

/// Sixty orders are acknowledged, the first of which were settled before the region was lost.
async fn lose_the_last(stage: &Stage) -> Vec<Entry> {
    let journal = Journal::new(stage.scene.dynamodb(), stage.scene.settings.1.clone(), home());
    let all = entries(ORDERS);
    for entry in &all {
        journal.put(&entry.order, entry.acknowledged_at_ms).await.expect("the journal takes it");
    }
    let mut client = stage.database.client().await;
    let before = settle(&mut client, Epoch::FIRST, &home(), Source::Queue, &all[..SETTLED]).await;
    before.expect("the database takes them");
    raise_fence(&mut client, Epoch(2), &standby()).await.expect("the fence can be raised");
    all
}

async fn to_the_end(stage: &Stage) -> u64 {
    let (mut replayed, mut cursor) = (0, None);
    for _ in 0..100 {
        let outcome: Outcome = stage.go_on(Action::ReplayJournal, cursor).await.expect("the lease is ours");
        replayed += outcome.replayed;
        if outcome.done {
            assert_eq!(outcome.cursor, None);
            return replayed;
        }
        cursor = outcome.cursor;
    }
    panic!("the replay does not end");
}

async fn assert_whole(stage: &Stage) {
    let database = &stage.database;
    let orders = i64::try_from(ORDERS).expect("it is small");
    assert_eq!(database.number("SELECT count(*) FROM orders").await, orders);
    assert_eq!(database.number("SELECT count(*) FROM ledger").await, 2 * orders);
    assert_eq!(database.number("SELECT count(*) FROM outbox").await, orders);
    let replayed = "SELECT count(*) FROM orders WHERE settled_by = 'replay' AND settled_epoch = 2 \
                    AND settled_region = 'us-east-2'";
    assert_eq!(database.number(replayed).await, orders - i64::try_from(SETTLED).expect("it is small"));
    let unbalanced =
        "SELECT count(*) FROM (SELECT asset FROM ledger GROUP BY asset HAVING sum(amount) <> 0) AS a";
    assert_eq!(database.number(unbalanced).await, 0);
}

#[tokio::test]
async fn exactly_the_missing_orders_are_replayed_once() {
    let stage = Stage::new().await;
    lose_the_last(&stage).await;
    assert_eq!(to_the_end(&stage).await, ORDERS - SETTLED as u64);
    assert_whole(&stage).await;
    assert_eq!(to_the_end(&stage).await, 0, "a second replay finds nothing");
    assert_whole(&stage).await;
}

#[tokio::test]
async fn a_database_that_lost_everything_gets_every_order() {
    let stage = Stage::new().await;
    lose_the_last(&stage).await;
    let administrator = stage.database.administrator().await;
    administrator.batch_execute("TRUNCATE orders, ledger, outbox").await.expect("they are tables");
    assert_eq!(to_the_end(&stage).await, ORDERS);
}

#[tokio::test]
async fn a_replay_that_is_killed_ends_the_same() {
    let stage = Stage::new().await;
    lose_the_last(&stage).await;
    let mut killed = 0;
    for ms in (5..400).step_by(15) {
        match timeout(Duration::from_millis(ms), stage.run(Action::ReplayJournal)).await {
            Ok(outcome) => drop(outcome.expect("the lease is ours")),
            Err(_) => killed += 1,
        }
    }
    assert!(killed > 0, "no replay was killed");
    to_the_end(&stage).await;
    assert_whole(&stage).await;
}

#[tokio::test]
async fn a_fence_elsewhere_lets_nothing_through() {
    let stage = Stage::new().await;
    lose_the_last(&stage).await;
    let mut client = stage.database.client().await;
    raise_fence(&mut client, Epoch(3), &home()).await.expect("the fence can be raised");
    let error = stage.run(Action::ReplayJournal).await.expect_err("the fence is above");
    assert!(matches!(error, StepError::NotOwner(_)), "{error}");
    let settled = i64::try_from(SETTLED).expect("it is small");
    assert_eq!(stage.database.number("SELECT count(*) FROM orders").await, settled);
}

#[tokio::test]
async fn what_was_replayed_is_equal_to_the_journal_and_what_was_changed_since_is_not() {
    let stage = Stage::new().await;
    let journal = Journal::new(stage.scene.dynamodb(), stage.scene.settings.1.clone(), home());
    let mut orders = entries(4);
    for entry in &mut orders {
        let at_ms = entry.acknowledged_at_ms - 150_000;
        let mut random = [0; 10];
        random.copy_from_slice(&entry.order.id.as_uuid().as_bytes()[6..]);
        let id = uuid::Builder::from_unix_timestamp_millis(at_ms, &random).into_uuid();
        (entry.order.id, entry.acknowledged_at_ms) = (OrderId::new(id).expect("version 7"), at_ms);
        journal.put(&entry.order, at_ms).await.expect("the journal takes it");
    }
    let mut client = stage.database.client().await;
    raise_fence(&mut client, Epoch(2), &standby()).await.expect("the fence can be raised");
    let missing = stage.run(Action::CompareJournal).await.expect_err("nothing is replayed yet");
    assert!(matches!(&missing, StepError::NotYet(why) if why.contains("acknowledged orders")), "{missing}");
    assert_eq!(to_the_end(&stage).await, 4);
    let equal = stage.run(Action::CompareJournal).await.expect("everything is replayed");
    assert!(equal.done && equal.detail.contains("4 orders"), "{equal:?}");
    let administrator = stage.database.administrator().await;
    administrator.batch_execute("UPDATE orders SET quantity = 77").await.expect("it may");
    let changed = stage.run(Action::CompareJournal).await.expect_err("it is not what was acknowledged");
    assert!(matches!(&changed, StepError::Transient { .. }), "{changed}");
    let damaged = stage.go_on(Action::CompareJournal, Some("7".to_owned())).await;
    assert!(matches!(damaged, Err(StepError::Invalid(_))), "{damaged:?}");
}
