//! The sweep: acknowledged orders that were not settled are put into the queue again.
//!
//! An acknowledgement does not wait for the queue: a message may never have been sent, or may lie in
//! the queue of a region that fell after the replay. The owner of the lease therefore looks at every
//! journal entry again when nobody can put another one beside it.

use std::time::Duration;

use recovery::OrderId;
use recovery::order::journal_partitions;
use recovery::window;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::aws::cause;
use crate::database::swept::{note_swept, swept_through};
use crate::database::{Database, DatabaseError};
use crate::journal::Journal;
use crate::queue::Queue;
use crate::queue_again::{QueueAgainError, queue_again};

/// Entries of one page of a partition.
const PAGE_MAX: u32 = 200;
/// Milliseconds of the ids in one partition.
const MINUTE_MS: u64 = 60_000;
/// Messages that one sweep sends at most; the next one goes on. More than a minute of the shipped
/// load, so that a backlog shrinks.
const SENT_MAX: usize = 2000;
/// Longest sweep. It must end within a watch; what it had finished stays finished.
const SWEEP_LIMIT: Duration = Duration::from_secs(45);

/// Where to look, and where to send.
#[derive(Debug)]
pub(super) struct Sweeper {
    pub(super) journal: Journal,
    pub(super) queue: Queue,
    /// A connection of its own: readiness must not wait for a sweep.
    pub(super) database: Database,
}

/// Why a sweep ended early. What it had sent stays sent.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Journal(#[from] crate::journal::Unavailable),
    #[error("the database cannot be asked")]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    QueueAgain(#[from] QueueAgainError),
}

/// At most one sweep per watch, in the background. Dropping it ends a running one.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    begun: bool,
    running: JoinSet<Result<usize, String>>,
}

impl Sweep {
    /// Begins the watch's sweep if none was begun, and says how many messages an ended one has sent,
    /// or why it ended early. `now_ms` is in milliseconds since the Unix epoch.
    pub(super) fn step(
        &mut self,
        sweeper: &std::sync::Arc<Sweeper>,
        now_ms: u64,
    ) -> Option<Result<usize, String>> {
        if !self.begun {
            self.begun = true;
            let sweeper = std::sync::Arc::clone(sweeper);
            self.running.spawn(async move {
                match timeout(SWEEP_LIMIT, sweeper.sweep(now_ms)).await {
                    Ok(swept) => swept.map_err(|error| cause(&error)),
                    Err(_) => Err(format!("it took longer than {} s", SWEEP_LIMIT.as_secs())),
                }
            });
        }
        self.running.try_join_next().map(|ended| ended.unwrap_or_else(|error| Err(error.to_string())))
    }
}

impl Sweeper {
    async fn sweep(&self, now_ms: u64) -> Result<usize, SweepError> {
        let through_ms = self.database.ask(async |client| swept_through(client).await).await?;
        let (from_ms, to_ms) = window::sweep(now_ms, through_ms);
        let mut sent = 0;
        for minute in from_ms / MINUTE_MS..=to_ms / MINUTE_MS {
            let (begin_ms, end_ms) = (minute * MINUTE_MS, (minute + 1) * MINUTE_MS);
            for partition in journal_partitions(begin_ms, begin_ms, self.journal.shards()) {
                sent += self.partition(&partition, SENT_MAX - sent).await?;
                if sent == SENT_MAX {
                    return Ok(sent);
                }
            }
            // A minute that is not over at the window's end is swept again by the next watch.
            if end_ms <= to_ms && through_ms.is_none_or(|through_ms| end_ms > through_ms) {
                self.database.ask(async |client| note_swept(client, end_ms).await).await?;
            }
        }
        Ok(sent)
    }

    /// Sends what is not settled of one partition, `most` at most, and says how many that were.
    async fn partition(&self, partition: &str, most: usize) -> Result<usize, SweepError> {
        let (mut sent, mut after) = (0, None);
        loop {
            let page = self.journal.page(partition, after.as_deref(), PAGE_MAX).await?;
            let ids: Vec<OrderId> = page.entries.iter().map(|entry| entry.order.id).collect();
            let shards = self.journal.shards();
            sent += queue_again(&self.database, &self.queue, shards, &ids, most - sent).await?;
            after = page.next;
            if after.is_none() || sent == most {
                return Ok(sent);
            }
        }
    }
}
