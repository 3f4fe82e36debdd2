//! What the databases hold when everything has drained: with the history, the only evidence of a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recovery::history::{Balance, DeadRow, Facts, FenceRow, OutboxRow, SettledRow, Terms};
use recovery::order::Side;
use recovery::{Epoch, OrderId, Region};
use rust_decimal::Decimal;
use tokio::time::Instant;
use tokio_postgres::{Client, IsolationLevel, NoTls, Row, Transaction};
use uuid::Uuid;

use super::DrillError;
use super::rehearsal::Rehearsed;
use super::stage::Stage;

const DRAIN_LIMIT: Duration = Duration::from_secs(40);
/// The queue counts as drained when nothing more was settled for this long.
const DRAIN_QUIET: Duration = Duration::from_secs(15);
/// The same when every acknowledged order is settled: whoever would settle one twice gets this long.
const DONE_QUIET: Duration = Duration::from_secs(3);

/// Waits for the last settlements, then reads the database that settles in the end and, where one was lost, its
/// wreck.
pub(super) async fn read(stage: &Stage, rehearsed: &Rehearsed) -> Result<Facts, DrillError> {
    let survivor = stage.aurora.connect_string(rehearsed.settles())?;
    let mut survivor = connect(&survivor, "surviving").await?;
    drain(&survivor, rehearsed).await?;
    let mut facts = surviving(&mut survivor).await?;
    if let Some(lost) = rehearsed.struck.lost_region() {
        let wreck = stage.aurora.open_wreck(lost).await?;
        facts.dead = dead(&connect(&wreck, "lost").await?).await?;
    }
    facts.lease_history = rehearsed.lease.seen().to_vec();
    facts.moves = rehearsed.lease.moves().to_vec();
    facts.clock_error_ms = clock_error_ms(rehearsed.drift);
    // The database at home has a count of its own, from when its fence was raised.
    if rehearsed.is_at_home() {
        facts.writes_refused += rehearsed.course.moved.writes_refused;
    }
    Ok(facts)
}

