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
