//! The schema's versions, embedded, each applied once.

use tokio_postgres::Client;

use super::DatabaseError;
use super::settlement::is_writable;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Only one process migrates at a time: the others wait for this advisory lock.
const LOCK: i64 = 0x5374_616e_6466_6173;
/// A migration may take longer than a settlement; milliseconds.
const STATEMENT_LIMIT_MS: u32 = 60_000;

/// Brings the schema up to date and says how many versions that took; 0 when it was so already.
///
/// Fails with [`DatabaseError::ReadOnly`] on a replica. An applied version whose text has changed since
/// is an error. One that this build does not know is left as it is: a deployment that is rolled back
/// meets the schema of the one it goes back from, and functions of both work on it meanwhile.
pub async fn run(client: &mut Client) -> Result<usize, DatabaseError> {
    if !is_writable(client).await? {
        return Err(DatabaseError::ReadOnly);
    }
    let before = format!(
        "SET statement_timeout = {STATEMENT_LIMIT_MS}; SET lock_timeout = {STATEMENT_LIMIT_MS}; \
         SELECT pg_advisory_lock({LOCK})"
    );
    client.batch_execute(&before).await?;
    let outcome = embedded::migrations::runner().set_abort_missing(false).run_async(client).await;
    let after = "SELECT pg_advisory_unlock_all(); RESET statement_timeout; RESET lock_timeout";
    let unlocked = client.batch_execute(after).await;
    let report = outcome.map_err(|error| DatabaseError::Migration(error.into()))?;
    unlocked?;
    Ok(report.applied_migrations().len())
}

/// Versions that were applied to this database, in order, each with the checksum of its text.
pub async fn applied(client: &Client) -> Result<Vec<(i32, String)>, DatabaseError> {
    let sql = "SELECT version, checksum FROM refinery_schema_history ORDER BY version";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The same as this build would apply them.
pub fn known() -> Vec<(i32, String)> {
    let runner = embedded::migrations::runner();
    let mut all: Vec<(i32, String)> =
        runner.get_migrations().iter().map(|one| (one.version(), one.checksum().to_string())).collect();
    all.sort_unstable();
    all
}
