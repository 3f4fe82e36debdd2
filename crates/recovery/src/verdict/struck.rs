//! What was done to a run.

use serde::{Deserialize, Serialize};

use crate::{Epoch, Region};

/// The loss of a region. Times are milliseconds since the Unix epoch, by the clock of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it struck.
    pub at_ms: u64,
    /// Region that was lost.
    pub lost_region: Region,
    /// Region that should take over.
    pub surviving_region: Region,
    /// Epoch of the lease when it struck.
    pub epoch: Epoch,
    /// Whether orders have to be accepted again within the objectives.
    #[serde(default = "asked", skip_serializing_if = "is_asked")]
    pub accepted_again: bool,
    /// Whether orders have to be settled again within the objective.
    #[serde(default = "asked", skip_serializing_if = "is_asked")]
    pub settled_again: bool,
}

fn asked() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_asked(asked: &bool) -> bool {
    *asked
}

/// What happened to the containers of the region that owns the lease, while both regions stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// What a run is judged by, beside the invariants that hold of every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lease", rename_all = "snake_case")]
pub enum Expectation {
    /// A region was lost: the lease moves to the other one, within the objectives.
    Moves(Fault),
    /// Containers suffered: the lease stays.
    Stays(Harm),
}

impl Expectation {
    /// When it began, in milliseconds since the Unix epoch, by the clock of the history.
    pub fn at_ms(&self) -> u64 {
        match self {
            Self::Moves(fault) => fault.at_ms,
            Self::Stays(harm) => harm.at_ms,
        }
    }
}
