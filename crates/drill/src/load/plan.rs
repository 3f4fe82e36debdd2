//! What the seed decides: when which order arrives, from whom, and what it says.
//!
//! The id of an order is decided but for its time, which is the moment it is sent.

use std::time::Duration;

use recovery::history::{ClientKind, Terms};
use recovery::order::Side;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use crate::seeded::Seeded;

const SYMBOLS: [&str; 8] = ["AAPL", "AMZN", "GOOG", "IBM", "MSFT", "NVDA", "ORCL", "TSLA"];
const ACCOUNTS: u64 = 500;
/// Of the session operations, this share in percent writes.
const WRITES_PERCENT: u64 = 40;

/// Independent streams of one seed.
const ORDERS: u64 = 1;
const SESSIONS: u64 = 2;
const BACKOFFS: u64 = 3;

/// One order to come.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedOrder {
    /// Number from 0.
    pub number: u64,
    /// When, from the start of the load.
    pub at: Duration,
    /// Which kind of client sends it; they take turns.
    pub kind: ClientKind,
    /// Account that trades.
    pub account: String,
    /// Symbol that is traded.
    pub symbol: &'static str,
    /// Which way.
    pub side: Side,
    /// Whole units.
    pub quantity: u64,
    /// Price per unit in cents.
    pub limit_price_cents: u64,
    random: [u8; 10],
    seed: u64,
}

impl PlannedOrder {
    /// Its id when it is first sent at `now_ms`.
    #[must_use]
    pub fn id(&self, now_ms: u64) -> Uuid {
        Builder::from_unix_timestamp_millis(now_ms, &self.random).into_uuid()
    }

