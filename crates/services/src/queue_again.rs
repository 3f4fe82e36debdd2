//! Queueing again: an acknowledged order that is not settled gets another message.
//!
//! A message may never have been sent, or may lie in the queue of a region that is gone. Settlement is
//! idempotent, so a message too many does no harm.

use recovery::OrderId;

use crate::database::settlement::missing;
use crate::database::{Database, DatabaseError};
use crate::queue::{Message, Queue};

/// Why it ended early. What had been sent stays sent.
#[derive(Debug, thiserror::Error)]
pub enum QueueAgainError {
    /// The database cannot say what is settled.
    #[error("the database cannot be asked")]
    Database(#[from] DatabaseError),
    /// The queue takes no message.
    #[error("the queue cannot be filled")]
    Queue(#[from] crate::aws::CallFailed),
}

/// Those of `ids` that `database` has not, now.
pub(crate) async fn unsettled(database: &Database, ids: &[OrderId]) -> Result<Vec<OrderId>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    database.ask(async |client| missing(client, ids).await).await
}

/// Sends a message for those of `ids` that are not settled, `most` at most, and says how many that were.
/// `shards` is the journal's.
pub(crate) async fn queue_again(
    database: &Database,
    queue: &Queue,
    shards: u32,
    ids: &[OrderId],
    most: usize,
) -> Result<usize, QueueAgainError> {
    let mut sent = 0;
    for id in unsettled(database, ids).await?.into_iter().take(most) {
        queue.send(&Message::new(id, shards)).await?;
        sent += 1;
    }
    Ok(sent)
}
