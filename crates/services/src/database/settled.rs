//! What the database knows of settled orders. These read only, and work on a replica too.

use std::collections::HashSet;

use recovery::OrderId;
use tokio_postgres::Client;
use uuid::Uuid;

use super::DatabaseError;
use super::row::milliseconds;

/// The latest time of acknowledgement among settled orders, in milliseconds since the Unix epoch;
/// `None` when none is settled. Orders acknowledged earlier may still be missing.
pub async fn watermark(client: &Client) -> Result<Option<u64>, DatabaseError> {
    let sql = "SELECT floor(extract(epoch FROM max(acknowledged_at)) * 1000)::bigint FROM orders";
    milliseconds(&client.query_one(sql, &[]).await?, "orders.acknowledged_at")
}

/// The end of the ledger, as one server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEnd {
    /// Highest number, and sum of the numbers, of the last thousand legs: two servers with the same figures
    /// have the same legs, whatever order they were committed in.
    pub legs: (i64, i64),
    /// When the order of the last leg was settled, in milliseconds since the Unix epoch, by the clock of the
    /// writer that settled it.
    pub settled_at_ms: u64,
}

/// The end of the ledger; `None` while it is empty.
pub async fn ledger_end(client: &Client) -> Result<Option<LedgerEnd>, DatabaseError> {
    let sql = "SELECT max(last.id), sum(last.id)::bigint FROM \
               (SELECT id FROM ledger ORDER BY id DESC LIMIT 1000) AS last";
    let row = client.query_one(sql, &[]).await?;
    let (Some(highest), Some(sum)) = (row.try_get(0)?, row.try_get(1)?) else { return Ok(None) };
    let sql = "SELECT floor(extract(epoch FROM settled_at) * 1000)::bigint FROM orders \
               WHERE id = (SELECT order_id FROM ledger WHERE id = $1)";
    let settled_at_ms = match client.query_opt(sql, &[&highest]).await? {
        Some(row) => milliseconds(&row, "orders.settled_at")?,
        None => None,
    };
    let settled_at_ms = settled_at_ms.ok_or(DatabaseError::Impossible("ledger.order_id"))?;
    Ok(Some(LedgerEnd { legs: (highest, sum), settled_at_ms }))
}

/// When that order was settled, in milliseconds since the Unix epoch; `None` when it is not.
pub async fn settled_at(client: &Client, id: OrderId) -> Result<Option<u64>, DatabaseError> {
    let sql = "SELECT floor(extract(epoch FROM settled_at) * 1000)::bigint FROM orders WHERE id = $1";
    match client.query_opt(sql, &[&id.as_uuid()]).await? {
        Some(row) => milliseconds(&row, "orders.settled_at"),
        None => Ok(None),
    }
}

/// Those of `ids` that are not settled, in the order given.
pub async fn missing(client: &Client, ids: &[OrderId]) -> Result<Vec<OrderId>, DatabaseError> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = client.query("SELECT id FROM orders WHERE id = ANY($1)", &[&wanted]).await?;
    let settled = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<Uuid>, _>>()?;
    Ok(ids.iter().copied().filter(|id| !settled.contains(&id.as_uuid())).collect())
}