    /// What it says beside its id.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            account: self.account.clone(),
            symbol: self.symbol.to_owned(),
            side: self.side,
            quantity: self.quantity,
            limit_price: Decimal::new(i64::try_from(self.limit_price_cents).unwrap_or(i64::MAX), 2),
        }
    }

    /// The body of its request.
    #[must_use]
    pub fn body(&self, id: Uuid) -> Value {
        let cents = self.limit_price_cents;
        json!({
            "id": id,
            "account": self.account,
            "symbol": self.symbol,
            "side": self.side.as_str(),
            "quantity": self.quantity,
            "limit_price": format!("{}.{:02}", cents / 100, cents % 100),
        })
    }

    /// Which of `clients` sends it, when even ones follow DNS and odd ones know both regions.
    pub(super) fn client(&self, clients: usize) -> usize {
        usize::try_from(self.number % u64::try_from(clients.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// Decides the pauses between its retries.
    pub(super) fn backoffs(&self) -> Seeded {
        Seeded::stream(self.seed ^ self.number.rotate_left(17), BACKOFFS)
    }
}

/// Orders that arrive independently of each other at a mean rate, without end;
/// none at a rate that is not above 0.
pub fn orders(seed: u64, per_second: f64) -> impl Iterator<Item = PlannedOrder> + Send {
    let mut seeded = Seeded::stream(seed, ORDERS);
    arrivals(per_second).zip(0_u64..).scan(Duration::ZERO, move |at, (gap, number)| {
        *at += gap.draw(&mut seeded);
        Some(planned(seed, number, *at, &mut seeded))
    })
}

fn planned(seed: u64, number: u64, at: Duration, seeded: &mut Seeded) -> PlannedOrder {
    let kind = if number.is_multiple_of(2) { ClientKind::FollowsDns } else { ClientKind::KnowsBothRegions };
    let symbol = usize::try_from(seeded.below(8)).expect("one of eight symbols");
    let mut random = [0; 10];
    random[..8].copy_from_slice(&seeded.draw().to_be_bytes());
    random[8..].copy_from_slice(&seeded.draw().to_be_bytes()[..2]);
    PlannedOrder {
        number,
        at,
        kind,
        account: format!("ACC-{:04}", seeded.below(ACCOUNTS)),
        symbol: SYMBOLS[symbol],
        side: if seeded.below(2) == 0 { Side::Buy } else { Side::Sell },
        quantity: 1 + seeded.below(500),
        limit_price_cents: 100 + seeded.below(100_000),
        random,
        seed,
    }
}

/// One session operation to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSession {
    /// When, from the start of the load.
    pub at: Duration,
    /// Which session, from 0.
    pub session: u32,
    /// Whether it writes.
    pub write: bool,
}

/// Session operations at a mean rate, without end; none without rate or sessions.
pub fn session_operations(
    seed: u64,
    per_second: f64,
    sessions: u32,
) -> impl Iterator<Item = PlannedSession> + Send {
    let mut seeded = Seeded::stream(seed, SESSIONS);
    let per_second = if sessions == 0 { 0.0 } else { per_second };
    arrivals(per_second).scan(Duration::ZERO, move |at, gap| {
        *at += gap.draw(&mut seeded);
        let session = u32::try_from(seeded.below(u64::from(sessions))).expect("below a 32-bit number");
        Some(PlannedSession { at: *at, session, write: seeded.below(100) < WRITES_PERCENT })
    })
}

/// The time between two arrivals of a Poisson process.
#[derive(Clone, Copy)]
struct Gap(f64);

impl Gap {
    fn draw(self, seeded: &mut Seeded) -> Duration {
        // 1 − u lies above 0, so that the logarithm is finite.
        Duration::from_secs_f64(-(1.0 - seeded.unit()).ln() / self.0)
    }
}

fn arrivals(per_second: f64) -> impl Iterator<Item = Gap> + Send {
    let count = if per_second > 0.0 && per_second.is_finite() { usize::MAX } else { 0 };
    std::iter::repeat_n(Gap(per_second.max(1e-6)), count)
}

#[cfg(test)]
mod tests {
    // Goal: a seed replays the load, and the load has the rate and the halves it claims.
    use super::*;

    #[test]
    fn a_seed_replays_and_another_does_not() {
        let first = |seed| orders(seed, 25.0).take(200).collect::<Vec<_>>();
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
        let sessions = |seed| session_operations(seed, 5.0, 9).take(50).collect::<Vec<_>>();
        assert_eq!(sessions(7), sessions(7));
    }

    #[test]
    fn the_rate_is_the_mean_and_arrivals_are_irregular() {
        let planned: Vec<_> = orders(3, 50.0).take(20_000).collect();
        let mean_rate = 20_000.0 / planned[19_999].at.as_secs_f64();
        assert!((mean_rate - 50.0).abs() < 1.5, "{mean_rate}");
        let gaps = planned.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64());
        // Of exponential gaps, 1 − 1/e are shorter than the mean.
        let short = gaps.filter(|gap| *gap < 0.02).count();
        assert!((12_200..13_100).contains(&short), "{short}");
    }

    #[test]
    fn clients_of_both_kinds_take_turns_and_every_client_has_its_kind() {
        for order in orders(1, 10.0).take(64) {
            let even = order.client(16).is_multiple_of(2);
            assert_eq!(even, order.kind == ClientKind::FollowsDns);
        }
    }

    #[test]
    fn an_id_is_a_version_7_uuid_of_its_time() {
        let order = orders(1, 10.0).next().expect("orders never end");
        let id = recovery::OrderId::new(order.id(1_700_000_000_123)).expect("version 7");
        assert_eq!(id.made_at_ms(), 1_700_000_000_123);
        assert_eq!(order.id(5), order.id(5));
        let body: recovery::Order = serde_json::from_value(order.body(order.id(5))).expect("an order");
        assert_eq!(Terms::from(&body), order.terms());
    }

    #[test]
    fn no_rate_means_no_arrivals() {
        assert_eq!(orders(1, 0.0).count(), 0);
        assert_eq!(session_operations(1, 5.0, 0).count(), 0);
        assert_eq!(orders(1, f64::NAN).count(), 0);
    }
}