/// The databases keep the system's time, cut to a millisecond; the history's clock began with it.
fn clock_error_ms(drift: Duration) -> u64 {
    u64::try_from(drift.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// Writes that the fence in a region's database has refused since it was raised; `None` when that cannot be read.
pub(super) async fn writes_refused(stage: &Stage, region: &Region) -> Option<u64> {
    let client = crate::postgres::connect(stage.aurora.address(region).ok()?).await.ok()?;
    let asked = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM fence_refusals";
    Some(unsigned(client.query_one(asked, &[]).await.ok()?.get(0)))
}

async fn connect(connect: &str, which: &'static str) -> Result<Client, DrillError> {
    let connected = tokio_postgres::connect(connect, NoTls).await;
    let (client, connection) = connected.map_err(|source| DrillError::Evidence { which, source })?;
    tokio::spawn(connection);
    Ok(client)
}

/// Waits until nothing more is settled: not for long when every acknowledged order is.
async fn drain(survivor: &Client, rehearsed: &Rehearsed) -> Result<(), DrillError> {
    let acknowledged: BTreeSet<Uuid> = rehearsed
        .history
        .iter()
        .filter(|operation| operation.is_acknowledged_order())
        .filter_map(|operation| operation.id.parse().ok())
        .collect();
    let acknowledged: Vec<Uuid> = acknowledged.into_iter().collect();
    let limit = Instant::now() + DRAIN_LIMIT;
    let (mut last, mut quiet_since, mut quiet) = ((-1, -1), Instant::now(), DRAIN_QUIET);
    while Instant::now() < limit && quiet_since.elapsed() < quiet {
        let row = survivor
            .query_one(
                "SELECT count(*) FILTER (WHERE id = ANY($1)), (SELECT count(*) FROM ledger) FROM orders",
                &[&acknowledged],
            )
            .await
            .map_err(|source| DrillError::Evidence { which: "surviving", source })?;
        let now: (i64, i64) = (row.get(0), row.get(1));
        let all = usize::try_from(now.0).is_ok_and(|settled| settled == acknowledged.len());
        quiet = if all { DONE_QUIET } else { DRAIN_QUIET };
        if now != last {
            (last, quiet_since) = (now, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

/// What the surviving database holds at one moment.
///
/// # Errors
/// When it cannot be read, or holds what no order can be.
pub async fn surviving(client: &mut Client) -> Result<Facts, DrillError> {
    let failed = |source| DrillError::Evidence { which: "surviving", source };
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    read_surviving(&snapshot.start().await.map_err(failed)?).await
}

async fn read_surviving(client: &Transaction<'_>) -> Result<Facts, DrillError> {
    let failed = |source| DrillError::Evidence { which: "surviving", source };
    let query = "SELECT o.id, (extract(epoch FROM o.settled_at) * 1000)::bigint, o.settled_epoch, o.settled_by, \
                 l.legs, l.sum, l.first, o.account, o.symbol, o.side, o.quantity, o.limit_price::text \
                 FROM orders o, LATERAL (SELECT count(*) AS legs, coalesce(sum(amount), 0)::text AS sum, \
                 min(id) AS first FROM ledger WHERE order_id = o.id) l ORDER BY o.id";
    let rows = client.query(query, &[]).await.map_err(failed)?;
    let settled = rows.iter().map(settled_row).collect::<Result<_, _>>()?;
    let rows = client.query("SELECT asset, sum(amount)::text FROM ledger GROUP BY asset", &[]).await;
    let mut ledger_sums = BTreeMap::new();
    for row in rows.map_err(failed)? {
        ledger_sums.insert(row.get(0), amount(row.get(1))?);
    }
    let query = "SELECT account, asset, \
                 coalesce(sum(amount) FILTER (WHERE balance = 'available'), 0)::text, \
                 coalesce(sum(amount) FILTER (WHERE balance = 'reserved'), 0)::text \
                 FROM ledger GROUP BY account, asset ORDER BY account, asset";
    let rows = client.query(query, &[]).await.map_err(failed)?;
    let balances = rows.iter().map(balance).collect::<Result<_, _>>()?;
    let rows = client.query("SELECT id, order_id FROM outbox ORDER BY id", &[]).await.map_err(failed)?;
    let outbox = rows.iter().map(outbox_row).collect::<Result<_, _>>()?;
    let fence = client.query_opt(
        "SELECT epoch, (extract(epoch FROM raised_at) * 1000)::bigint, \
         CASE WHEN is_called THEN last_value ELSE 0 END FROM fence, fence_refusals",
        &[],
    );
    let row = fence.await.map_err(failed)?;
    let writes_refused = row.as_ref().map_or(0, |row| unsigned(row.get(2)));
    let fence =
        row.map(|row| FenceRow { epoch: Epoch(unsigned(row.get(0))), raised_at_ms: unsigned(row.get(1)) });
    Ok(Facts {
        settled,
        ledger_sums,
        balances: Some(balances),
        outbox: Some(outbox),
        fences: fence.into_iter().collect(),
        writes_refused,
        ..Facts::default()
    })
}

fn settled_row(row: &Row) -> Result<SettledRow, DrillError> {
    Ok(SettledRow {
        id: order_id(row.get(0), "surviving")?,
        settled_at_ms: unsigned(row.get(1)),
        settled_epoch: Epoch(unsigned(row.get(2))),
        settled_by: row.get(3),
        legs: u32::try_from(unsigned(row.get(4))).unwrap_or(u32::MAX),
        legs_sum: amount(row.get(5))?,
        sequence: row.get::<_, Option<i64>>(6).map(unsigned),
        terms: Some(terms(row)?),
    })
}

fn terms(row: &Row) -> Result<Terms, DrillError> {
    let side: &str = row.get(9);
    let side = [Side::Buy, Side::Sell].into_iter().find(|one| one.as_str() == side);
    Ok(Terms {
        account: row.get(7),
        symbol: row.get(8),
        side: side.ok_or_else(|| unreadable(row.get(9), "a side"))?,
        quantity: unsigned(row.get(10)),
        limit_price: amount(row.get(11))?,
    })
}

fn balance(row: &Row) -> Result<Balance, DrillError> {
    Ok(Balance {
        account: row.get(0),
        asset: row.get(1),
        available: amount(row.get(2))?,
        reserved: amount(row.get(3))?,
    })
}

/// Nobody reads the outbox yet, so that nothing in it has taken effect.
fn outbox_row(row: &Row) -> Result<OutboxRow, DrillError> {
    Ok(OutboxRow { id: unsigned(row.get(0)), order: order_id(row.get(1), "surviving")?, effects: 0 })
}

/// Every order that the lost database had settled.
///
/// # Errors
/// When it cannot be read.
pub async fn dead(client: &Client) -> Result<Vec<DeadRow>, DrillError> {
    let rows = client.query("SELECT id, settled_epoch FROM orders", &[]).await;
    let rows = rows.map_err(|source| DrillError::Evidence { which: "lost", source })?;
    rows.iter()
        .map(|row| {
            Ok(DeadRow { id: order_id(row.get(0), "lost")?, settled_epoch: Epoch(unsigned(row.get(1))) })
        })
        .collect()
}

fn order_id(id: Uuid, which: &'static str) -> Result<OrderId, DrillError> {
    OrderId::new(id).map_err(|_| DrillError::Unreadable {
        which,
        value: id.to_string(),
        expected: "the id of an order",
    })
}

fn amount(text: &str) -> Result<Decimal, DrillError> {
    // As it stands or not at all: rounding could hide that something does not add up.
    Decimal::from_str_exact(text).map_err(|_| unreadable(text, "an amount"))
}

fn unreadable(value: &str, expected: &'static str) -> DrillError {
    DrillError::Unreadable { which: "surviving", value: value.to_owned(), expected }
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
