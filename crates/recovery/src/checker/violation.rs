//! What can be broken, and where it shows.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Invariant;
use crate::session::SessionVersion;
use crate::{Epoch, OrderId, Region};

/// One thing that must never be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What it is.
    #[serde(flatten)]
    pub broken: Broken,
    /// The parts of the history that show it, as far as it shows in what is there.
    pub shown_by: Vec<Place>,
}

/// A part of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// An operation, by its index.
    Operation(usize),
    /// A row of `orders`, by its index among the settled ones.
    Settled(usize),
    /// A row of `outbox`, by its index.
    Outbox(usize),
    /// A position of the fence, by its index.
    Fence(usize),
    /// An observation of the lease, by its index.
    Lease(usize),
    /// A change of owner, by its index.
    Move(usize),
    /// A balance, by its index.
    Balance(usize),
}

/// What is broken, with the order, session or epoch that it is broken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "broken", rename_all = "snake_case")]
pub enum Broken {
    /// Acknowledged, and not in the database.
    #[error("order {order} was acknowledged and is not settled")]
    Lost {
        /// Its id, as its client gave it.
        order: String,
    },
    /// More than one row, or more legs than one settlement has.
    #[error("order {order} was settled twice: {rows} rows, {legs} legs")]
    SettledTwice {
        /// The order.
        order: OrderId,
        /// Its rows in `orders`.
        rows: u64,
        /// Its rows in `ledger`.
        legs: u64,
    },
    /// Settled, and no client tried.
    #[error("order {order} was settled, and no client placed it")]
    NotPlaced {
        /// The order.
        order: OrderId,
    },
    /// Settled, and every client that tried was told that it did not happen.
    #[error("order {order} was settled, and its client was told that it was refused")]
    RefusedAndSettled {
        /// The order.
        order: OrderId,
    },
    /// One id was acknowledged for two different orders.
    #[error("order {order} was acknowledged with two different contents")]
    AcknowledgedTwice {
        /// Its id, as its clients gave it.
        order: String,
    },
    /// Settled with other terms than its client gave.
    #[error("order {order} was settled otherwise than its client placed it")]
    Rewritten {
        /// The order.
        order: OrderId,
    },
    /// Settled before anybody asked for it.
    #[error(
        "order {order} was settled at {settled_at_ms} ms, before its client placed it at {invoked_ms} ms"
    )]
    SettledTooEarly {
        /// The order.
        order: OrderId,
        /// When it was settled.
        settled_at_ms: u64,
        /// When its first attempt began.
        invoked_ms: u64,
    },
    /// The legs of an order do not add up.
    #[error("order {order} has {legs} legs, which sum to {sum}")]
    Unbalanced {
        /// The order.
        order: OrderId,
        /// Its rows in `ledger`.
        legs: u64,
        /// What they add up to.
        sum: Decimal,
    },
    /// All legs of an asset do not add up.
    #[error("the ledger of {asset} sums to {sum}")]
    AssetUnbalanced {
        /// The asset.
        asset: String,
        /// What its legs add up to.
        sum: Decimal,
    },
    /// An account has other balances than its settled orders make.
    #[error(
        "account {account} has {reserved} {asset} reserved and {available} available, and its orders make it {expected}"
    )]
    AccountOff {
        /// The account.
        account: String,
        /// The asset.
        asset: String,
        /// What the ledger has as available.
        available: Decimal,
        /// What the ledger has as reserved.
        reserved: Decimal,
        /// What its orders reserved, and took from what is available.
        expected: Decimal,
    },
    /// Its legs stand behind those of a later epoch.
    #[error("order {order} was settled under epoch {epoch} after another one under epoch {after}")]
    EpochOutOfTurn {
        /// The order.
        order: OrderId,
        /// Epoch that it was settled under.
        epoch: Epoch,
        /// The later epoch that was settled under before.
        after: Epoch,
    },
    /// Two orders have one place in the ledger.
    #[error("orders {order} and {other} have one place in the ledger: {sequence}")]
    SamePlace {
        /// An order.
        order: OrderId,
        /// Another one.
        other: OrderId,
        /// Their place.
        sequence: u64,
    },
    /// Settled under an epoch after the fence stood above it.
    #[error("order {order} was settled under epoch {epoch} after the fence was raised to {fence}")]
    BelowFence {
        /// The order.
        order: OrderId,
        /// Epoch that it was settled under.
        epoch: Epoch,
        /// Where the fence stood.
        fence: Epoch,
    },
    /// Settled under an epoch to which the fence had not been raised.
    #[error("order {order} was settled under epoch {epoch} before the fence was raised to it")]
    AboveFence {
        /// The order.
        order: OrderId,
        /// Epoch that it was settled under.
        epoch: Epoch,
    },
    /// The fence came down.
    #[error("the fence fell from epoch {from} to {to}")]
    FenceFell {
        /// Where it stood.
        from: Epoch,
        /// Where it stood later.
        to: Epoch,
    },
    /// Two regions owned the lease under one epoch.
    #[error("{one} and {other} owned the lease under epoch {epoch}")]
    TwoOwners {
        /// The epoch.
        epoch: Epoch,
        /// An owner.
        one: Region,
        /// Another one.
        other: Region,
    },
    /// The lease had a lower epoch than before.
    #[error("the lease fell from epoch {from} to {to}")]
    EpochFell {
        /// The epoch it had.
        from: Epoch,
        /// The epoch it had later.
        to: Epoch,
    },
    /// Settled under an epoch that no region had.
    #[error("order {order} was settled under epoch {epoch}, which no region was seen to own")]
    NobodyOwned {
        /// The order.
        order: OrderId,
        /// Epoch that it was settled under.
        epoch: Epoch,
    },
    /// A client was served an older session than it had seen.
    #[error("session {session} was served as {seen}, and its client had seen {known}")]
    WentBack {
        /// The session.
        session: String,
        /// The version that the client knew.
        known: SessionVersion,
        /// The version it was served.
        seen: SessionVersion,
    },
    /// A client was served a version that it knew with another content.
    #[error("session {session} was served as {version} with another content than this version had")]
    OtherContent {
        /// The session.
        session: String,
        /// The version.
        version: SessionVersion,
    },
    /// A write was acknowledged under a version that is not after the one it overwrites.
    #[error("session {session} was written as {seen} over {token}")]
    NotAdvanced {
        /// The session.
        session: String,
        /// The version that the client knew.
        token: SessionVersion,
        /// The version that its write was said to have.
        seen: SessionVersion,
    },
    /// A client that knew a version was told that there is no such session.
    #[error("session {session} was said not to exist, and its client had seen {known}")]
    SessionGone {
        /// The session.
        session: String,
        /// The version that the client knew.
        known: SessionVersion,
    },
    /// Settled, and nobody is told.
    #[error("order {order} was settled, and the outbox does not tell of it")]
    Unannounced {
        /// The order.
        order: OrderId,
    },
    /// Settled once, and told several times.
    #[error("order {order} has {rows} rows in the outbox")]
    AnnouncedTwice {
        /// The order.
        order: OrderId,
        /// Its rows.
        rows: u64,
    },
    /// Told, and not settled.
    #[error("the outbox tells of order {order}, which is not settled")]
    AnnouncedUnsettled {
        /// The order.
        order: OrderId,
    },
    /// One announcement took effect several times.
    #[error("the announcement of order {order} took effect {effects} times")]
    EffectTwice {
        /// The order.
        order: OrderId,
        /// How often.
        effects: u64,
    },
}

