//! Settling: from *acknowledged* in the journal to *settled* in the database, once.
//!
//! One transaction checks the fence and holds it, inserts the orders that are not there yet, posts
//! two ledger legs for each of those and writes what others must be told. Repeating a batch, in
//! whole or in parts, here or in another process, changes nothing.

use std::collections::BTreeMap;

use recovery::{Epoch, OrderId, Region};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, IsolationLevel};
use uuid::Uuid;

use super::DatabaseError;
pub use super::fence::{Raise, fence, is_writable, raise_fence};
use super::fence::{count_refusal, hold_fence};
use super::row::bigint;
pub use super::settled::{LedgerEnd, ledger_end, missing, settled_at, watermark};
use crate::journal::Entry;

/// What led to a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A message of the order queue.
    Queue,
    /// The replay of the journal after a failover.
    Replay,
}

impl Source {
    /// `queue` or `replay`, as the database records it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Replay => "replay",
        }
    }
}

/// How a batch ended that the database answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Every order is accounted for.
    Settled(Settled),
    /// The fence stands at another epoch. When orders were tried one by one, some may be settled;
    /// trying again is safe.
    Refused {
        /// Where the fence stands. Below `mine`: it was not raised yet. Above: the lease has moved.
        fence: Epoch,
        /// The epoch of this settlement.
        mine: Epoch,
    },
}

/// The orders of a batch, each in exactly one list, in order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Settled now.
    pub settled: Vec<OrderId>,
    /// Settled before.
    pub already: Vec<OrderId>,
    /// Orders that the database cannot hold, whatever happens.
    pub rejected: Vec<Rejected>,
}

/// An order that cannot be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Which.
    pub id: OrderId,
    /// Why, for people, without the order's content.
    pub reason: String,
}

/// Who settles, and why: recorded with every order.
#[derive(Clone, Copy, Debug)]
struct Writer<'a> {
    epoch: Epoch,
    region: &'a Region,
    source: Source,
}

/// Settles `entries` under `epoch`. `region` is the one that does it.
///
/// An order that the database cannot hold is rejected alone: the batch is then tried one by one.
/// After an error nothing of the batch, or all of it, is settled, or what was tried one by one so far.
pub async fn settle(
    client: &mut Client,
    epoch: Epoch,
    region: &Region,
    source: Source,
    entries: &[Entry],
) -> Result<Settlement, DatabaseError> {
    let writer = Writer { epoch, region, source };
    // In order of ids, so that two writers with the same orders wait for each other, never in a circle.
    let batch: BTreeMap<OrderId, &Entry> = entries.iter().map(|entry| (entry.order.id, entry)).collect();
    let batch: Vec<&Entry> = batch.into_values().collect();
    if batch.is_empty() {
        return Ok(Settlement::Settled(Settled::default()));
    }
    match settle_batch(client, writer, &batch).await {
        Err(error) if error.fault_of_row().is_some() => settle_one_by_one(client, writer, &batch).await,
        outcome => outcome,
    }
}

async fn settle_one_by_one(
    client: &mut Client,
    writer: Writer<'_>,
    batch: &[&Entry],
) -> Result<Settlement, DatabaseError> {
    let mut all = Settled::default();
    for entry in batch {
        match settle_batch(client, writer, &[entry]).await {
            Ok(Settlement::Settled(mut one)) => {
                all.settled.append(&mut one.settled);
                all.already.append(&mut one.already);
                all.rejected.append(&mut one.rejected);
            }
            Ok(refused @ Settlement::Refused { .. }) => return Ok(refused),
            Err(error) => match error.fault_of_row() {
                Some(reason) => all.rejected.push(Rejected { id: entry.order.id, reason }),
                None => return Err(error),
            },
        }
    }
    Ok(Settlement::Settled(all))
}

