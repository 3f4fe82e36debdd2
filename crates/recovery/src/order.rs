//! Orders: what a client may ask for, and where the journal keeps it.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::calendar;

/// Oldest id accepted, in milliseconds before now.
pub const ID_AGE_MS_MAX: u64 = 5 * 60 * 1000;
/// Id furthest in the future that is accepted, in milliseconds after now.
pub const ID_LEAD_MS_MAX: u64 = 60 * 1000;
/// Largest quantity of one order.
pub const QUANTITY_MAX: u64 = 1_000_000_000;

/// A version 7 UUID: its first 48 bits are milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Uuid", into = "Uuid")]
pub struct OrderId(Uuid);

/// Why a UUID cannot name an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrderId {
    /// The UUID carries no time.
    #[error("must be a version 7 UUID")]
    NotVersion7,
    /// The time in the id lies too far in the past.
    #[error("was made more than {} s ago", ID_AGE_MS_MAX / 1000)]
    TooOld,
    /// The time in the id lies too far in the future.
    #[error("lies more than {} s in the future", ID_LEAD_MS_MAX / 1000)]
    InTheFuture,
}

impl OrderId {
    /// Any version 7 UUID.
    pub fn new(id: Uuid) -> Result<Self, InvalidOrderId> {
        if id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122 {
            Ok(Self(id))
        } else {
            Err(InvalidOrderId::NotVersion7)
        }
    }

    /// Refuses an id whose time is out of range at `now_ms`.
    pub fn check_age(self, now_ms: u64) -> Result<(), InvalidOrderId> {
        let made = self.made_at_ms();
        if made.saturating_add(ID_AGE_MS_MAX) < now_ms {
            Err(InvalidOrderId::TooOld)
        } else if made > now_ms.saturating_add(ID_LEAD_MS_MAX) {
            Err(InvalidOrderId::InTheFuture)
        } else {
            Ok(())
        }
    }

    /// Milliseconds since the Unix epoch at which the id was made.
    pub fn made_at_ms(self) -> u64 {
        let bytes = self.0.as_bytes();
        bytes[..6].iter().fold(0, |ms, byte| (ms << 8) | u64::from(*byte))
    }

    /// The UUID itself.
    pub fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<Uuid> for OrderId {
    type Error = InvalidOrderId;

    fn try_from(id: Uuid) -> Result<Self, Self::Error> {
        Self::new(id)
    }
}

impl From<OrderId> for Uuid {
    fn from(id: OrderId) -> Self {
        id.0
    }
}

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Pays cash for the symbol.
    Buy,
    /// Gives the symbol for cash.
    Sell,
}

impl Side {
    /// `buy` or `sell`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// A valid order. Serialising it gives its canonical body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Identity; the journal takes each id once.
    pub id: OrderId,
    /// Account that trades.
    pub account: String,
    /// Symbol that is traded.
    pub symbol: String,
    /// Which way.
    pub side: Side,
    /// Whole units, 1 to [`QUANTITY_MAX`].
    pub quantity: u64,
    /// Price per unit in USD, written as a decimal string.
    pub limit_price: Decimal,
}

/// Account of the orders that probes and validations place.
pub const SYNTHETIC_ACCOUNT: &str = "SYNTHETIC";

/// Partition key of the journal: minute of the id and shard, such as `2026-11-20T10:24#2`.
///
/// A retry of the same id meets the same key in every region.
pub fn journal_partition(id: OrderId, shards: u32) -> String {
    let shard = id.as_uuid().as_bytes()[15] as u32 % shards.max(1);
    partition(id.made_at_ms() / 60_000, shard)
}

/// Every partition that can hold an id made from `from_ms` to `to_ms`, both included.
pub fn journal_partitions(from_ms: u64, to_ms: u64, shards: u32) -> impl Iterator<Item = String> {
    (from_ms / 60_000..=to_ms / 60_000)
        .flat_map(move |minute| (0..shards.max(1)).map(move |shard| partition(minute, shard)))
}

fn partition(minute: u64, shard: u32) -> String {
    let (day, minute_of_day) = (calendar::date(minute * 60), minute % 1440);
    format!("{day}T{:02}:{:02}#{shard}", minute_of_day / 60, minute_of_day % 60)
}

#[cfg(test)]
mod tests {
    //! Goal: an id is valid or refused for a reason, and the journal keeps an order where a
    //! retry and a replay both look. Method: known dates and proptest over ids and times.

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn id(made_at_ms: u64, rest: u128) -> OrderId {
        let rest = rest & 0x0fff_3fff_ffff_ffff_ffff | 0x7000_8000_0000_0000_0000;
        OrderId::new(Uuid::from_u128(u128::from(made_at_ms) << 80 | rest)).expect("version 7")
    }

    #[test]
    fn partitions_are_named_after_utc_minutes() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00#0"),
            (951_782_400_000, "2000-02-29T00:00#0"),
            (1_763_634_299_999, "2025-11-20T10:24#0"),
            (4_107_542_399_000, "2100-02-28T23:59#0"),
            (4_107_542_400_000, "2100-03-01T00:00#0"),
        ] {
            assert_eq!(journal_partition(id(ms, 0), 4), expected);
        }
    }

    #[test]
    fn only_version_7_of_a_plausible_age_is_taken() {
        assert_eq!(OrderId::new(Uuid::nil()), Err(InvalidOrderId::NotVersion7));
        let (now, at) = (10_000_000, |ms| id(ms, 1));
        assert_eq!(at(now - ID_AGE_MS_MAX).check_age(now), Ok(()));
        assert_eq!(at(now - ID_AGE_MS_MAX - 1).check_age(now), Err(InvalidOrderId::TooOld));
        assert_eq!(at(now + ID_LEAD_MS_MAX).check_age(now), Ok(()));
        assert_eq!(at(now + ID_LEAD_MS_MAX + 1).check_age(now), Err(InvalidOrderId::InTheFuture));
    }

    proptest! {
        #[test]
        fn a_replay_looks_where_an_order_is_kept(
            made_at in 0u64..5_000_000_000_000, before in 0u64..600_000, after in 0u64..600_000,
            rest in any::<u128>(), shards in 0u32..9,
        ) {
            let order = id(made_at, rest);
            prop_assert_eq!(order.made_at_ms(), made_at);
            let kept = journal_partition(order, shards);
            let looked: Vec<String> =
                journal_partitions(made_at.saturating_sub(before), made_at + after, shards).collect();
            prop_assert!(looked.contains(&kept));
            let distinct: BTreeSet<&String> = looked.iter().collect();
            prop_assert_eq!(distinct.len(), looked.len(), "no partition is read twice");
        }

        #[test]
        fn any_uuid_is_judged_without_panic(bits in any::<u128>(), now in any::<u64>()) {
            if let Ok(id) = OrderId::new(Uuid::from_u128(bits)) {
                let _ = id.check_age(now);
                let _ = journal_partition(id, 4);
            }
        }
    }
}
