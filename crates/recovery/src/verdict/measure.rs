//! Counting and timing; nothing is judged here.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Facts, Fault, Judgement, SettledRow, Verdict};
use crate::Epoch;
use crate::history::{ClientKind, Operation, OperationKind, Outcome};

/// Legs of an order in the ledger: what it takes from one balance it gives to another.
const LEGS: u32 = 2;

/// Every figure of the verdict on the loss of a region.
pub(super) fn measure(history: &[Operation], fault: &Fault, facts: &Facts) -> Verdict {
    let settled_again = settled_again(history, fault, facts);
    Verdict {
        accepted_again_s: accepted_again_s(history, fault, ClientKind::FollowsDns),
        accepted_again_two_endpoints_s: accepted_again_s(history, fault, ClientKind::KnowsBothRegions),
        settled_again_s: settled_again.map(|row| seconds(fault, row.settled_at_ms)),
        settled_again_by: settled_again.map(|row| row.settled_by.clone()),
        ..measure_from(history, fault.at_ms, facts)
    }
}

/// The figures of any run in which something happened at a time, in milliseconds since the Unix epoch.
pub(super) fn measure_from(history: &[Operation], at_ms: u64, facts: &Facts) -> Verdict {
    let orders = history.iter().filter(|operation| operation.kind == OperationKind::PlaceOrder);
    let count = |outcome: Outcome| orders.clone().filter(|order| order.outcome == outcome).count() as u64;
    let settled = Settled::new(&facts.settled);
    let reads: Vec<&Operation> = history.iter().filter(|operation| is_compared_read(operation)).collect();
    Verdict {
        accepted_again_s: None,
        accepted_again_two_endpoints_s: None,
        settled_again_s: None,
        settled_again_by: None,
        longest_wait_s: longest_wait_s(history, at_ms, ClientKind::FollowsDns),
        longest_wait_two_endpoints_s: longest_wait_s(history, at_ms, ClientKind::KnowsBothRegions),
        objective_met: false,
        orders_offered: orders.clone().count() as u64,
        orders_acknowledged: count(Outcome::Ok),
        orders_refused: count(Outcome::Failed),
        orders_unknown: count(Outcome::Unknown),
        orders_lost: orders_lost(history, &settled),
        orders_settled_twice: settled.twice(),
        ledger_imbalance: settled.unbalanced()
            + facts.ledger_sums.values().filter(|sum| !sum.is_zero()).count() as u64,
        commits_lost_by_database: commits_lost(facts, &settled),
        writes_refused: facts.writes_refused,
        writes_below_fence: writes_below_fence(facts),
        owners_per_epoch_max: owners_per_epoch_max(facts),
        sessions_checked: reads.len() as u64,
        sessions_stale_served: reads
            .iter()
            .filter(|read| read.seen.is_some() && read.seen < read.token)
            .count() as u64,
        sessions_lost: reads.iter().filter(|read| read.seen.is_none()).count() as u64,
        verdict: Judgement::Failed,
        why: Vec::new(),
    }
}

/// A read that was answered, by a client that knew a version. A region that is behind and
/// says so refuses: that is [`Outcome::Failed`] and no stale answer.
fn is_compared_read(operation: &Operation) -> bool {
    operation.kind == OperationKind::ReadSession
        && operation.outcome == Outcome::Ok
        && operation.token.is_some()
}

/// When an order was acknowledged, if the surviving region did so after the fault. One that was under
/// way to the survivor already, at its first attempt, says nothing about recovery.
fn acknowledged_after(operation: &Operation, fault: &Fault) -> Option<u64> {
    let survived = operation.region.as_ref() == Some(&fault.surviving_region);
    let at = operation.completed_ms.filter(|at| *at > fault.at_ms)?;
    let sent_after = operation.invoked_ms >= fault.at_ms || operation.attempts > 1;
    (operation.is_acknowledged_order() && survived && sent_after).then_some(at)
}

fn accepted_again_s(history: &[Operation], fault: &Fault, client: ClientKind) -> Option<f64> {
    let of_kind = history.iter().filter(|operation| operation.client == client);
    of_kind.filter_map(|operation| acknowledged_after(operation, fault)).min().map(|at| seconds(fault, at))
}

