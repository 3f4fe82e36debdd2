//! The lease's epoch, as new as sessions need it.

use std::time::{Duration, Instant};

use recovery::Epoch;
use tokio::sync::Mutex;

use crate::lease_store::{LeaseStore, LeaseStoreError};

/// Age at which a known epoch is read again.
const FRESH: Duration = Duration::from_secs(5);

/// Remembers the epoch, so that a session write costs no strongly consistent read each time.
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

    /// The epoch; an older one when the lease cannot be read, and an error when none is known yet.
    pub(super) async fn get(&self) -> Result<Epoch, LeaseStoreError> {
        let mut last = self.last.lock().await;
        if let Some((_, epoch)) = last.filter(|(read_at, _)| read_at.elapsed() < FRESH) {
            return Ok(epoch);
        }
        let epoch = match (self.lease.read().await, *last) {
            (Ok(lease), _) => lease.map_or(Epoch::FIRST, |lease| lease.epoch),
            (Err(error), Some((_, epoch))) => {
                tracing::info!(%error, %epoch, "the last known epoch is used");
                epoch
            }
            (Err(error), None) => return Err(error),
        };
        *last = Some((Instant::now(), epoch));
        Ok(epoch)
    }
}