impl Violation {
    pub(super) fn new(broken: Broken, shown_by: impl IntoIterator<Item = Place>) -> Self {
        Self { broken, shown_by: shown_by.into_iter().collect() }
    }

    /// What should have held.
    pub fn invariant(&self) -> Invariant {
        self.broken.invariant()
    }
}

impl Broken {
    /// What should have held.
    pub fn invariant(&self) -> Invariant {
        match self {
            Self::Lost { .. } => Invariant::AcknowledgedIsSettled,
            Self::SettledTwice { .. } => Invariant::SettledOnce,
            Self::NotPlaced { .. } | Self::RefusedAndSettled { .. } => Invariant::SettledWasPlaced,
            Self::AcknowledgedTwice { .. } | Self::Rewritten { .. } => Invariant::SettledAsPlaced,
            Self::SettledTooEarly { .. } => Invariant::SettledAfterPlaced,
            Self::Unbalanced { .. } | Self::AssetUnbalanced { .. } => Invariant::LedgerBalances,
            Self::AccountOff { .. } => Invariant::AccountsAddUp,
            Self::EpochOutOfTurn { .. } | Self::SamePlace { .. } => Invariant::SettledInEpochOrder,
            Self::BelowFence { .. } => Invariant::NothingBelowFence,
            Self::AboveFence { .. } => Invariant::NothingAboveFence,
            Self::TwoOwners { .. } => Invariant::OneOwnerPerEpoch,
            Self::EpochFell { .. } | Self::FenceFell { .. } => Invariant::EpochsRise,
            Self::NobodyOwned { .. } => Invariant::EpochsAreOwned,
            Self::WentBack { .. } | Self::OtherContent { .. } => Invariant::SessionsNeverGoBack,
            Self::NotAdvanced { .. } => Invariant::WritesAdvanceSessions,
            Self::SessionGone { .. } => Invariant::SessionsStay,
            Self::Unannounced { .. }
            | Self::AnnouncedTwice { .. }
            | Self::AnnouncedUnsettled { .. }
            | Self::EffectTwice { .. } => Invariant::AnnouncedOnce,
        }
    }
}
