//! What was done to a run, and what was found in its databases and leases afterwards.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Epoch, OrderId, Region};

/// The loss of a region. Times are milliseconds since the Unix epoch, by the clock of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it struck.
    pub at_ms: u64,
    /// Region that was lost.
    pub lost_region: Region,
    /// Region that should take over.
    pub surviving_region: Region,
    /// Epoch of the lease when it struck.
    pub epoch: Epoch,
}

/// What happened to the containers of the region that owns the lease, while both regions stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Harm {
    /// When it began, in milliseconds since the Unix epoch, by the clock of the history.
    pub at_ms: u64,
    /// The region, which owns the lease and keeps it.
    pub region: Region,
    /// Epoch of the lease when it began.
    pub epoch: Epoch,
}

impl Harm {
    /// Whether an owner of the lease is another one than before, or the same under a new epoch.
    pub fn is_move(&self, epoch: Epoch, owner: &Region) -> bool {
        epoch > self.epoch || *owner != self.region
    }

    /// Moves among the owners that the lease was seen with.
    pub fn moves(&self, owners: &[(Epoch, Region)]) -> u64 {
        owners.iter().filter(|(epoch, owner)| self.is_move(*epoch, owner)).count() as u64
    }
}

/// What was read after the run, when everything had drained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Every row of `orders` in the surviving database.
    pub settled: Vec<SettledRow>,
    /// Sum of all ledger legs per asset in the surviving database.
    pub ledger_sums: BTreeMap<String, Decimal>,
    /// Every row of `orders` in the dead database, read from its files after the run.
    pub dead: Vec<DeadRow>,
    /// The fence of the surviving database.
    pub fence: Option<FenceRow>,
    /// Every (epoch, owner) that the lease was seen with.
    pub lease_history: Vec<(Epoch, Region)>,
    /// Writes that were refused because of their epoch, as the writers counted them.
    pub writes_refused: u64,
}

/// One settled order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledRow {
    /// The order.
    pub id: OrderId,
    /// When it was settled, by the database's clock.
    pub settled_at_ms: u64,
    /// Epoch of the writer.
    pub settled_epoch: Epoch,
    /// `queue` or `replay`.
    pub settled_by: String,
    /// Its rows in `ledger`: two when it was settled once.
    pub legs: u32,
    /// What these add up to: zero.
    pub legs_sum: Decimal,
}

/// One order that the dead database had settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadRow {
    /// The order.
    pub id: OrderId,
    /// Epoch of the writer.
    pub settled_epoch: Epoch,
}

/// The one row of `fence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceRow {
    /// Where it stands.
    pub epoch: Epoch,
    /// When it was raised there, by the database's clock.
    pub raised_at_ms: u64,
}
