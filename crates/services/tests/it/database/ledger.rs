//! Goal: the ledger is the sum of the orders, each counted once. Method: random orders in random
//! batches, some repeated, by two racing writers; the balances are computed again here.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use recovery::order::Side;
use recovery::{Order, OrderId};
use rust_decimal::Decimal;
use services::database::settlement::{Settlement, Source, settle};
use services::journal::Entry;
use tokio_postgres::Client;
use uuid::Uuid;

use super::server::{FIRST, Scratch, home, migrated, now_ms};

const CASES: u32 = 32;

fn any_order() -> impl Strategy<Value = Order> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    // USD as a symbol too: cash must not be confused with units.
    let symbol = prop_oneof![Just("ACME"), Just("INIT"), Just("USD")];
    (side, symbol, 0_u8..4, 1_u64..=recovery::order::QUANTITY_MAX, 1_i64..=i64::MAX, 0_u32..=9).prop_map(
        |(side, symbol, account, quantity, digits, scale)| Order {
            id: OrderId::new(Uuid::now_v7()).expect("it is version 7"),
            account: format!("ACCOUNT-{account}"),
            symbol: symbol.to_owned(),
            side,
            quantity,
            limit_price: Decimal::new(digits, scale),
        },
    )
}

/// Orders, and batches of indices into them for two writers; an order may be in many batches.
fn any_batches() -> impl Strategy<Value = (Vec<Order>, [Vec<Vec<usize>>; 2])> {
    prop::collection::vec(any_order(), 1..30).prop_flat_map(|orders| {
        let batch = prop::collection::vec(0..orders.len(), 0..12);
        let writer = prop::collection::vec(batch, 0..6);
        (Just(orders), [writer.clone(), writer])
    })
}

async fn settle_all(client: &mut Client, entries: &[Entry], batches: &[Vec<usize>]) -> usize {
    let mut settled_now = 0;
    for batch in batches {
        let batch: Vec<Entry> = batch.iter().map(|index| entries[*index].clone()).collect();
        match settle(client, FIRST, &home(), Source::Queue, &batch).await.expect("the database answers") {
            Settlement::Settled(settled) => {
                assert_eq!(settled.rejected, []);
                settled_now += settled.settled.len();
            }
            refused => panic!("{refused:?}"),
        }
    }
    settled_now
}

/// Digits of an amount without an exponent or trailing zeros; larger than a `Decimal` can be.
fn amount(units: i128, scale: u32) -> String {
    let divisor = 10_i128.pow(scale);
    let (whole, rest) =
        (units.unsigned_abs() / divisor.unsigned_abs(), units.unsigned_abs() % divisor.unsigned_abs());
    let sign = if units < 0 { "-" } else { "" };
    let fraction = format!("{rest:0width$}", width = scale as usize);
    let text = format!("{sign}{whole}.{fraction}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

type Balances = BTreeMap<(String, String, String), String>;

/// What the ledger must say, by integer arithmetic in billionths.
fn expected(entries: &[Entry]) -> Balances {
    const SCALE: u32 = 9;
    let mut units: BTreeMap<(String, String, String), i128> = BTreeMap::new();
    for Entry { order, .. } in entries {
        let price = order.limit_price.mantissa() * 10_i128.pow(SCALE - order.limit_price.scale());
        let (asset, value) = match order.side {
            Side::Buy => ("USD".to_owned(), i128::from(order.quantity) * price),
            Side::Sell => (order.symbol.clone(), i128::from(order.quantity) * 10_i128.pow(SCALE)),
        };
        for (balance, sign) in [("available", -1), ("reserved", 1)] {
            *units.entry((order.account.clone(), balance.to_owned(), asset.clone())).or_default() +=
                sign * value;
        }
    }
    units.into_iter().map(|(key, units)| (key, amount(units, SCALE))).collect()
}

async fn actual(client: &Client) -> Balances {
    let sql = "SELECT account, balance, asset, trim_scale(sum(amount))::text FROM ledger GROUP BY 1, 2, 3";
    let rows = client.query(sql, &[]).await.expect("the query is valid");
    rows.iter().map(|row| ((row.get(0), row.get(1), row.get(2)), row.get(3))).collect()
}

async fn check(scratch: &Scratch, orders: Vec<Order>, batches: [Vec<Vec<usize>>; 2]) {
    let entries: Vec<Entry> = orders
        .into_iter()
        .map(|order| Entry { order, acknowledged_at_ms: now_ms(), region: home() })
        .collect();
    let mut touched: Vec<usize> = batches.iter().flatten().flatten().copied().collect();
    touched.sort_unstable();
    touched.dedup();
    let touched: Vec<Entry> = touched.into_iter().map(|index| entries[index].clone()).collect();

    let (mut one, mut two) = (scratch.client().await, scratch.client().await);
    one.batch_execute("TRUNCATE orders, ledger, outbox").await.expect("the tables are there");
    let (first, second) = tokio::join!(
        settle_all(&mut one, &entries, &batches[0]),
        settle_all(&mut two, &entries, &batches[1])
    );

    assert_eq!(first + second, touched.len());
    assert_eq!(actual(&one).await, expected(&touched));
    let unbalanced =
        "SELECT count(*) FROM (SELECT FROM ledger GROUP BY asset HAVING sum(amount) <> 0) AS bad";
    assert_eq!(scratch.number(unbalanced).await, 0);
    let odd = "SELECT count(*) FROM orders o WHERE
               (SELECT count(*) FROM ledger l WHERE l.order_id = o.id) <> 2
               OR (SELECT count(*) FROM outbox b WHERE b.order_id = o.id) <> 1";
    assert_eq!(scratch.number(odd).await, 0);
}

#[test]
fn the_ledger_is_the_sum_of_its_orders() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let scratch = runtime.block_on(migrated());
    TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() })
        .run(&any_batches(), |(orders, batches)| {
            runtime.block_on(check(&scratch, orders, batches));
            Ok(())
        })
        .expect("no counterexample");
}
