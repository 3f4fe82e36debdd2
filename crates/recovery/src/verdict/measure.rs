//! Counting and timing; nothing is judged here.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Fault, Judgement, Verdict};
use crate::checker::{Invariant, Violation};
use crate::history::{ClientKind, Facts, Operation, OperationKind, Outcome, SettledRow};
use crate::{Epoch, OrderId};

/// Every figure of the verdict on the loss of a region.
pub(super) fn measure(
    history: &[Operation],
    fault: &Fault,
    facts: &Facts,
    violations: &[Violation],
) -> Verdict {
    let settled_again = settled_again(history, fault, facts);
    Verdict {
        accepted_again_s: accepted_again_s(history, fault, ClientKind::FollowsDns),
        accepted_again_two_endpoints_s: accepted_again_s(history, fault, ClientKind::KnowsBothRegions),
        settled_again_s: settled_again.map(|row| seconds(fault, row.settled_at_ms)),
        settled_again_by: settled_again.map(|row| row.settled_by.clone()),
        ..measure_from(history, fault.at_ms, facts, violations)
    }
}

/// The figures of any run in which something happened at a time, in milliseconds since the Unix epoch.
pub(super) fn measure_from(
    history: &[Operation],
    at_ms: u64,
    facts: &Facts,
    violations: &[Violation],
) -> Verdict {
    let orders = history.iter().filter(|operation| operation.kind == OperationKind::PlaceOrder);
    let count = |outcome: Outcome| orders.clone().filter(|order| order.outcome == outcome).count() as u64;
    let broken = |invariant| broken(violations, invariant);
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
        orders_lost: broken(Invariant::AcknowledgedIsSettled),
        orders_settled_twice: broken(Invariant::SettledOnce),
        ledger_imbalance: broken(Invariant::LedgerBalances),
        commits_lost_by_database: commits_lost(facts),
        writes_refused: facts.writes_refused,
        writes_below_fence: broken(Invariant::NothingBelowFence),
        owners_per_epoch_max: owners_per_epoch_max(facts),
        sessions_checked: history.iter().filter(|operation| operation.is_compared_read()).count() as u64,
        sessions_stale_served: broken(Invariant::SessionsNeverGoBack),
        sessions_lost: broken(Invariant::SessionsStay),
        verdict: Judgement::Failed,
        why: Vec::new(),
    }
}

/// How often an invariant was broken.
pub(super) fn broken(violations: &[Violation], invariant: Invariant) -> u64 {
    violations.iter().filter(|violation| violation.invariant() == invariant).count() as u64
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

/// Rows of the dead database that the promoted one lacked: absent, or settled again later.
fn commits_lost(facts: &Facts) -> u64 {
    let mut settled: BTreeMap<OrderId, Epoch> = BTreeMap::new();
    for row in &facts.settled {
        let first = settled.entry(row.id).or_insert(row.settled_epoch);
        *first = row.settled_epoch.min(*first);
    }
    let lost = |(id, epoch): &(OrderId, Epoch)| settled.get(id).is_none_or(|again| again > epoch);
    let dead: BTreeSet<(OrderId, Epoch)> = facts.dead.iter().map(|row| (row.id, row.settled_epoch)).collect();
    dead.iter().filter(|row| lost(row)).count() as u64
}

fn owners_per_epoch_max(facts: &Facts) -> u64 {
    let owners = facts.owners();
    owners.chunk_by(|one, other| one.0 == other.0).map(<[_]>::len).max().unwrap_or(0) as u64
}
