//! The item both regions and the witness agree on.

use serde::{Deserialize, Serialize};

use crate::{Epoch, Region};

/// Partition and sort key of the lease's one item in the journal table.
pub const LEASE_KEY: &str = "lease";

/// The one item. Each field is an attribute of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows with every change of owner.
    pub epoch: Epoch,
    /// The region that owns it.
    pub owner: Region,
    /// Grows with every change; a watcher needs nothing else.
    pub version: u64,
    /// How far the owner is.
    pub state: LeaseState,
    /// Why the owner took it, for people.
    pub evidence: String,
    /// The version it had when it was last taken, not handed over; the cooldown counts renewals since.
    pub moved_at_version: u64,
    /// Milliseconds since the Unix epoch at which its owner took it, by the owner's
    /// clock. No safety depends on it.
    pub moved_at_ms: u64,
    /// The version it had when its owner first renewed it although its own database did not answer
    /// or took no writes; absent while the database is well. The owner's patience counts renewals since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_unfit_at_version: Option<u64>,
    /// The version since which its owner, which is not home, has seen home take orders; absent while home
    /// does not. The dwell before a failback counts renewals since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_well_at_version: Option<u64>,
    /// The version it had when its owner stopped settlement for a failback; absent in every other state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained_at_version: Option<u64>,
}

/// How far the owner of the lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// Orders are accepted; the database is not ready for settlement.
    Recovering,
    /// Orders are accepted and settled.
    Serving,
    /// Orders are accepted; settlement is stopped, so that the database can go home.
    Draining,
}

impl LeaseState {
    /// `recovering`, `serving` or `draining`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recovering => "recovering",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }

    /// Reads what [`LeaseState::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Recovering, Self::Serving, Self::Draining].into_iter().find(|state| state.as_str() == name)
    }
}

impl Lease {
    /// The lease of a new deployment, put only where there is none.
    #[must_use]
    pub fn first(home: &Region, now_ms: u64) -> Self {
        Self {
            epoch: Epoch::FIRST,
            owner: home.clone(),
            version: 1,
            state: LeaseState::Serving,
            evidence: "first lease of this deployment".to_owned(),
            moved_at_version: 1,
            moved_at_ms: now_ms,
            database_unfit_at_version: None,
            home_well_at_version: None,
            drained_at_version: None,
        }
    }

    /// The same lease, renewed by an owner whose database is well.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { version: self.next_version(), database_unfit_at_version: None, ..self.clone() }
    }

    /// The same lease, renewed by an owner whose database is not well: since this renewal, or since
    /// the earlier one that says so.
    #[must_use]
    pub fn renewed_unfit(&self) -> Self {
        let since = self.database_unfit_at_version.unwrap_or(self.version);
        Self { database_unfit_at_version: Some(since), ..self.renewed() }
    }

    /// The same lease, its owner ready to settle.
    #[must_use]
    pub fn serving(&self) -> Self {
        Self { state: LeaseState::Serving, drained_at_version: None, ..self.renewed() }
    }

    /// The same lease with what its owner sees of home: well, not well, or nothing new.
    #[must_use]
    pub fn seeing_home(self, well: Option<bool>) -> Self {
        let home_well_at_version = match well {
            Some(true) => self.home_well_at_version.or(Some(self.version)),
            Some(false) => None,
            None => self.home_well_at_version,
        };
        Self { home_well_at_version, ..self }
    }

    /// The same lease, its owner no longer settling, so that the database can go home.
    #[must_use]
    pub fn draining(&self) -> Self {
        let drained_at_version = self.drained_at_version.or(Some(self.next_version()));
        Self { state: LeaseState::Draining, drained_at_version, ..self.renewed() }
    }

    /// The same lease, its owner settling again after a failback that came to nothing. The dwell begins
    /// anew.
    #[must_use]
    pub fn undrained(&self) -> Self {
        Self { home_well_at_version: None, ..self.serving() }
    }

    /// The lease of a region that takes over from this one's owner.
    #[must_use]
    pub fn successor(&self, owner: &Region, evidence: impl Into<String>, now_ms: u64) -> Self {
        Self {
            epoch: self.epoch.next(),
            owner: owner.clone(),
            version: self.next_version(),
            state: LeaseState::Recovering,
            evidence: evidence.into(),
            moved_at_version: self.next_version(),
            moved_at_ms: now_ms,
            database_unfit_at_version: None,
            home_well_at_version: None,
            drained_at_version: None,
        }
    }

    /// The lease of the region that this one's owner hands it to. No new cooldown begins: the move is
    /// planned and comes after the old one, and a loss of the new owner must not wait for it.
    #[must_use]
    pub fn handed_to(&self, owner: &Region, evidence: impl Into<String>, now_ms: u64) -> Self {
        Self { moved_at_version: self.moved_at_version, ..self.successor(owner, evidence, now_ms) }
    }

    /// Whether a compare-and-set that expects `expected` may replace this lease.
    pub fn is_at(&self, expected: &Self) -> bool {
        (self.epoch, &self.owner, self.version) == (expected.epoch, &expected.owner, expected.version)
    }

    fn next_version(&self) -> u64 {
        self.version.checked_add(1).expect("a version counts renewals and cannot reach 2^64")
    }
}
