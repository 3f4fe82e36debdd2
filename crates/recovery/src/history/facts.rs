//! What was found in the databases and the lease, while a run went on and when everything had drained.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Terms, exact};
use crate::lease::LeaseState;
use crate::{Epoch, OrderId, Region};

/// Everything that is known beside what the clients did. What is `None` was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Every row of `orders` in the surviving database.
    pub settled: Vec<SettledRow>,
    /// Sum of all ledger legs per asset in the surviving database.
    pub ledger_sums: BTreeMap<String, Decimal>,
    /// What the ledger of the surviving database adds up to, per account and asset.
    pub balances: Option<Vec<Balance>>,
    /// Every row of `outbox` in the surviving database.
    pub outbox: Option<Vec<OutboxRow>>,
    /// Every row of `orders` in the dead database, read from its files after the run.
    pub dead: Vec<DeadRow>,
    /// Every position of the fence that was seen in a database, its last one at least.
    pub fences: Vec<FenceRow>,
    /// Everything that was seen of the lease.
    pub lease_history: Vec<LeaseSeen>,
    /// Every change of owner that is known.
    pub moves: Vec<Move>,
    /// Writes that were refused because of their epoch, as the writers counted them.
    pub writes_refused: u64,
    /// How far the clients' clock and the database's may be apart, in milliseconds.
    pub clock_error_ms: u64,
}

/// One settled order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(with = "exact")]
    pub legs_sum: Decimal,
    /// Where its legs stand in the ledger: the number of the first one, which the database gives out in
    /// rising order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// What the order says, as it was settled; absent when that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

/// What the ledger says that one account has of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Account.
    pub account: String,
    /// `USD` or a symbol.
    pub asset: String,
    /// Sum of its legs in `available`.
    #[serde(with = "exact")]
    pub available: Decimal,
    /// Sum of its legs in `reserved`.
    #[serde(with = "exact")]
    pub reserved: Decimal,
}

/// One announcement of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxRow {
    /// Number of the row.
    pub id: u64,
    /// The order that it tells about.
    pub order: OrderId,
    /// How often it took effect where it was told: 0 while nobody has read it, 1 at most.
    pub effects: u32,
}

/// One order that the dead database had settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadRow {
    /// The order.
    pub id: OrderId,
    /// Epoch of the writer.
    pub settled_epoch: Epoch,
}

/// The one row of `fence`, as it was seen at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FenceRow {
    /// Where it stands.
    pub epoch: Epoch,
    /// When it was raised there, by the database's clock.
    pub raised_at_ms: u64,
}

/// The lease, as it was once written or read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseSeen {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its owner.
    pub owner: Region,
    /// Its state; absent when it was none that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<LeaseState>,
    /// When the call began that wrote or read it; absent when only its end is known, as for a write that
    /// was overheard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_ms: Option<u64>,
    /// When that call had its answer.
    pub at_ms: u64,
}

/// A change of owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The new epoch.
    pub epoch: Epoch,
    /// Owner before.
    pub from: Region,
    /// Owner since.
    pub to: Region,
    /// When it was seen.
    pub at_ms: u64,
    /// Whether the old owner drained and handed the lease over.
    pub planned: bool,
}

impl Facts {
    /// Every epoch and owner that the lease was seen with, in this order, each pair once.
    pub fn owners(&self) -> Vec<(Epoch, Region)> {
        let seen = self.lease_history.iter().map(|seen| (seen.epoch, seen.owner.clone()));
        let mut owners: Vec<_> =
            seen.chain(self.moves.iter().map(|one| (one.epoch, one.to.clone()))).collect();
        owners.sort();
        owners.dedup();
        owners
    }

    /// Where the fence stood last.
    pub fn fence(&self) -> Option<FenceRow> {
        self.fences.iter().copied().max_by_key(|fence| fence.epoch)
    }
}
