//! One minute of the journal, read whole and in the right order, and compared.

use recovery::order::journal_partitions;
use recovery::reconcile::{self, Acknowledged, Difference, Settled, Surroundings};
use tokio::task::JoinSet;

use crate::database::window::settled_between;
use crate::database::{Database, DatabaseError};
use crate::journal::{Entry, Journal, Unavailable};

/// Milliseconds of the ids in one partition.
pub(crate) const MINUTE_MS: u64 = 60_000;
/// Entries of one page of a partition.
const PAGE_MAX: u32 = 200;

/// What became of one minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    /// What differs.
    pub(crate) differences: Vec<Difference>,
    /// Orders in the journal or in the database.
    pub(crate) orders: u64,
}

/// Why a minute could not be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompareError {
    #[error(transparent)]
    Journal(#[from] Unavailable),
    #[error("the writer's database cannot be read")]
    Writer(#[source] DatabaseError),
    #[error("the replica's database cannot be read")]
    Replica(#[source] DatabaseError),
}

/// Compares the orders whose ids were made from `minute_ms` on, in milliseconds since the Unix epoch. The replica
/// comes with the time of the last settlement it has.
pub(crate) async fn compare(
    journal: &Journal,
    writer: &Database,
    replica: Option<(&Database, Option<u64>)>,
    minute_ms: u64,
    seen: &Surroundings,
) -> Result<Compared, CompareError> {
    let rows = async |database: &Database| -> Result<Vec<Settled>, DatabaseError> {
        database.ask(async |client| settled_between(client, minute_ms, minute_ms + MINUTE_MS).await).await
    };
    let copies = match replica {
        None => None,
        Some((database, through_ms)) => {
            Some((rows(database).await.map_err(CompareError::Replica)?, through_ms))
        }
    };
    let settled = rows(writer).await.map_err(CompareError::Writer)?;
    let acknowledged = acknowledged(journal, minute_ms).await?;
    let mut differences = reconcile::orders(&acknowledged, &settled, seen);
    if let Some((copies, through_ms)) = copies {
        differences.extend(reconcile::regions(&settled, &copies, through_ms));
    }
    let orders = acknowledged.len().max(settled.len()) as u64;
    Ok(Compared { differences, orders })
}

/// Every shard of the minute, side by side.
async fn acknowledged(journal: &Journal, minute_ms: u64) -> Result<Vec<Acknowledged>, Unavailable> {
    let mut reads = JoinSet::new();
    for partition in journal_partitions(minute_ms, minute_ms, journal.shards()) {
        let journal = journal.clone();
        reads.spawn(async move { shard(&journal, &partition).await });
    }
    let mut all = Vec::new();
    while let Some(read) = reads.join_next().await {
        // A read is neither aborted nor does it panic, but for a mistake in the program.
        all.append(&mut read.expect("a read ends by itself")?);
    }
    Ok(all)
}

async fn shard(journal: &Journal, partition: &str) -> Result<Vec<Acknowledged>, Unavailable> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = journal.page(partition, after.as_deref(), PAGE_MAX).await?;
        all.extend(page.entries.into_iter().map(of_entry));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

fn of_entry(entry: Entry) -> Acknowledged {
    let Entry { order, acknowledged_at_ms, region } = entry;
    Acknowledged { order, acknowledged_at_ms, region }
}
