//! What one client did and was told.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::exact;
use crate::Region;
use crate::order::{Order, Side};
use crate::session::SessionVersion;

/// One operation of one client, with all its attempts. Times are milliseconds since the
/// Unix epoch by one clock: the load generator's, which must also be the databases', but
/// for [`Facts::clock_error_ms`](super::Facts::clock_error_ms).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// How the client finds the system.
    pub client: ClientKind,
    /// Number of a client that always shows the latest token it has; absent when it may not, or
    /// nobody knows which client it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<u64>,
    /// What it wants.
    pub kind: OperationKind,
    /// Order id or session id.
    pub id: String,
    /// When its first attempt began.
    pub invoked_ms: u64,
    /// When the client knew the outcome; absent when it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_ms: Option<u64>,
    /// What the client knows.
    pub outcome: Outcome,
    /// Region that gave the last answer; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Attempts, counting the first.
    pub attempts: u32,
    /// For an order: what it says; absent when only its fate is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// For a session: the version that the client saw last and asked for at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SessionVersion>,
    /// For a session: the version in the answer; absent when there was no such session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SessionVersion>,
    /// For a session: a number that tells what was written, or shown, from other contents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<u64>,
}

/// How a client finds the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Resolves the public name, honours its TTL and retries.
    FollowsDns,
    /// Knows both regional names and turns to the other at the first failure.
    KnowsBothRegions,
}

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Place an order.
    PlaceOrder,
    /// Write a session.
    WriteSession,
    /// Read a session.
    ReadSession,
}

/// What a client knows in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Acknowledged, or answered.
    Ok,
    /// Refused for good: it did not happen, or (for a read) was honestly declined.
    Failed,
    /// No answer, or one that leaves it open: it may have happened.
    Unknown,
}

/// What an order says beside its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Account that trades.
    pub account: String,
    /// Symbol that is traded.
    pub symbol: String,
    /// Which way.
    pub side: Side,
    /// Whole units.
    pub quantity: u64,
    /// Price per unit in USD; compared as a number.
    #[serde(with = "exact")]
    pub limit_price: Decimal,
}

impl From<&Order> for Terms {
    fn from(order: &Order) -> Self {
        Self {
            account: order.account.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            quantity: order.quantity,
            limit_price: order.limit_price,
        }
    }
}

impl Terms {
    /// The asset that its settlement moves from `available` to `reserved`, and how much of it; `None`
    /// when that is beyond any amount.
    pub fn moved(&self) -> Option<(&str, Decimal)> {
        let quantity = Decimal::from(self.quantity);
        match self.side {
            Side::Buy => Some(("USD", quantity.checked_mul(self.limit_price)?)),
            Side::Sell => Some((&self.symbol, quantity)),
        }
    }
}

impl Operation {
    /// Whether the system acknowledged it as an order.
    pub fn is_acknowledged_order(&self) -> bool {
        self.kind == OperationKind::PlaceOrder && self.outcome == Outcome::Ok
    }

    /// Whether it is a read of a session that was answered, by a client that knew a version. A region
    /// that is behind and says so refuses: that is [`Outcome::Failed`] and no stale answer.
    pub fn is_compared_read(&self) -> bool {
        self.kind == OperationKind::ReadSession && self.outcome == Outcome::Ok && self.token.is_some()
    }
}
