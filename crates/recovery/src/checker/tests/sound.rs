//! Histories that are right by construction: what a system that keeps its promises leaves behind.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::deployment::Objectives;
use crate::history::*;
use crate::lease::LeaseState;
use crate::order::{SYNTHETIC_ACCOUNT, Side};
use crate::session::SessionVersion;
use crate::verdict::{Expectation, Fault};
use crate::{Epoch, OrderId, Region};

/// When the first epoch begins; each lasts [`EPOCH_MS`].
const BEGIN_MS: u64 = 1_800_000_000_000;
const EPOCH_MS: u64 = 100_000;
/// From the begin of an epoch to its fence.
const FENCE_MS: u64 = 10_000;

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Acknowledged,
    /// The client was not told, tried again and was.
    AcknowledgedLater,
    /// Another client used the same id for something else, and was refused.
    Contested,
    SettledUnknown,
    LostUnknown,
    Refused,
    Synthetic,
}

#[derive(Clone, Debug)]
struct PlannedOrder {
    fate: Fate,
    terms: Terms,
    epoch: u64,
    /// From the begin of its epoch.
    placed_after_ms: u64,
    settled_after_ms: u64,
    /// Decides its turn among those of its epoch.
    turn: u32,
    effects: u32,
}

#[derive(Clone, Copy, Debug)]
struct PlannedTurn {
    session: u64,
    client: u64,
    writes: bool,
    outcome: Outcome,
    epoch: u64,
}

fn region(at: u64) -> Region {
    Region::new(["us-east-1", "us-east-2"][usize::from(at.is_multiple_of(2))]).expect("a region")
}

fn terms() -> impl Strategy<Value = Terms> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    (0..4_u32, 0..3_usize, side, 1..1_000_u64, 1..100_000_i64).prop_map(
        |(account, symbol, side, quantity, cents)| Terms {
            account: format!("ACC-{account}"),
            symbol: ["AAPL", "IBM", "TSLA"][symbol].to_owned(),
            side,
            quantity,
            limit_price: Decimal::new(cents, 2),
        },
    )
}

fn order(epochs: u64) -> impl Strategy<Value = PlannedOrder> {
    use Fate::*;
    let fate = prop::sample::select(vec![
        Acknowledged,
        Acknowledged,
        Acknowledged,
        AcknowledgedLater,
        Contested,
        SettledUnknown,
        LostUnknown,
        Refused,
        Synthetic,
    ]);
    let when = (1..=epochs, 0..FENCE_MS + 60_000, 0..30_000_u64);
    (fate, terms(), when, any::<u32>(), 0..2_u32).prop_map(
        |(fate, mut terms, (epoch, placed, lag), turn, effects)| {
            if fate == Synthetic {
                terms.account = SYNTHETIC_ACCOUNT.to_owned();
            }
            let settled_after_ms = placed.max(FENCE_MS) + lag;
            PlannedOrder { fate, terms, epoch, placed_after_ms: placed, settled_after_ms, turn, effects }
        },
    )
}

fn turn(epochs: u64) -> impl Strategy<Value = PlannedTurn> {
    let outcome =
        prop::sample::select(vec![Outcome::Ok, Outcome::Ok, Outcome::Ok, Outcome::Failed, Outcome::Unknown]);
    (0..3_u64, 0..2_u64, any::<bool>(), outcome, 1..=epochs).prop_map(
        |(session, client, writes, outcome, epoch)| PlannedTurn { session, client, writes, outcome, epoch },
    )
}

/// Any history that is right, of one to four epochs.
pub(crate) fn histories() -> impl Strategy<Value = Recorded> {
    (1..=4_u64).prop_flat_map(|epochs| {
        let orders = prop::collection::vec(order(epochs), 1..40);
        let turns = prop::collection::vec(turn(epochs), 0..60);
        (Just(epochs), orders, turns, 0..50_u64).prop_map(|(epochs, orders, turns, clock_error_ms)| {
            let mut recorded = empty(epochs, clock_error_ms);
            trade(&mut recorded, &orders);
            keep_sessions(&mut recorded, turns);
            recorded
        })
    })
}

