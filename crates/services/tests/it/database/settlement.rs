//! Goal: an order is settled once and whole, or not at all, however often and from wherever it
//! is tried. Method: repeat, race, break and spoil batches, then count in the database.

use recovery::Epoch;
use recovery::order::Side;
use rust_decimal::Decimal;
use services::database::DatabaseError;
use services::database::settlement::{Settled, Settlement, Source, missing, settle, settled_at, watermark};
use services::journal::Entry;
use tokio_postgres::Client;

use super::server::{FIRST, Scratch, empty, entries, entry, eventually, home, ids, migrated, now_ms};

async fn settle_now(client: &mut Client, batch: &[Entry]) -> Settled {
    match settle(client, FIRST, &home(), Source::Queue, batch).await.expect("the database answers") {
        Settlement::Settled(settled) => settled,
        refused => panic!("{refused:?}"),
    }
}

async fn counts(scratch: &Scratch) -> [i64; 3] {
    [
        scratch.number("SELECT count(*) FROM orders").await,
        scratch.number("SELECT count(*) FROM ledger").await,
        scratch.number("SELECT count(*) FROM outbox").await,
    ]
}

#[tokio::test]
async fn the_same_batch_twice_settles_once() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let batch = entries(7);
    assert_eq!(settle_now(&mut client, &batch).await, Settled { settled: ids(&batch), ..Settled::default() });
    assert_eq!(settle_now(&mut client, &batch).await, Settled { already: ids(&batch), ..Settled::default() });
    assert_eq!(counts(&scratch).await, [7, 14, 7]);
}

#[tokio::test]
async fn a_batch_may_hold_an_order_twice_and_may_be_empty() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let batch = entries(2);
    let doubled = [batch.clone(), batch.clone()].concat();
    assert_eq!(
        settle_now(&mut client, &doubled).await,
        Settled { settled: ids(&batch), ..Settled::default() }
    );
    assert_eq!(settle_now(&mut client, &[]).await, Settled::default());
    assert_eq!(counts(&scratch).await, [2, 4, 2]);
}

#[tokio::test]
async fn what_is_settled_is_what_was_acknowledged() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let buy = entry(Side::Buy, 3, "19.995");
    let sell = entry(Side::Sell, 5, "0.01");
    settle_now(&mut client, std::slice::from_ref(&buy)).await;
    let replayed = settle(&mut client, FIRST, &home(), Source::Replay, std::slice::from_ref(&sell)).await;
    assert!(matches!(replayed, Ok(Settlement::Settled(_))), "{replayed:?}");

    let order = client
        .query_one(
            "SELECT account, symbol, side, quantity, limit_price, settled_epoch, settled_by, settled_region,
                    (extract(epoch FROM acknowledged_at) * 1000)::bigint
             FROM orders WHERE id = $1",
            &[&buy.order.id.as_uuid()],
        )
        .await
        .expect("it is there");
    assert_eq!(order.get::<_, &str>(0), "ACCOUNT-1");
    assert_eq!(order.get::<_, &str>(1), "ACME");
    assert_eq!(order.get::<_, &str>(2), "buy");
    assert_eq!(order.get::<_, i64>(3), 3);
    assert_eq!(order.get::<_, Decimal>(4).to_string(), "19.995");
    assert_eq!(order.get::<_, i64>(5), 1);
    assert_eq!(order.get::<_, &str>(6), "queue");
    assert_eq!(order.get::<_, &str>(7), "us-east-1");
    assert_eq!(u64::try_from(order.get::<_, i64>(8)), Ok(buy.acknowledged_at_ms));
    assert_eq!(scratch.number("SELECT count(*) FROM orders WHERE settled_by = 'replay'").await, 1);

    let legs = "SELECT balance, asset, amount FROM ledger WHERE order_id = $1 ORDER BY balance";
    let of = async |entry: &Entry| -> Vec<(String, String, String)> {
        let rows = client.query(legs, &[&entry.order.id.as_uuid()]).await.expect("the query is valid");
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get::<_, Decimal>(2).normalize().to_string()))
            .collect()
    };
    let leg =
        |balance: &str, asset: &str, amount: &str| (balance.to_owned(), asset.to_owned(), amount.to_owned());
    assert_eq!(of(&buy).await, [leg("available", "USD", "-59.985"), leg("reserved", "USD", "59.985")]);
    assert_eq!(of(&sell).await, [leg("available", "ACME", "-5"), leg("reserved", "ACME", "5")]);

    let payload: serde_json::Value = client
        .query_one("SELECT payload FROM outbox WHERE order_id = $1", &[&buy.order.id.as_uuid()])
        .await
        .expect("it is announced")
        .get(0);
    assert_eq!(payload["order_id"], buy.order.id.to_string());
    assert_eq!(payload["limit_price"], "19.995");
}

#[tokio::test]
async fn racing_writers_settle_each_order_once() {
    let scratch = migrated().await;
    let (mut one, mut two) = (scratch.client().await, scratch.client().await);
    for _ in 0..20 {
        let batch = entries(25);
        let reversed: Vec<Entry> = batch.iter().rev().cloned().collect();
        let (first, second) = tokio::join!(settle_now(&mut one, &batch), settle_now(&mut two, &reversed));
        let mut settled = [first.settled.clone(), second.settled.clone()].concat();
        settled.sort_unstable();
        assert_eq!(settled, ids(&batch));
        assert_eq!(first.settled.len() + first.already.len(), batch.len());
        assert_eq!(second.settled.len() + second.already.len(), batch.len());
    }
    assert_eq!(counts(&scratch).await, [500, 1000, 500]);
}

