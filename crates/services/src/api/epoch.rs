//! The lease's epoch, as new as sessions need it.

use std::time::{Duration, Instant};

use recovery::Epoch;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::aws::cause;
use crate::lease_store::LeaseStore;

/// Age at which a known epoch is read again.
const FRESH: Duration = Duration::from_secs(5);
/// Longest wait for the lease.
const READ_MAX: Duration = Duration::from_secs(1);

/// Remembers the epoch, so that a session write costs no strongly consistent read each time, and so
/// that sessions go on while the lease cannot be read.
///
/// An epoch that is a little old does no harm: a session's version never goes back, and the
/// client's token says which version must be served.
#[derive(Debug)]
pub(super) struct LastEpoch {
    lease: LeaseStore,
    last: Mutex<Option<(Instant, Epoch)>>,
}

impl LastEpoch {
    pub(super) fn new(lease: LeaseStore) -> Self {
        Self { lease, last: Mutex::default() }
    }

    /// The epoch; the last known one when the lease cannot be read, and `None` when none is known.
    pub(super) async fn get(&self) -> Option<Epoch> {
        let mut last = self.last.lock().await;
        if let Some((_, epoch)) = last.filter(|(read_at, _)| read_at.elapsed() < FRESH) {
            return Some(epoch);
        }
        let epoch = match timeout(READ_MAX, self.lease.read()).await {
            Ok(Ok(lease)) => Some(lease.map_or(Epoch::FIRST, |lease| lease.epoch)),
            Ok(Err(error)) => {
                tracing::info!(cause = cause(&error), "the last known epoch is used");
                last.map(|(_, epoch)| epoch)
            }
            Err(_) => last.map(|(_, epoch)| epoch),
        }?;
        *last = Some((Instant::now(), epoch));
        Some(epoch)
    }
}