fn empty(epochs: u64, clock_error_ms: u64) -> Recorded {
    let begin = |epoch: u64| BEGIN_MS + epoch * EPOCH_MS;
    let (mut facts, seen) = (Facts::default(), |epoch, state, asked_ms, at_ms| LeaseSeen {
        epoch: Epoch(epoch),
        owner: region(epoch),
        state: Some(state),
        asked_ms,
        at_ms,
    });
    for epoch in 1..=epochs {
        let at_ms = begin(epoch);
        facts.lease_history.push(seen(epoch, LeaseState::Recovering, None, at_ms));
        // It began before the take-over had its answer, so that it may still say what was before.
        facts.lease_history.push(seen(epoch.max(2) - 1, LeaseState::Serving, Some(at_ms - 3), at_ms + 2));
        facts.lease_history.push(seen(epoch, LeaseState::Serving, Some(at_ms + 20_000), at_ms + 20_001));
        facts.fences.push(FenceRow { epoch: Epoch(epoch), raised_at_ms: at_ms + FENCE_MS });
        if epoch > 1 {
            let (from, to) = (region(epoch - 1), region(epoch));
            facts.moves.push(Move { epoch: Epoch(epoch), from, to, at_ms, planned: epoch % 2 == 1 });
        }
    }
    facts.fences[0].raised_at_ms = 0;
    let fault = Fault {
        at_ms: begin(2) - 20_000,
        lost_region: region(1),
        surviving_region: region(2),
        epoch: Epoch(1),
        accepted_again: true,
        settled_again: true,
    };
    facts.writes_refused = 1;
    facts.clock_error_ms = clock_error_ms;
    Recorded {
        header: Header {
            version: VERSION,
            source: "proptest".to_owned(),
            run: None,
            objectives: Some(Objectives {
                recovery_time_s: 60,
                settlement_time_s: 900,
                two_endpoints_recovery_time_s: 5,
                recovery_point_s: None,
                orders_lost: 0,
                availability_percent: 99.99,
            }),
            clock_error_ms,
            writes_refused: 1,
            balances: true,
            outbox: true,
        },
        operations: Vec::new(),
        facts,
        faults: vec![FaultTold {
            at_ms: fault.at_ms,
            region: Some(region(1)),
            kind: "lost".to_owned(),
            ended_ms: None,
        }],
        expectation: (epochs > 1).then_some(Expectation::Moves(fault)),
    }
}

/// An order of a client that follows DNS.
pub(super) fn placed(id: &str, outcome: Outcome, invoked_ms: u64) -> Operation {
    Operation {
        client: ClientKind::FollowsDns,
        by: None,
        kind: OperationKind::PlaceOrder,
        id: id.to_owned(),
        invoked_ms,
        completed_ms: (outcome != Outcome::Unknown).then_some(invoked_ms + 50),
        outcome,
        region: Some(region(1)),
        attempts: 1,
        terms: None,
        token: None,
        seen: None,
        content: None,
    }
}

