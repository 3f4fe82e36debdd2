//! How far the sweep has come in this database. It is kept beside what it speaks of: a promoted
//! database knows of no sweep whose settlements it did not receive.

use tokio_postgres::Client;

use super::DatabaseError;
use super::row::{bigint, milliseconds};

/// The time, in milliseconds since the Unix epoch, before which every id has been swept; `None`
/// before the first sweep.
pub async fn swept_through(client: &Client) -> Result<Option<u64>, DatabaseError> {
    let sql = "SELECT max(swept_through_ms) FROM sweep";
    milliseconds(&client.query_one(sql, &[]).await?, "sweep.swept_through_ms")
}

/// Notes how far a sweep has come. It never goes back, whichever of two sweeps is slower.
pub async fn note_swept(client: &Client, through_ms: u64) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO sweep (swept_through_ms) VALUES ($1) ON CONFLICT (single) DO UPDATE \
               SET swept_through_ms = greatest(sweep.swept_through_ms, excluded.swept_through_ms)";
    client.execute(sql, &[&bigint(through_ms, "sweep.swept_through_ms")?]).await?;
    Ok(())
}
