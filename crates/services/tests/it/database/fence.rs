//! Goal: below the fence nothing is written, and the fence only rises. Method: settle, write past
//! the settlement code and move the fence under several epochs, also at the same time.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use recovery::Epoch;
use recovery::lease::Fence;
use services::database::settlement::{Raise, Settlement, Source, fence, is_writable, raise_fence, settle};
use services::database::{DatabaseError, migrations};
use tokio_postgres::Client;

use super::server::{FIRST, empty, entries, eventually, home, migrated};

async fn settle_under(client: &mut Client, epoch: u64) -> Settlement {
    settle(client, Epoch(epoch), &home(), Source::Queue, &entries(1)).await.expect("the database answers")
}

async fn pid(client: &Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).await.expect("the database answers").get(0)
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
    // Stops the settlement between its look at the fence and its first write.
    let mut blocker = scratch.client().await;
    let hold = blocker.transaction().await.expect("a transaction starts");
    hold.batch_execute("LOCK TABLE ledger IN SHARE MODE").await.expect("the ledger is there");

    let (mut writer, mut raiser) = (scratch.client().await, scratch.client().await);
    let (writer_pid, raiser_pid) = (pid(&writer).await, pid(&raiser).await);
    let observer = scratch.client().await;
    let waits_for = async |waiting: i32, holding: i32| {
        let sql = "SELECT $2 = ANY(pg_blocking_pids($1))";
        observer.query_one(sql, &[&waiting, &holding]).await.expect("it answers").get(0)
    };
    let hold_pid: i32 = hold.query_one("SELECT pg_backend_pid()", &[]).await.expect("it answers").get(0);
    let settling = tokio::spawn(async move {
        let settlement = settle_under(&mut writer, 1).await;
        (writer, settlement)
    });
    eventually("the settlement is stopped", async || waits_for(writer_pid, hold_pid).await).await;
    let raising = tokio::spawn(async move { raise_fence(&mut raiser, Epoch(2), &home()).await });
    eventually("the raise waits for the settlement", async || waits_for(raiser_pid, writer_pid).await).await;

    hold.rollback().await.expect("it rolls back");
    let (mut writer, settlement) = settling.await.expect("it does not panic");
    assert!(matches!(settlement, Settlement::Settled(_)), "{settlement:?}");
    let raised = raising.await.expect("it does not panic").expect("the database answers");
    assert_eq!(raised, Raise::Raised { from: FIRST });
    assert!(matches!(settle_under(&mut writer, 1).await, Settlement::Refused { .. }));
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
    assert_eq!(applied, [0, 0, 3], "one process applies every version");
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

/// One thing a writer or a recovery may try.
#[derive(Clone, Copy, Debug)]
enum Attempt {
    Raise(u64),
    Settle(u64),
}

#[test]
fn the_database_keeps_the_fence_as_its_model_does() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let attempt = prop_oneof![(1_u64..6).prop_map(Attempt::Raise), (1_u64..6).prop_map(Attempt::Settle)];
    TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() })
        .run(&prop::collection::vec(attempt, 1..12), |attempts| {
            runtime.block_on(async {
                let scratch = migrated().await;
                let mut client = scratch.client().await;
                let mut model = Fence::default();
                for attempt in attempts {
                    match attempt {
                        Attempt::Raise(to) => {
                            let raised =
                                raise_fence(&mut client, Epoch(to), &home()).await.expect("it answers");
                            assert_eq!(
                                matches!(raised, Raise::Above { .. }),
                                model.raise(Epoch(to)).is_err()
                            );
                        }
                        Attempt::Settle(epoch) => {
                            let settled = settle_under(&mut client, epoch).await;
                            let taken = matches!(settled, Settlement::Settled(_));
                            assert_eq!(taken, model.admit(Epoch(epoch)).is_ok(), "{attempt:?} at {model:?}");
                        }
                    }
                    assert_eq!(fence(&client).await.expect("it answers"), model.epoch());
                }
            });
            Ok(())
        })
        .expect("no counterexample");
}
