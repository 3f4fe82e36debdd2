//! The fence: the epoch below which the database takes no more writes.

use recovery::{Epoch, Region};
use tokio_postgres::{Client, GenericClient};

use super::DatabaseError;
use super::row::{bigint, epoch};

/// What [`raise_fence`] found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raise {
    /// The fence stands at the epoch asked for, from a lower one.
    Raised {
        /// Where it stood before.
        from: Epoch,
    },
    /// It stood there already.
    Already,
    /// Somebody with a later epoch raised it higher; it stays there.
    Above {
        /// Where it stands.
        fence: Epoch,
    },
}

/// Raises the fence to `to`, if it is lower, and names `owner` beside it.
///
/// Waits for settlements that run, at most as long as a lock may take (4 s), and the next ones see
/// the raised fence: from then on no writer with a lower epoch commits.
pub async fn raise_fence(client: &mut Client, to: Epoch, owner: &Region) -> Result<Raise, DatabaseError> {
    let transaction = client.transaction().await?;
    let row = transaction.query_one("SELECT epoch FROM fence FOR UPDATE", &[]).await?;
    let fence = epoch(&row, "fence.epoch")?;
    if fence == to {
        return Ok(Raise::Already);
    }
    if fence > to {
        return Ok(Raise::Above { fence });
    }
    transaction
        .execute(
            "UPDATE fence SET epoch = $1, owner = $2, raised_at = clock_timestamp()",
            &[&bigint(to.0, "fence.epoch")?, &owner.as_str()],
        )
        .await?;
    // Refusals are counted from here; what a replica knew of the sequence may have run ahead.
    transaction.execute("SELECT setval('fence_refusals', 1, false)", &[]).await?;
    transaction.commit().await?;
    Ok(Raise::Raised { from: fence })
}

/// Where the fence stands. Inside a transaction it stays there until the transaction ends.
pub(super) async fn hold_fence(client: &impl GenericClient) -> Result<Epoch, DatabaseError> {
    let row = client.query_one("SELECT hold_fence()", &[]).await?;
    epoch(&row, "fence.epoch")
}

/// Counts a writer that was refused; the count survives the rollback of its transaction.
pub(super) async fn count_refusal(client: &impl GenericClient) -> Result<(), DatabaseError> {
    client.execute("SELECT nextval('fence_refusals')", &[]).await?;
    Ok(())
}

/// Where the fence stands now; works on a replica too, which may be behind.
pub async fn fence(client: &Client) -> Result<Epoch, DatabaseError> {
    epoch(&client.query_one("SELECT epoch FROM fence", &[]).await?, "fence.epoch")
}

/// Whether the server is a writer: out of recovery, and its sessions may write.
pub async fn is_writable(client: &Client) -> Result<bool, DatabaseError> {
    let sql = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";
    Ok(client.query_one(sql, &[]).await?.try_get(0)?)
}