async fn settle_batch(
    client: &mut Client,
    writer: Writer<'_>,
    batch: &[&Entry],
) -> Result<Settlement, DatabaseError> {
    let mut rejected = Vec::new();
    let columns = Columns::of(batch, &mut rejected);
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let fence = hold_fence(&transaction).await?;
    if fence != writer.epoch {
        if fence > writer.epoch {
            count_refusal(&transaction).await?;
        }
        return Ok(Settlement::Refused { fence, mine: writer.epoch });
    }
    let epoch = bigint(writer.epoch.0, "orders.settled_epoch")?;
    let (by, region) = (writer.source.as_str(), writer.region.as_str());
    let rows = transaction.query_typed(SETTLE, &columns.parameters(&epoch, &by, &region)).await?;
    transaction.commit().await?;
    let fresh =
        rows.iter().map(|row| row.try_get(0)).collect::<Result<std::collections::HashSet<Uuid>, _>>()?;
    let (settled, already) = batch
        .iter()
        .map(|entry| entry.order.id)
        .filter(|id| !rejected.iter().any(|r: &Rejected| r.id == *id))
        .partition(|id| fresh.contains(&id.as_uuid()));
    Ok(Settlement::Settled(Settled { settled, already, rejected }))
}

/// The batch as PostgreSQL takes it: one array per column.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    accounts: Vec<&'a str>,
    symbols: Vec<&'a str>,
    sides: Vec<&'static str>,
    quantities: Vec<i64>,
    limit_prices: Vec<rust_decimal::Decimal>,
    acknowledged_at_ms: Vec<i64>,
}

impl<'a> Columns<'a> {
    /// Leaves out, and rejects, entries with numbers beyond PostgreSQL's `bigint`.
    fn of(batch: &[&'a Entry], rejected: &mut Vec<Rejected>) -> Self {
        let mut columns = Self::default();
        for entry in batch {
            let order = &entry.order;
            let (Ok(quantity), Ok(acknowledged_at_ms)) =
                (i64::try_from(order.quantity), i64::try_from(entry.acknowledged_at_ms))
            else {
                let reason = "quantity or time of acknowledgement is too large".to_owned();
                rejected.push(Rejected { id: order.id, reason });
                continue;
            };
            columns.ids.push(order.id.as_uuid());
            columns.accounts.push(&order.account);
            columns.symbols.push(&order.symbol);
            columns.sides.push(order.side.as_str());
            columns.quantities.push(quantity);
            columns.limit_prices.push(order.limit_price);
            columns.acknowledged_at_ms.push(acknowledged_at_ms);
        }
        columns
    }

    /// The parameters of [`SETTLE`], in order.
    fn parameters<'p>(
        &'p self,
        epoch: &'p i64,
        by: &'p &'p str,
        region: &'p &'p str,
    ) -> [(&'p (dyn ToSql + Sync), Type); 10] {
        [
            (&self.ids, Type::UUID_ARRAY),
            (&self.accounts, Type::TEXT_ARRAY),
            (&self.symbols, Type::TEXT_ARRAY),
            (&self.sides, Type::TEXT_ARRAY),
            (&self.quantities, Type::INT8_ARRAY),
            (&self.limit_prices, Type::NUMERIC_ARRAY),
            (&self.acknowledged_at_ms, Type::INT8_ARRAY),
            (epoch, Type::INT8),
            (by, Type::TEXT),
            (region, Type::TEXT),
        ]
    }
}

/// Returns the ids that were not there before. A buyer's cash, or a seller's units, go from
/// `available` to `reserved`.
const SETTLE: &str = "
WITH batch AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::numeric[], $7::bigint[])
        AS entry (id, account, symbol, side, quantity, limit_price, acknowledged_at_ms)
), fresh AS (
    INSERT INTO orders (id, account, symbol, side, quantity, limit_price, acknowledged_at,
                        settled_epoch, settled_by, settled_region)
    SELECT id, account, symbol, side, quantity, limit_price,
           timestamptz 'epoch' + acknowledged_at_ms * interval '1 millisecond', $8, $9, $10
    FROM batch
    ON CONFLICT (id) DO NOTHING
    RETURNING id, account, symbol, side, quantity, limit_price
), legs AS (
    INSERT INTO ledger (order_id, account, balance, asset, amount, epoch)
    SELECT id, account, leg.balance,
           CASE side WHEN 'buy' THEN 'USD' ELSE symbol END,
           leg.sign * CASE side WHEN 'buy' THEN quantity * limit_price ELSE quantity END, $8
    FROM fresh CROSS JOIN (VALUES ('available', -1), ('reserved', 1)) AS leg (balance, sign)
), announcements AS (
    INSERT INTO outbox (order_id, kind, payload, epoch)
    SELECT id, 'order_settled',
           jsonb_build_object('order_id', id, 'account', account, 'symbol', symbol, 'side', side,
                              'quantity', quantity, 'limit_price', limit_price::text), $8
    FROM fresh
)
SELECT id FROM fresh";
