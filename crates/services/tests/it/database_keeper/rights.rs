//! Goal: each function's user may do what its code does, and is refused everything else.
//! Method: the code itself under each user, and a list of statements that must fail. The other tests of
//! this binary run the functions under these users as well.

use std::net::Ipv4Addr;
use std::sync::Arc;

use drill::environment::Environment;
use drill::owned::RunDirectory;
use drill::postgres::{DATABASE, Installation, Server};
use recovery::Epoch;
use services::database::settlement::{
    Raise, Settlement, Source, fence, is_writable, ledger_end, missing, raise_fence, settle, settled_at,
    watermark,
};
use services::database::swept::{note_swept, swept_through};
use services::database::window::settled_between;
use services::database_keeper::{USERS, furnish};
use services::settings::Endpoint;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::database::server::{self, FIRST, Scratch, entries, eventually, home, ids, migrated};

async fn settled(client: &mut Client, epoch: Epoch, source: Source) {
    let outcome = settle(client, epoch, &home(), source, &entries(2)).await.expect("it has the rights");
    assert!(matches!(outcome, Settlement::Settled(_)), "{outcome:?}");
}

async fn refused(client: &Client, user: &str, sql: &str) {
    let Err(error) = client.batch_execute(sql).await else { panic!("{user} may: {sql}") };
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{user}: {sql}: {error}");
}

#[tokio::test]
async fn each_user_may_do_what_its_function_does() {
    let scratch = migrated().await;
    let mut processor = scratch.client_of("order_processor").await;
    let batch = entries(3);
    settle(&mut processor, FIRST, &home(), Source::Queue, &batch).await.expect("it has the rights");

    let mut step = scratch.client_of("recovery_step").await;
    assert!(is_writable(&step).await.expect("it may look"));
    let raised = raise_fence(&mut step, Epoch(2), &home()).await.expect("it has the rights");
    assert_eq!(raised, Raise::Raised { from: FIRST });
    settled(&mut step, Epoch(2), Source::Replay).await;
    assert!(watermark(&step).await.expect("it may look").is_some());
    assert_eq!(missing(&step, &ids(&batch)).await.expect("it may look"), []);

    let refused = settle(&mut processor, FIRST, &home(), Source::Queue, &entries(1)).await;
    assert!(matches!(refused, Ok(Settlement::Refused { .. })), "the refusal is counted: {refused:?}");
    settled(&mut processor, Epoch(2), Source::Queue).await;

    let api = scratch.client_of("orders_api").await;
    assert!(settled_at(&api, batch[0].order.id).await.expect("it may look").is_some());

    let sentinel = scratch.client_of("sentinel").await;
    assert!(is_writable(&sentinel).await.expect("it may look"));
    assert_eq!(missing(&sentinel, &ids(&batch)).await.expect("it may look"), []);
    note_swept(&sentinel, 7).await.expect("it has the rights");
    note_swept(&sentinel, 5).await.expect("it has the rights");
    assert_eq!(swept_through(&sentinel).await.expect("it may look"), Some(7));

    let preflight = scratch.client_of("preflight").await;
    assert_eq!(fence(&preflight).await.expect("it may look"), Epoch(2));

    for user in ["reconciler", "recovery_step"] {
        let reader = scratch.client_of(user).await;
        assert!(ledger_end(&reader).await.expect("it may look").is_some());
        let found = settled_between(&reader, 0, u64::MAX).await.expect("it may look");
        assert!(found.len() >= 7 && found.iter().all(|row| row.balanced && row.announced), "{found:?}");
    }
}

const RAISE: &str = "UPDATE fence SET epoch = epoch + 1";
const LOCK: &str = "SELECT epoch FROM fence FOR UPDATE";
const ORDER: &str =
    "INSERT INTO orders VALUES (gen_random_uuid(), 'A', 'S', 'buy', 1, 1, now(), now(), 1, 'queue', 'r')";
const OUTBOX: &str =
    "INSERT INTO outbox (order_id, kind, payload, epoch) VALUES (gen_random_uuid(), 'k', '{}', 1)";
const SWEEP: &str = "INSERT INTO sweep (swept_through_ms) VALUES (1)";

#[tokio::test]
async fn nobody_but_recovery_raises_the_fence_and_nobody_but_settlement_writes_orders() {
    let scratch = migrated().await;
    for (user, statements) in [
        (
            "orders_api",
            &[RAISE, LOCK, ORDER, OUTBOX, SWEEP, "SELECT account FROM orders", "SELECT hold_fence()"][..],
        ),
        (
            "order_processor",
            &[RAISE, LOCK, SWEEP, "SELECT setval('fence_refusals', 1)", "SELECT amount FROM ledger"],
        ),
        ("recovery_step", &[SWEEP, "SELECT account FROM ledger", "UPDATE fence SET single = true"]),
        ("sentinel", &[RAISE, LOCK, ORDER, OUTBOX, "SELECT account FROM orders", "DELETE FROM sweep"]),
        (
            "preflight",
            &[RAISE, LOCK, ORDER, OUTBOX, SWEEP, "SELECT payload FROM outbox", "SELECT hold_fence()"],
        ),
        (
            "reconciler",
            &[RAISE, LOCK, ORDER, OUTBOX, SWEEP, "SELECT payload FROM outbox", "SELECT hold_fence()"],
        ),
    ] {
        let client = scratch.client_of(user).await;
        for sql in statements {
            refused(&client, user, sql).await;
        }
    }
}

