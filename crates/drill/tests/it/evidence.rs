//! Goal: rows become facts as they stand, refused writes included, and what is missing is seen as missing.
//! Method: the migration that the services run, on a real server, with rows by hand.

use drill::environment::Environment;
use drill::postgres::Server;
use drill::run::evidence::{dead, surviving};
use recovery::Epoch;
use rust_decimal::Decimal;
use tokio_postgres::Client;

const SCHEMA: &str = include_str!("../../../services/migrations/V1__settlement.sql");
const WHOLE: &str = "01a1f8bc-75d2-775a-b3d8-7d0fdb1aa853";
const HALF: &str = "01a1f8bc-75d2-775a-b3d8-7d0fdb1aa854";

fn order(id: &str, epoch: u64, by: &str) -> String {
    format!(
        "INSERT INTO orders (id, account, symbol, side, quantity, limit_price, acknowledged_at, settled_at, \
         settled_epoch, settled_by, settled_region) VALUES ('{id}', 'a', 'X', 'buy', 2, 1.5, now(), \
         '2026-11-20T10:00:00.250Z', {epoch}, '{by}', 'us-east-2');"
    )
}

fn leg(id: &str, epoch: u64, balance: &str, amount: &str) -> String {
    format!(
        "INSERT INTO ledger (order_id, account, balance, asset, amount, epoch) \
         VALUES ('{id}', 'a', '{balance}', 'USD', {amount}, {epoch});"
    )
}

async fn execute(client: &Client, statements: &str) {
    client.batch_execute(statements).await.expect("the statements run");
}

#[tokio::test]
async fn rows_become_facts() {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let server = Server::start_temporary(&environment).await.expect("it starts");
    let mut client = server.connect().await.expect("it accepts connections");
    execute(&client, SCHEMA).await;
    execute(&client, &order(WHOLE, 1, "queue")).await;
    execute(&client, &(leg(WHOLE, 1, "available", "-3.0") + &leg(WHOLE, 1, "reserved", "3.0"))).await;
    execute(&client, "UPDATE fence SET epoch = 2, raised_at = '2026-11-20T10:00:01Z'").await;
    execute(&client, &(order(HALF, 2, "replay") + &leg(HALF, 2, "available", "-0.25"))).await;
    for _ in 0..2 {
        assert!(client.batch_execute(&leg(HALF, 1, "reserved", "0.25")).await.is_err(), "below the fence");
    }

    let facts = surviving(&mut client).await.expect("it can be read");
    let mut settled = facts.settled;
    settled.sort_by_key(|row| row.id.as_uuid());
    let [whole, half] = &settled[..] else { panic!("two rows, not {}", settled.len()) };
    assert_eq!((whole.settled_at_ms, whole.settled_epoch), (1_795_168_800_250, Epoch(1)));
    assert_eq!((whole.settled_by.as_str(), whole.legs, whole.legs_sum), ("queue", 2, Decimal::ZERO));
    assert_eq!((half.settled_by.as_str(), half.legs, half.legs_sum), ("replay", 1, Decimal::new(-25, 2)));
    let terms = whole.terms.as_ref().expect("it was read");
    assert_eq!((terms.account.as_str(), terms.quantity, terms.limit_price), ("a", 2, Decimal::new(15, 1)));
    assert_eq!((whole.sequence, half.sequence), (Some(1), Some(3)));
    let balances = facts.balances.expect("they were read");
    let [balance] = &balances[..] else { panic!("one balance") };
    assert_eq!((balance.available, balance.reserved), (Decimal::new(-325, 2), Decimal::new(3, 0)));
    assert_eq!(facts.outbox, Some(Vec::new()));
    assert_eq!(facts.ledger_sums["USD"], Decimal::new(-25, 2));
    let [fence] = facts.fences[..] else { panic!("one fence") };
    assert_eq!((fence.epoch, fence.raised_at_ms), (Epoch(2), 1_795_168_801_000));
    assert_eq!(facts.writes_refused, 2);
    assert!(facts.dead.is_empty() && facts.lease_history.is_empty());

    let wreck = dead(&client).await.expect("it can be read");
    let mut epochs: Vec<u64> = wreck.iter().map(|row| row.settled_epoch.0).collect();
    epochs.sort_unstable();
    assert_eq!(epochs, [1, 2]);
}

#[tokio::test]
async fn an_empty_database_has_nothing_and_a_foreign_one_is_an_error() {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let server = Server::start_temporary(&environment).await.expect("it starts");
    let mut client = server.connect().await.expect("it accepts connections");
    assert!(surviving(&mut client).await.is_err(), "there is no table yet");
    execute(&client, SCHEMA).await;
    let facts = surviving(&mut client).await.expect("it can be read");
    assert!(facts.settled.is_empty() && facts.ledger_sums.is_empty());
    assert_eq!(facts.writes_refused, 0);
    // A row that no order can be: its id is not of version 7.
    execute(&client, &order("11111111-1111-4111-8111-111111111111", 1, "queue")).await;
    let error = surviving(&mut client).await.expect_err("no order has this id");
    assert!(error.to_string().contains("11111111-1111-4111"), "{error}");
}
