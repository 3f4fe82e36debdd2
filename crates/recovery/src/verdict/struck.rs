//! What was done to a run.

use serde::{Deserialize, Serialize};

use crate::{Epoch, Region};

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
