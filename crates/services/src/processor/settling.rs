//! Settling the orders of one batch: lease, journal, database, in this order.

use std::collections::HashSet;
use std::error::Error;
use std::time::Duration;

use recovery::lease::LeaseState;
use recovery::{Epoch, Lease, OrderId, Region};
use tokio::time::{Instant, timeout};

use super::Processor;
use super::letter::Findings;
use crate::aws::cause;
use crate::database::settlement::{self, Settlement, Source};
use crate::database::{Database, DatabaseError};
use crate::journal::{Entry, Unavailable};
use crate::lease_store::LeaseStoreError;
use crate::telemetry::now_ms;

/// Longest read of the lease.
const LEASE_LIMIT: Duration = Duration::from_secs(3);
/// Longest read of a batch's orders.
const JOURNAL_LIMIT: Duration = Duration::from_secs(5);
/// A settlement. The login has its own limit.
const DEADLINE: Duration = Duration::from_secs(9);
/// All of that together, which the function's own timeout must leave room for: a function that is
/// cut off keeps its whole batch invisible for the queue's visibility timeout.
pub(super) const SETTLE_LIMIT: Duration = LEASE_LIMIT
    .saturating_add(JOURNAL_LIMIT)
    .saturating_add(crate::database::CONNECT_LIMIT)
    .saturating_add(DEADLINE);

/// Why a whole batch must come back.
#[derive(Debug, thiserror::Error)]
pub(super) enum Postponed {
    #[error("there is no lease yet")]
    NoLease,
    #[error("{owner} recovers under epoch {epoch}")]
    Recovering { owner: Region, epoch: Epoch },
    #[error("settlement is stopped under epoch {epoch}: the database of {owner} goes home")]
    Draining { owner: Region, epoch: Epoch },
    #[error("the lease belongs to {0}, which is no region of this deployment")]
    Stranger(Region),
    #[error("the fence stands at epoch {fence}, the lease at {mine}")]
    Fenced { fence: Epoch, mine: Epoch },
    #[error("the lease is unknown")]
    Lease(#[from] LeaseStoreError),
    #[error("the journal is unavailable")]
    Journal(#[from] Unavailable),
    #[error("{what} did not answer within {limit:?}")]
    Silent { what: &'static str, limit: Duration },
    #[error("the database of {0} could not be reached a moment ago")]
    Paused(Region),
    #[error("the database did not settle")]
    Database(#[from] DatabaseError),
    #[error("the database did not settle within {DEADLINE:?}")]
    Deadline,
}

impl Postponed {
    /// What a failover brings along is information; what should not happen is a warning.
    pub(super) fn log(&self, orders: usize) {
        let cause = cause(self);
        match self {
            Self::NoLease | Self::Recovering { .. } | Self::Draining { .. } | Self::Fenced { .. } => {
                tracing::info!(orders, cause, "settlement is postponed");
            }
            _ => tracing::warn!(orders, cause, "settlement failed and will be tried again"),
        }
    }

    /// Nothing is known about any order, but a refusal by the fence counts.
    pub(super) fn findings(&self) -> Findings {
        Findings { fenced: u64::from(matches!(self, Self::Fenced { .. })), ..Findings::default() }
    }
}

/// What `call` answers, unless that takes longer than `limit`.
async fn bounded<T, E: Into<Postponed> + Error>(
    what: &'static str,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Postponed> {
    timeout(limit, call).await.map_err(|_| Postponed::Silent { what, limit })?.map_err(Into::into)
}

/// For how long each of the settled orders had been acknowledged.
fn lags_ms(entries: &[Entry], settled: &[OrderId], now_ms: u64) -> Vec<u64> {
    let settled: HashSet<&OrderId> = settled.iter().collect();
    let now_settled = entries.iter().filter(|entry| settled.contains(&entry.order.id));
    // The other region's clock may be a little ahead.
    now_settled.map(|entry| now_ms.saturating_sub(entry.acknowledged_at_ms)).collect()
}

impl Processor {
    /// Settles those of `wanted` that the journal has, in the database of the lease's owner.
    pub(super) async fn settle(&self, wanted: &[OrderId]) -> Result<Findings, Postponed> {
        if wanted.is_empty() {
            return Ok(Findings::default());
        }
        let lease = bounded("the lease", LEASE_LIMIT, self.leases.read()).await?;
        let lease = lease.ok_or(Postponed::NoLease)?;
        let (owner, epoch) = (&lease.owner, lease.epoch);
        match lease.state {
            LeaseState::Serving => {}
            LeaseState::Recovering => return Err(Postponed::Recovering { owner: owner.clone(), epoch }),
            LeaseState::Draining => return Err(Postponed::Draining { owner: owner.clone(), epoch }),
        }
        if self.trouble.pauses(&lease, Instant::now()) {
            return Err(Postponed::Paused(lease.owner));
        }
        let entries = bounded("the journal", JOURNAL_LIMIT, self.journal.get_many(wanted)).await?;
        let mut findings = Findings::default();
        let present: HashSet<OrderId> = entries.iter().map(|entry| entry.order.id).collect();
        findings.absent = wanted.iter().copied().filter(|id| !present.contains(id)).collect();
        if entries.is_empty() {
            return Ok(findings);
        }
        match self.settle_entries(&lease, &entries).await? {
            Settlement::Refused { fence, mine } => Err(Postponed::Fenced { fence, mine }),
            Settlement::Settled(all) => {
                findings.settled_now = all.settled.len() as u64;
                findings.lags_ms = lags_ms(&entries, &all.settled, now_ms());
                findings.settled = all.settled.into_iter().chain(all.already).collect();
                findings.rejected = all.rejected.into_iter().map(|one| (one.id, one.reason)).collect();
                Ok(findings)
            }
        }
    }

    async fn settle_entries(&self, lease: &Lease, entries: &[Entry]) -> Result<Settlement, Postponed> {
        let mut connection = self.database_of(&lease.owner)?.connect().await.inspect_err(|error| {
            if matches!(error, DatabaseError::Connect { .. } | DatabaseError::Silent { .. }) {
                self.trouble.unreachable(lease, Instant::now());
            }
        })?;
        let settling = settlement::settle(&mut connection, lease.epoch, &self.region, Source::Queue, entries);
        let settlement = timeout(DEADLINE, settling).await;
        let failure = match settlement {
            Ok(Ok(settlement)) => return Ok(settlement),
            Ok(Err(error)) => error.into(),
            Err(_) => Postponed::Deadline,
        };
        // In an unknown state, and perhaps to a server that is not the writer any more.
        connection.discard();
        Err(failure)
    }

    fn database_of(&self, owner: &Region) -> Result<&Database, Postponed> {
        match owner {
            owner if *owner == self.region => Ok(&self.own_database),
            owner if *owner == self.peer => Ok(&self.peer_database),
            stranger => Err(Postponed::Stranger(stranger.clone())),
        }
    }
}
