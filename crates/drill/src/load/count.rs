//! Figures of the running load.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use recovery::Region;
use recovery::history::{Operation, OperationKind, Outcome};
use tokio::time::Instant;

use super::{PerRegion, held};

/// The load so far. Orders are counted once, whatever their retries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadCounts {
    /// Orders sent or due.
    pub offered: u64,
    /// Orders acknowledged.
    pub acknowledged: u64,
    /// Orders refused for good, or never received by a region.
    pub refused: u64,
    /// Orders whose fate the client does not know.
    pub unknown: u64,
    /// Acknowledged orders by the region that answered.
    pub acknowledged_by: BTreeMap<Region, u64>,
    /// Requests beyond the first of each operation.
    pub retries: u64,
    /// The latest that an arrival was sent after its time.
    pub late_max: Duration,
    /// Answers to session operations that were compared with the client's token.
    pub sessions_checked: u64,
    /// Of these, answers older than the token.
    pub sessions_stale_served: u64,
    /// Times a region said that it is behind, after the client had waited.
    pub sessions_refused: u64,
    /// Times an acknowledged session write was gone when the client, told
    /// honestly that the region is behind, started over without its token.
    pub sessions_writes_lost: u64,
}

/// The same, being counted.
#[derive(Default)]
pub(super) struct Count(Mutex<LoadCounts>);

impl Count {
    pub(super) fn read(&self) -> LoadCounts {
        held(&self.0).clone()
    }

    pub(super) fn offer(&self) {
        held(&self.0).offered += 1;
    }

    pub(super) fn late(&self, due: Instant) {
        let mut counts = held(&self.0);
        counts.late_max = counts.late_max.max(due.elapsed());
    }

    /// Changes the figures of the sessions.
    pub(super) fn sessions(&self, change: impl FnOnce(&mut LoadCounts)) {
        change(&mut held(&self.0));
    }

    pub(super) fn end(&self, operation: &Operation) {
        let mut counts = held(&self.0);
        counts.retries += u64::from(operation.attempts.saturating_sub(1));
        if operation.kind != OperationKind::PlaceOrder {
            return;
        }
        match operation.outcome {
            Outcome::Ok => {
                counts.acknowledged += 1;
                let by: &mut PerRegion = &mut counts.acknowledged_by;
                if let Some(region) = &operation.region {
                    *by.entry(region.clone()).or_default() += 1;
                }
            }
            Outcome::Failed => counts.refused += 1,
            Outcome::Unknown => counts.unknown += 1,
        }
    }
}