#[tokio::test]
async fn nobody_rewrites_what_is_settled_or_makes_anything() {
    let scratch = migrated().await;
    for user in USERS {
        let client = scratch.client_of(user).await;
        for sql in [
            "UPDATE orders SET quantity = 1",
            "DELETE FROM orders",
            "DELETE FROM ledger",
            "UPDATE ledger SET amount = 0",
            "TRUNCATE outbox",
            "DELETE FROM fence",
            "UPDATE journal_shape SET shards = 1",
            "CREATE TABLE mine (number integer)",
            "CREATE TEMP TABLE mine (number integer)",
            "CREATE SCHEMA mine",
            "ALTER TABLE orders DISABLE TRIGGER ALL",
            "CREATE ROLE mine",
            "SET ROLE standfast",
        ] {
            refused(&client, user, sql).await;
        }
    }
}

#[tokio::test]
async fn the_database_refuses_a_user_below_the_fence_that_did_not_ask() {
    let scratch = migrated().await;
    raise_fence(&mut scratch.client_of("recovery_step").await, Epoch(2), &home()).await.expect("it may");
    let processor = scratch.client_of("order_processor").await;
    let error = processor.batch_execute(ORDER).await.expect_err("epoch 1 is below the fence");
    assert_eq!(error.code().map(SqlState::code), Some("SF001"), "{error}");
}

#[tokio::test]
async fn rights_given_by_hand_are_gone_after_the_next_deployment() {
    let scratch = migrated().await;
    let master = scratch.client().await;
    master
        .batch_execute(
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO sentinel; GRANT UPDATE (account) ON orders TO orders_api;
             GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE later (number integer);
             CREATE FUNCTION later() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        )
        .await
        .expect("the master user may");
    scratch.furnish().await;
    refused(&scratch.client_of("sentinel").await, "sentinel", RAISE).await;
    refused(&scratch.client_of("orders_api").await, "orders_api", "UPDATE orders SET account = 'B'").await;
    for user in USERS {
        let client = scratch.client_of(user).await;
        refused(&client, user, "CREATE TABLE mine (number integer)").await;
        refused(&client, user, "SELECT * FROM later").await;
        refused(&client, user, "SELECT later()").await;
    }
}

#[tokio::test]
async fn every_user_signs_in_with_a_token_and_has_no_password() {
    let scratch = migrated().await;
    let administrator = scratch.administrator().await;
    for user in USERS {
        let sql = "SELECT pg_has_role($1, 'rds_iam', 'MEMBER') AND rolpassword IS NULL AND NOT rolcreaterole \
                   AND NOT rolcreatedb AND NOT rolsuper FROM pg_authid WHERE rolname = $1";
        let row = administrator.query_one(sql, &[&user]).await.expect("the user is there");
        assert!(row.get::<_, bool>(0), "{user}");
    }
}

/// The standby is a physical copy: users and rights come with the data.
#[tokio::test]
async fn the_users_are_there_after_a_promotion() {
    let environment = tokio::task::spawn_blocking(|| Environment::for_tests(env!("CARGO_TARGET_TMPDIR")));
    let environment = environment.await.expect("it does not panic").expect("PostgreSQL can be installed");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let installation = Installation::prepare(&environment, &run).expect("PostgreSQL can be run");
    let local = Ipv4Addr::LOCALHOST;
    let mut primary = Server::create(&installation, &run, "home", local).await.expect("it starts");
    let through = primary.address();
    let standby = Server::base_backup_from(&primary, &installation, &run, "standby", local, through).await;
    let standby = standby.expect("it follows");
    furnish(&mut primary.connect().await.expect("it accepts")).await.expect("schema and users");
    let at = |server: &Server| Scratch {
        endpoint: Endpoint { host: local.to_string(), port: server.address().port() },
        name: DATABASE.to_owned(),
    };
    let mut first = at(&primary).client_of("order_processor").await;
    settled(&mut first, FIRST, Source::Queue).await;
    let copy = at(&standby);
    eventually("the standby has it", async || {
        let sql = "SELECT count(*) FROM pg_tables WHERE tablename = 'orders'";
        copy.number(sql).await == 1 && copy.number("SELECT count(*) FROM orders").await == 2
    })
    .await;
    primary.kill_9();
    standby.promote().await.expect("it is promoted");

    let mut step = copy.client_of("recovery_step").await;
    raise_fence(&mut step, Epoch(2), &home()).await.expect("it has the rights");
    settled(&mut copy.client_of("order_processor").await, Epoch(2), Source::Queue).await;
    refused(&copy.client_of("order_processor").await, "order_processor", RAISE).await;
    refused(&copy.client_of("orders_api").await, "orders_api", ORDER).await;
    assert_eq!(server::USER, "standfast", "who is named above");
}
