//! Goal: below the fence nothing is written, and the fence only rises. Method: settle, write past
//! the settlement code and move the fence under several epochs, also at the same time.

use recovery::Epoch;
use services::database::settlement::{Raise, Settlement, Source, fence, is_writable, raise_fence, settle};
use services::database::{DatabaseError, migrations};
use tokio_postgres::Client;

use super::server::{FIRST, empty, entries, eventually, home, migrated};

async fn settle_under(client: &mut Client, epoch: u64) -> Settlement {
    settle(client, Epoch(epoch), &home(), Source::Queue, &entries(1)).await.expect("the database answers")
}

#[tokio::test]
async fn only_the_fences_own_epoch_settles() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let refused = |fence, mine| Settlement::Refused { fence: Epoch(fence), mine: Epoch(mine) };
    assert_eq!(settle_under(&mut client, 2).await, refused(1, 2));
    assert!(matches!(settle_under(&mut client, 1).await, Settlement::Settled(_)));

    let raised = raise_fence(&mut client, Epoch(2), &home()).await.expect("the database answers");
    assert_eq!(raised, Raise::Raised { from: Epoch(1) });
    assert_eq!(settle_under(&mut client, 1).await, refused(2, 1));
    assert!(matches!(settle_under(&mut client, 2).await, Settlement::Settled(_)));
    assert_eq!(scratch.number("SELECT count(*) FROM orders").await, 2);
}

#[tokio::test]
async fn the_fence_only_rises() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let mut raise =
        async |to| raise_fence(&mut client, Epoch(to), &home()).await.expect("the database answers");
    assert_eq!(raise(1).await, Raise::Already);
    assert_eq!(raise(5).await, Raise::Raised { from: Epoch(1) });
    assert_eq!(raise(5).await, Raise::Already);
    assert_eq!(raise(4).await, Raise::Above { fence: Epoch(5) });
    assert_eq!(fence(&client).await.expect("the database answers"), Epoch(5));
    for attempt in [
        "UPDATE fence SET epoch = 4",
        "UPDATE fence SET epoch = 5, owner = 'us-west-1'",
        "DELETE FROM fence",
        "INSERT INTO fence (epoch, owner) VALUES (9, 'us-west-1')",
        "INSERT INTO fence (single, epoch, owner) VALUES (false, 9, 'us-west-1')",
    ] {
        client.batch_execute(attempt).await.expect_err(attempt);
    }
    assert_eq!(fence(&client).await.expect("the database answers"), Epoch(5));
}

#[tokio::test]
async fn the_database_itself_refuses_writes_below_the_fence() {
    let scratch = migrated().await;
    let mut client = scratch.client().await;
    let Settlement::Settled(settled) = settle_under(&mut client, 1).await else {
        panic!("the fence stands at 1")
    };
    raise_fence(&mut client, Epoch(3), &home()).await.expect("the database answers");
    let order = settled.settled[0];
    let into_orders = |epoch| {
        format!(
            "INSERT INTO orders VALUES (gen_random_uuid(), 'A', 'S', 'buy', 1, 1, now(), now(), {epoch}, 'queue', 'r')"
        )
    };
    let into_ledger = |epoch| {
        format!(
            "DELETE FROM ledger; INSERT INTO ledger (order_id, account, balance, asset, amount, epoch)
             VALUES ('{order}', 'A', 'reserved', 'USD', 1, {epoch})"
        )
    };
    let into_outbox = |epoch| {
        format!(
            "INSERT INTO outbox (order_id, kind, payload, epoch) VALUES ('{order}', 'k', '{{}}', {epoch})"
        )
    };
    for (write, allowed) in
        [(into_orders(2), into_orders(3)), (into_ledger(2), into_ledger(3)), (into_outbox(2), into_outbox(3))]
    {
        let error = DatabaseError::from(client.batch_execute(&write).await.expect_err(&write));
        assert!(matches!(error, DatabaseError::BelowFence), "{error:?}");
        client.batch_execute(&allowed).await.expect(&allowed);
    }
}

#[tokio::test]
async fn raising_waits_for_a_settlement_that_runs_and_none_slips_through() {
    let scratch = migrated().await;
    let mut old_writer = scratch.client().await;
    let running = old_writer.transaction().await.expect("a transaction starts");
    running.query_one("SELECT epoch FROM fence FOR SHARE", &[]).await.expect("the fence is there");

    let mut raiser = scratch.client().await;
    let pid: i32 = raiser.query_one("SELECT pg_backend_pid()", &[]).await.expect("it answers").get(0);
    let raising = tokio::spawn(async move { raise_fence(&mut raiser, Epoch(2), &home()).await });
    let observer = scratch.client().await;
    eventually("the raise waits for the running settlement", async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)";
        observer.query_one(waits, &[&pid]).await.expect("it answers").get(0)
    })
    .await;
    running
        .batch_execute(
            "INSERT INTO orders VALUES (gen_random_uuid(), 'A', 'S', 'buy', 1, 1, now(), now(), 1, 'queue', 'r')",
        )
        .await
        .expect("its epoch is still the fence's");
    running.commit().await.expect("it was first");
    let raised = raising.await.expect("it does not panic").expect("the database answers");
    assert_eq!(raised, Raise::Raised { from: FIRST });
    assert!(matches!(settle_under(&mut old_writer, 1).await, Settlement::Refused { .. }));
}

#[tokio::test]
async fn a_frozen_writer_does_not_keep_the_fence_down() {
    let scratch = migrated().await;
    let (frozen, raiser) = (scratch.database().await, scratch.database().await);
    let mut frozen = frozen.connect().await.expect("the server accepts");
    let never_finished = frozen.transaction().await.expect("a transaction starts");
    never_finished.query_one("SELECT epoch FROM fence FOR SHARE", &[]).await.expect("the fence is there");
    let mut raiser = raiser.connect().await.expect("the server accepts");
    let raised =
        raise_fence(&mut raiser, Epoch(2), &home()).await.expect("the frozen session is ended in time");
    assert_eq!(raised, Raise::Raised { from: FIRST });
    never_finished.commit().await.expect_err("its session is gone");
}

#[tokio::test]
async fn migrations_run_once_however_many_processes_start() {
    let scratch = empty().await;
    let mut clients = [scratch.client().await, scratch.client().await, scratch.client().await];
    let [one, two, three] = &mut clients;
    let (one, two, three) = tokio::join!(migrations::run(one), migrations::run(two), migrations::run(three));
    let mut applied = [one, two, three].map(|run| run.expect("every process succeeds"));
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 1]);
    assert_eq!(fence(&scratch.client().await).await.expect("the database answers"), FIRST);
}

#[tokio::test]
async fn a_read_only_database_is_known_as_such_and_not_migrated() {
    let scratch = empty().await;
    let mut client = scratch.client().await;
    assert!(is_writable(&client).await.expect("the database answers"));
    client.batch_execute("SET default_transaction_read_only = on").await.expect("it answers");
    assert!(!is_writable(&client).await.expect("the database answers"));
    let outcome = migrations::run(&mut client).await;
    assert!(matches!(outcome, Err(DatabaseError::ReadOnly)), "{outcome:?}");
}
