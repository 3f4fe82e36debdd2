//! Where a database stands: its role, its fence, its schema, and what a replica lacks. Reads only.

use std::time::Duration;

use recovery::Epoch;
use tokio_postgres::Client;

use super::fence::{fence, is_writable};
use super::{DatabaseError, migrations};

/// What one database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it takes writes.
    pub writable: bool,
    /// Where its fence stands.
    pub fence: Epoch,
    /// Versions of the schema that were applied, in order, each with the checksum of its text.
    pub schema: Vec<(i32, String)>,
    /// The latest announcement it holds, 0 for none. Every settlement writes one, with an id that grows.
    pub newest: i64,
}

/// Asks a writer or a replica.
pub async fn standing(client: &Client) -> Result<Standing, DatabaseError> {
    let writable = is_writable(client).await?;
    let fence = fence(client).await?;
    let schema = migrations::applied(client).await?;
    let newest = client.query_one("SELECT coalesce(max(id), 0) FROM outbox", &[]).await?.try_get(0)?;
    Ok(Standing { writable, fence, schema, newest })
}

/// How long ago, by the writer's own clock, it settled what a replica that is at `newest` lacks;
/// `None` when the replica lacks nothing. No two clocks are compared.
pub async fn lag(writer: &Client, newest: i64) -> Result<Option<Duration>, DatabaseError> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp() - created_at) * 1000)::bigint \
               FROM outbox WHERE id > $1 ORDER BY id LIMIT 1";
    let Some(row) = writer.query_opt(sql, &[&newest]).await? else { return Ok(None) };
    let ms: i64 = row.try_get(0)?;
    Ok(Some(Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
}