/// Whatever region acknowledged it: the client waited all the same.
fn longest_wait_s(history: &[Operation], at_ms: u64, client: ClientKind) -> Option<f64> {
    let orders = history.iter().filter(|order| order.client == client && order.is_acknowledged_order());
    let waits = orders.filter_map(|order| {
        let completed_ms = order.completed_ms.filter(|at| *at > at_ms)?;
        Some(completed_ms.saturating_sub(order.invoked_ms.max(at_ms)))
    });
    waits.max().map(|wait_ms| wait_ms as f64 / 1000.0)
}

/// The first settlement that counts as settled again.
fn settled_again<'a>(history: &[Operation], fault: &Fault, facts: &'a Facts) -> Option<&'a SettledRow> {
    let acknowledged: BTreeSet<Uuid> = history
        .iter()
        .filter(|operation| acknowledged_after(operation, fault).is_some())
        .filter_map(order_id)
        .collect();
    let again = |row: &&SettledRow| {
        row.settled_epoch > fault.epoch
            && row.settled_at_ms > fault.at_ms
            && acknowledged.contains(&row.id.as_uuid())
    };
    facts.settled.iter().filter(again).min_by_key(|row| row.settled_at_ms)
}

fn seconds(fault: &Fault, at_ms: u64) -> f64 {
    at_ms.saturating_sub(fault.at_ms) as f64 / 1000.0
}

fn order_id(operation: &Operation) -> Option<Uuid> {
    Uuid::parse_str(&operation.id).ok()
}

/// Rows of the surviving database by order.
struct Settled<'a>(BTreeMap<Uuid, Vec<&'a SettledRow>>);

impl<'a> Settled<'a> {
    fn new(rows: &'a [SettledRow]) -> Self {
        let mut by_order: BTreeMap<Uuid, Vec<&SettledRow>> = BTreeMap::new();
        for row in rows {
            by_order.entry(row.id.as_uuid()).or_default().push(row);
        }
        Self(by_order)
    }

    fn legs(rows: &[&SettledRow]) -> u32 {
        rows.iter().map(|row| row.legs).sum()
    }

    fn twice(&self) -> u64 {
        self.0.values().filter(|rows| rows.len() > 1 || Self::legs(rows) > LEGS).count() as u64
    }

    fn unbalanced(&self) -> u64 {
        let unbalanced = |rows: &&Vec<&SettledRow>| {
            Self::legs(rows) < LEGS || rows.iter().any(|row| !row.legs_sum.is_zero())
        };
        self.0.values().filter(unbalanced).count() as u64
    }
}

/// Acknowledged orders with no row. An id that is no UUID was acknowledged and can have none.
fn orders_lost(history: &[Operation], settled: &Settled<'_>) -> u64 {
    let acknowledged: BTreeSet<&str> = history
        .iter()
        .filter(|operation| operation.is_acknowledged_order())
        .map(|operation| operation.id.as_str())
        .collect();
    let lost = |id: &&&str| Uuid::parse_str(id).map_or(true, |id| !settled.0.contains_key(&id));
    acknowledged.iter().filter(lost).count() as u64
}

/// Rows of the dead database that the promoted one lacked: absent, or settled again later.
fn commits_lost(facts: &Facts, settled: &Settled<'_>) -> u64 {
    let first_epoch = |id: &Uuid| settled.0.get(id)?.iter().map(|row| row.settled_epoch).min();
    let lost = |(id, epoch): &(Uuid, Epoch)| first_epoch(id).is_none_or(|again| again > *epoch);
    let dead: BTreeSet<(Uuid, Epoch)> =
        facts.dead.iter().map(|row| (row.id.as_uuid(), row.settled_epoch)).collect();
    dead.iter().filter(|row| lost(row)).count() as u64
}

fn writes_below_fence(facts: &Facts) -> u64 {
    let Some(fence) = facts.fence else { return 0 };
    let below = |row: &&SettledRow| row.settled_epoch < fence.epoch && row.settled_at_ms > fence.raised_at_ms;
    facts.settled.iter().filter(below).count() as u64
}

fn owners_per_epoch_max(facts: &Facts) -> u64 {
    let mut owners: BTreeMap<Epoch, BTreeSet<&str>> = BTreeMap::new();
    for (epoch, owner) in &facts.lease_history {
        owners.entry(*epoch).or_default().insert(owner.as_str());
    }
    owners.values().map(BTreeSet::len).max().unwrap_or(0) as u64
}
