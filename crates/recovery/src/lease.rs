//! The lease: which region settles orders, under which epoch.

use serde::{Deserialize, Serialize};

use crate::{Epoch, Region};

/// Partition and sort key of the lease's one item in the journal table.
pub const LEASE_KEY: &str = "lease";

/// The one item both regions and the witness agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows with every change of owner.
    pub epoch: Epoch,
    /// The region that owns it.
    pub owner: Region,
    /// Grows with every renewal; a watcher needs nothing else.
    pub version: u64,
    /// How far the owner is.
    pub state: LeaseState,
    /// Why the owner took it, for people.
    pub evidence: String,
}

/// How far the owner of the lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// Orders are accepted; the database is not ready for settlement.
    Recovering,
    /// Orders are accepted and settled.
    Serving,
}