#[tokio::test]
async fn a_connection_lost_before_the_commit_leaves_nothing() {
    let scratch = migrated().await;
    let batch = entries(5);
    // Holds the batch's last order uncommitted, so that settling it stops after the other inserts.
    let mut blocker = scratch.client().await;
    let hold = blocker.transaction().await.expect("a transaction starts");
    let last = batch[4].order.id.as_uuid();
    hold.execute(
        "INSERT INTO orders VALUES ($1, 'A', 'S', 'buy', 1, 1, now(), now(), 1, 'queue', 'us-east-1')",
        &[&last],
    )
    .await
    .expect("the order is new");

    let mut client = scratch.client().await;
    let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.expect("it answers").get(0);
    let settling = tokio::spawn({
        let batch = batch.clone();
        async move { settle(&mut client, FIRST, &home(), Source::Queue, &batch).await }
    });
    let observer = scratch.client().await;
    eventually("the settlement waits for the held order", async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)";
        observer.query_one(waits, &[&pid]).await.expect("it answers").get(0)
    })
    .await;
    let killed = observer.query_one("SELECT pg_terminate_backend($1)", &[&pid]).await.expect("it answers");
    assert!(killed.get::<_, bool>(0));
    settling.await.expect("it does not panic").expect_err("its connection is gone");
    hold.rollback().await.expect("it rolls back");

    assert_eq!(counts(&scratch).await, [0, 0, 0]);
    assert_eq!(settle_now(&mut blocker, &batch).await.settled, ids(&batch));
    assert_eq!(counts(&scratch).await, [5, 10, 5]);
}

#[tokio::test]
async fn an_order_the_database_cannot_hold_is_rejected_alone() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let good = entries(3);
    let too_late = Entry { acknowledged_at_ms: i64::MAX as u64, ..entry(Side::Buy, 1, "1") };
    let beyond_bigint = entry(Side::Buy, u64::MAX, "1");
    let mut zero_byte = entry(Side::Sell, 1, "1");
    zero_byte.order.account = "A\0B".to_owned();
    let free = entry(Side::Buy, 1, "0");
    let bad = [too_late, beyond_bigint, zero_byte, free];
    let batch = [&good[..], &bad[..]].concat();

    let settled = settle_now(&mut client, &batch).await;
    assert_eq!(settled.settled, ids(&good));
    let mut rejected: Vec<_> = settled.rejected.iter().map(|one| one.id).collect();
    rejected.sort_unstable();
    assert_eq!(rejected, ids(&bad));
    assert!(settled.rejected.iter().all(|one| !one.reason.is_empty() && !one.reason.contains("ACCOUNT")));
    assert_eq!(counts(&scratch).await, [3, 6, 3]);
}

#[tokio::test]
async fn the_largest_valid_order_settles() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let largest = entry(Side::Buy, recovery::order::QUANTITY_MAX, &Decimal::MAX.to_string());
    let settled = settle_now(&mut client, std::slice::from_ref(&largest)).await;
    assert_eq!(settled.settled, [largest.order.id]);
    assert_eq!(scratch.number("SELECT sum(amount)::bigint FROM ledger").await, 0);
}

#[tokio::test]
async fn a_replay_learns_what_is_missing_and_from_when() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    assert_eq!(watermark(&client).await.expect("it answers"), None);
    let mut batch = entries(4);
    batch[1].acknowledged_at_ms += 5_000;
    let before = now_ms();
    settle_now(&mut client, &batch[..3]).await;

    assert_eq!(watermark(&client).await.expect("it answers"), Some(batch[1].acknowledged_at_ms));
    let asked: Vec<_> = batch.iter().map(|entry| entry.order.id).collect();
    assert_eq!(missing(&client, &asked).await.expect("it answers"), [batch[3].order.id]);
    assert_eq!(missing(&client, &[]).await.expect("it answers"), []);
    assert_eq!(settled_at(&client, batch[3].order.id).await.expect("it answers"), None);
    let at = settled_at(&client, batch[0].order.id).await.expect("it answers").expect("it is settled");
    assert!((before..=now_ms()).contains(&at), "{at}");
}

#[tokio::test]
async fn a_database_without_the_schema_says_so() {
    let scratch = empty().await;
    let mut client = scratch.client().await;
    let outcome = settle(&mut client, FIRST, &home(), Source::Queue, &entries(1)).await;
    assert!(matches!(outcome, Err(DatabaseError::NoSchema)), "{outcome:?}");
}

#[tokio::test]
async fn a_read_only_database_says_so() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    client.batch_execute("SET default_transaction_read_only = on").await.expect("it answers");
    let outcome = settle(&mut client, Epoch(1), &home(), Source::Queue, &entries(1)).await;
    assert!(matches!(outcome, Err(DatabaseError::ReadOnly)), "{outcome:?}");
}
