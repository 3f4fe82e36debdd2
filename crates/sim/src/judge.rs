//! What must never be: judged at every moment by the simulator, and at the end by the checker of `recovery`.

use recovery::Epoch;
use recovery::checker::Broken;
use serde::Serialize;

/// One violation.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "violation", rename_all = "snake_case")]
pub enum Violation {
    /// The checker objects to the history.
    #[error("{broken}")]
    History {
        /// To what.
        broken: Broken,
    },
    /// A planned move of the database lost settlements.
    #[error("a planned move of the database lost {commits} settlements")]
    PlannedMoveLost {
        /// How many.
        commits: u64,
    },
    /// Two regions owned the lease under one epoch.
    #[error("epoch {epoch} has two owners")]
    TwoOwners {
        /// Which.
        epoch: Epoch,
    },
    /// The lease went back.
    #[error("the lease went back to epoch {epoch}, version {version}")]
    LeaseWentBack {
        /// To this epoch.
        epoch: Epoch,
        /// And this version.
        version: u64,
    },
    /// A lease was found expired while its owner could be sure of it.
    #[error("epoch {epoch} began while the owner before could be sure of its lease")]
    TakenFromTheSure {
        /// The new epoch.
        epoch: Epoch,
    },
    /// A write below the fence.
    #[error("order {order} was settled under epoch {epoch}, below the fence at {fence}")]
    BelowTheFence {
        /// Which order, by its number.
        order: usize,
        /// The writer's.
        epoch: Epoch,
        /// Where the fence stood.
        fence: Epoch,
    },
    /// A settlement of what is not in the journal.
    #[error("order {order} was settled, and the journal does not have it")]
    SettledUnacknowledged {
        /// Which order, by its number.
        order: usize,
    },
    /// An order that was acknowledged when the lease had moved on was settled under the old epoch.
    #[error("order {order} was acknowledged after epoch {epoch} was over, and settled under it")]
    SettledAfterItsEpoch {
        /// Which order, by its number.
        order: usize,
        /// The writer's epoch.
        epoch: Epoch,
    },
    /// Settlement was enabled after a recovery, and the replay had left an order out.
    #[error("order {order} was acknowledged before the lease moved, and the replay left it out")]
    NotReplayed {
        /// Which order, by its number.
        order: usize,
    },
    /// A session was served older than its client had seen it.
    #[error("session {session} was served older than its client had seen it")]
    SessionWentBack {
        /// Which, by its number.
        session: usize,
    },
    /// The public name led clients to a region without the lease for too long.
    #[error("the public name still led away from region {owner}, the owner of the lease, after {after_s} s")]
    Astray {
        /// The owner's number.
        owner: usize,
        /// For how long, in seconds.
        after_s: u64,
    },
    /// Faults had ended, and the service did not come back in time.
    #[error("{after_s} s after the last fault: {what}")]
    NotAgain {
        /// What was missing.
        what: String,
        /// How long after, in seconds.
        after_s: u64,
    },
}

impl Violation {
    /// Who objects: the checker, which sees the history alone, or the simulator, which sees every moment.
    pub fn caught_by(&self) -> &'static str {
        match self {
            Self::History { .. } => "checker",
            _ => "simulator",
        }
    }
}
