//! The shards of the journal: recorded by the first deployment, and never changed by a later one.

use tokio_postgres::Client;

use super::KeeperError;
use crate::database::DatabaseError;

/// Records `asked` if nothing is recorded yet.
///
/// # Errors
/// [`KeeperError::ShardsChanged`] when another number is.
pub(super) async fn keep(client: &Client, asked: u32) -> Result<(), KeeperError> {
    let number = i32::try_from(asked).map_err(|_| KeeperError::Property("Shards"))?;
    let insert = "INSERT INTO journal_shape (shards) VALUES ($1) ON CONFLICT (single) DO NOTHING";
    client.execute(insert, &[&number]).await.map_err(DatabaseError::from)?;
    let row = client.query_one("SELECT shards FROM journal_shape", &[]).await.map_err(DatabaseError::from)?;
    let recorded: i32 = row.try_get(0).map_err(DatabaseError::from)?;
    if recorded == number {
        return Ok(());
    }
    let recorded = u32::try_from(recorded).map_err(|_| DatabaseError::Impossible("journal_shape.shards"))?;
    Err(KeeperError::ShardsChanged { recorded, asked })
}
