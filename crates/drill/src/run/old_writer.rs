//! A writer that wakes up under an old epoch.
//!
//! The system's own functions read the lease before every batch and each writes to the database of the
//! lease's owner, so after a failover none of them has a way to the new writer under the old epoch, and a run
//! seldom shows whether the fence would hold. This plays the writer that has one.

use std::time::Duration;

use recovery::{Epoch, Region};
use tokio_postgres::NoTls;
use uuid::Uuid;

use super::DrillError;
use super::stage::Stage;

/// The database user of the function that settles.
const USER: &str = "order_processor";
/// What the fence says when it refuses; `V1__settlement.sql` raises it.
const BELOW_THE_FENCE: &str = "SF001";
const LIMIT: Duration = Duration::from_secs(10);

/// Inserts an order under `epoch` into the database of `writer`, as the user that settles. Says in words what
/// became of it; when the database takes it, it stays there, and the verdict finds it.
///
/// # Errors
/// When the database cannot be asked, or fails otherwise than by its fence.
pub async fn write(stage: &Stage, writer: &Region, epoch: Epoch, now_ms: u64) -> Result<String, DrillError> {
    let written = tokio::time::timeout(LIMIT, insert(stage, writer, epoch, now_ms)).await;
    let written = written.map_err(|_| DrillError::NotReady {
        what: "the database did not answer a writer of an old epoch",
        limit: LIMIT,
    })??;
    let as_whom = format!("the drill writes under epoch {epoch}, as an old owner would");
    Ok(if written { format!("{as_whom}: TAKEN") } else { format!("{as_whom}: refused by the fence") })
}

/// Whether the database took it.
async fn insert(stage: &Stage, writer: &Region, epoch: Epoch, now_ms: u64) -> Result<bool, DrillError> {
    let failed = |source| DrillError::Evidence { which: "surviving", source };
    let connect = stage.aurora.connect_string(writer)?;
    let mut config: tokio_postgres::Config = connect.parse().map_err(failed)?;
    let (client, connection) = config.user(USER).connect(NoTls).await.map_err(failed)?;
    tokio::spawn(connection);
    let id = uuid::Builder::from_unix_timestamp_millis(now_ms, &[7; 10]).into_uuid();
    let epoch = i64::try_from(epoch.0).unwrap_or(i64::MAX);
    let statement = "INSERT INTO orders (id, account, symbol, side, quantity, limit_price, acknowledged_at, \
                     settled_epoch, settled_by, settled_region) \
                     VALUES ($1, 'old-writer', 'TEST', 'buy', 1, 1, clock_timestamp(), $2, 'queue', 'old')";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&id as &Uuid, &epoch];
    match client.execute(statement, &parameters).await {
        Ok(_) => Ok(true),
        Err(error) if error.code().is_some_and(|code| code.code() == BELOW_THE_FENCE) => Ok(false),
        Err(source) => Err(failed(source)),
    }
}
