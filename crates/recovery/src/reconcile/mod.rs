//! Reconciliation: what the journal, the databases and the sessions of both regions disagree on.
//!
//! The journal is the source of orders, the writer's database a projection of it, the replica a copy of
//! that, and sessions are one table that two regions write to. [`orders`] compares the first two,
//! [`regions`] the second with the third, [`sessions`] the replicas of the last. Each difference is
//! explained, or it is not; [`Report`] counts them. `docs/consistency.md` says the same to people.
//!
//! Whoever reads must read in this order, so that no order under way looks like a difference that nothing
//! explains: the replica's end and rows, then the writer's rows, then the journal.

mod orders;
mod regions;
mod report;
mod sessions;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use orders::orders;
pub use regions::regions;
pub use report::{EXAMPLES_MAX, Finding, Report};
pub use sessions::{Replica, sessions};

use crate::{Order, OrderId, Region};

/// Time an order has for its ordinary settlement, in milliseconds since its acknowledgement. A younger one that
/// is not settled is under way.
pub const SETTLING_MS: u64 = 60_000;
/// Milliseconds for which a queue that holds messages explains an order that is not settled. Later, its message
/// is taken for gone.
pub const WAITING_MS_MAX: u64 = 15 * 60_000;
/// Milliseconds for which a transaction may have been open: commits reach a replica in their own order, and an
/// earlier time of settlement may come after a later one. The services' transactions end within ten seconds.
pub const TRANSACTION_MS_MAX: u64 = 10_000;
/// Milliseconds that a write of a session has to reach the other region. DynamoDB usually takes one second and
/// promises nothing.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html>
pub const SESSION_LAG_MS_MAX: u64 = 60_000;
/// Milliseconds for which two writes of one session under different epochs may stand against each other, while the
/// regions find together again.
pub const CONFLICT_MS_MAX: u64 = 60 * 60_000;

/// Dimension of [`Metric::DifferencesFound`](crate::metric::Metric) beside the service: the name of a kind.
pub const KIND_DIMENSION: &str = "Kind";
/// Seconds between two runs of the reconciler.
pub const EVERY_S: u64 = 900;
/// Seconds that a run may take.
pub const FUNCTION_TIMEOUT_S: u64 = 180;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $variant:ident $word:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$one])* $variant),+ }

        impl $name {
            /// Every one, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As reports, metrics and events say it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// What two parts disagree on.
    Kind {
        /// The journal has an order that the writer's database has not.
        NotSettled "not_settled";
        /// The database has an order with another content than the journal's.
        Rewritten "rewritten";
        /// The database has an order that the journal has not.
        Unacknowledged "unacknowledged";
        /// The legs of an order are not two, do not sum to zero, or move another amount than the order's.
        Unbalanced "unbalanced";
        /// A settled order has no announcement in the outbox.
        Unannounced "unannounced";
        /// The replica has not what the writer has.
        ReplicaLacks "replica_lacks";
        /// The replica has an order otherwise than the writer.
        ReplicaDiffers "replica_differs";
        /// The replica has what the writer has not.
        ReplicaAhead "replica_ahead";
        /// One region has no such session.
        SessionAbsent "session_absent";
        /// The regions have a session in different versions.
        SessionBehind "session_behind";
        /// The regions have different contents under one version of a session.
        SessionForked "session_forked";
    }
}

words! {
    /// Why a difference is none that people have to look at.
    Explanation {
        /// Younger than the settling delay.
        UnderWay "under_way";
        /// A queue holds messages, and the order is not too old for its own to be one of them.
        WaitingInQueue "waiting_in_queue";
        /// It was written after the end of what the other side has received.
        ReplicationLag "replication_lag";
        /// Two epochs wrote it; clients are served the version of the later one, by (epoch, version).
        LaterEpochWins "later_epoch_wins";
        /// Its life is over, and each region removes it in its own time.
        Expired "expired";
    }
}

impl Kind {
    /// Whether waiting can make it go away: the order is settled, or the copy arrives.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::NotSettled | Self::ReplicaLacks | Self::SessionAbsent | Self::SessionBehind)
    }
}

/// One thing that two parts disagree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What they disagree on.
    pub kind: Kind,
    /// Why that is well; `None`: nothing explains it.
    pub explanation: Option<Explanation>,
    /// The order, or the begin of the session's id, which is a secret of its client's.
    pub example: String,
    /// The order to queue again, which is all that is ever repaired.
    pub queue_again: Option<OrderId>,
}

impl Difference {
    fn new(kind: Kind, explanation: Option<Explanation>, example: String) -> Self {
        Self { kind, explanation, example, queue_again: None }
    }
}

/// An order as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The order.
    pub order: Order,
    /// When it was acknowledged, in milliseconds since the Unix epoch.
    pub acknowledged_at_ms: u64,
    /// Region that took it, in whose queue its message was put.
    pub region: Region,
}

/// An order as a database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Primary key; what is no version 7 UUID no journal can have.
    pub id: Uuid,
    /// Account that trades.
    pub account: String,
    /// Symbol that is traded.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: String,
    /// Whole units.
    pub quantity: i64,
    /// Price per unit in USD; `None` when it is beyond what an order's price can be.
    pub limit_price: Option<Decimal>,
    /// When it was settled, in milliseconds since the Unix epoch, by the writer's clock.
    pub settled_at_ms: u64,
    /// Whether it has two legs that sum to zero and move the order's own amount.
    pub balanced: bool,
    /// Whether the outbox has its announcement.
    pub announced: bool,
}

impl Settled {
    /// Whether this is that order; prices are compared as numbers.
    pub fn is(&self, order: &Order) -> bool {
        self.id == order.id.as_uuid()
            && self.account == order.account
            && self.symbol == order.symbol
            && self.side == order.side.as_str()
            && u64::try_from(self.quantity) == Ok(order.quantity)
            && self.limit_price == Some(order.limit_price)
    }
}

/// What explains that an order is not settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// Messages in the queue of each region, received ones included; a queue that did not answer is not here.
    pub queued: BTreeMap<Region, u64>,
}

#[cfg(test)]
mod tests;