fn trade(recorded: &mut Recorded, orders: &[PlannedOrder]) {
    let mut by_turn: Vec<(usize, &PlannedOrder)> = orders.iter().enumerate().collect();
    by_turn.sort_by_key(|(_, order)| (order.epoch, order.turn));
    let mut sequence = 0;
    let mut balances: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    let (facts, mut outbox) = (&mut recorded.facts, Vec::new());
    for (number, order) in by_turn {
        let begin_ms = BEGIN_MS + order.epoch * EPOCH_MS;
        let at_ms = begin_ms + order.placed_after_ms;
        let bits = u128::from(at_ms) << 80 | 0x7000_8000_0000_0000_0000 | number as u128;
        let id = OrderId::new(Uuid::from_u128(bits)).expect("version 7");
        let operation = |outcome, terms: &Terms, later_ms| Operation {
            terms: Some(terms.clone()),
            ..placed(&id.to_string(), outcome, at_ms + later_ms)
        };
        let other = Terms { quantity: order.terms.quantity + 1, ..order.terms.clone() };
        let attempts = match order.fate {
            Fate::Acknowledged => vec![operation(Outcome::Ok, &order.terms, 0)],
            Fate::AcknowledgedLater => {
                vec![operation(Outcome::Unknown, &order.terms, 0), operation(Outcome::Ok, &order.terms, 900)]
            }
            Fate::Contested => {
                vec![operation(Outcome::Ok, &order.terms, 0), operation(Outcome::Failed, &other, 700)]
            }
            Fate::SettledUnknown | Fate::LostUnknown => vec![operation(Outcome::Unknown, &order.terms, 0)],
            Fate::Refused => vec![operation(Outcome::Failed, &order.terms, 0)],
            Fate::Synthetic => Vec::new(),
        };
        recorded.operations.extend(attempts);
        if matches!(order.fate, Fate::LostUnknown | Fate::Refused) {
            continue;
        }
        sequence += 2 + u64::from(order.turn % 3);
        let (asset, amount) = order.terms.moved().expect("a small amount");
        *balances.entry((order.terms.account.clone(), asset.to_owned())).or_default() += amount;
        facts.ledger_sums.insert(asset.to_owned(), Decimal::ZERO);
        outbox.push(OutboxRow { id: sequence, order: id, effects: order.effects });
        facts.settled.push(SettledRow {
            id,
            settled_at_ms: begin_ms + order.settled_after_ms,
            settled_epoch: Epoch(order.epoch),
            settled_by: if order.turn.is_multiple_of(2) { "queue" } else { "replay" }.to_owned(),
            legs: 2,
            legs_sum: Decimal::ZERO,
            sequence: Some(sequence),
            terms: Some(order.terms.clone()),
        });
        if order.epoch > 1 {
            facts.dead.push(DeadRow { id, settled_epoch: Epoch(1) });
        }
    }
    let balance = |((account, asset), reserved): (_, Decimal)| Balance {
        account,
        asset,
        available: -reserved,
        reserved,
    };
    facts.balances = Some(balances.into_iter().map(balance).collect());
    facts.outbox = Some(outbox);
}

/// Sessions live in one place, and each client carries what it saw.
fn keep_sessions(recorded: &mut Recorded, turns: Vec<PlannedTurn>) {
    let mut stored: BTreeMap<u64, (SessionVersion, u64)> = BTreeMap::new();
    let mut known: BTreeMap<(u64, u64), SessionVersion> = BTreeMap::new();
    for (number, turn) in turns.into_iter().enumerate() {
        let (held, token) =
            (stored.get(&turn.session).copied(), known.get(&(turn.session, turn.client)).copied());
        let content = number as u64;
        let current = held.map(|(version, _)| version);
        // Whoever has not seen the last write must read before it writes.
        let (kind, (outcome, answer)) = if turn.writes && (token == current) {
            let after = current.unwrap_or(SessionVersion { epoch: Epoch::FIRST, version: 0 });
            let version =
                SessionVersion { epoch: after.epoch.max(Epoch(turn.epoch)), version: after.version + 1 };
            if turn.outcome == Outcome::Ok {
                stored.insert(turn.session, (version, content));
            }
            (OperationKind::WriteSession, (turn.outcome, Some((version, content))))
        } else {
            (
                OperationKind::ReadSession,
                if held.is_some() { (turn.outcome, held) } else { (Outcome::Ok, None) },
            )
        };
        let answer = answer.filter(|_| outcome == Outcome::Ok);
        let at_ms = BEGIN_MS + number as u64 * 1_000;
        recorded.operations.push(Operation {
            kind,
            by: (turn.client == 0).then_some(turn.client),
            token,
            seen: answer.map(|(version, _)| version),
            content: answer.map(|(_, content)| content),
            ..placed(&format!("session-{}", turn.session), outcome, at_ms)
        });
        if let Some((version, _)) = answer {
            known.insert((turn.session, turn.client), version);
        } else if outcome == Outcome::Failed {
            // It was refused, and starts over without what it knew.
            known.remove(&(turn.session, turn.client));
        }
    }
}
