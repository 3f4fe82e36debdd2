//! Under which epoch each order was settled: the fence, the lease and the ledger must agree with it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, Place, Violation};
use crate::Epoch;
use crate::history::{Facts, FenceRow, Operation, OperationKind, SettledRow};

pub(super) fn check(operations: &[Operation], facts: &Facts, violations: &mut Vec<Violation>) {
    fence(operations, facts, violations);
    fence_falls(facts, violations);
    owned(facts, violations);
    ledger_order(facts, violations);
}

/// The fence as it was seen, to ask where it stood.
struct Fences<'a> {
    /// By epoch; of several sightings of one the earliest, with its index.
    by_epoch: Vec<(usize, &'a FenceRow)>,
    /// For each of them: the earliest among it and all with a later epoch.
    earliest_from: Vec<(usize, &'a FenceRow)>,
}

impl<'a> Fences<'a> {
    fn new(fences: &'a [FenceRow]) -> Self {
        let mut by_epoch: Vec<(usize, &FenceRow)> = fences.iter().enumerate().collect();
        by_epoch.sort_by_key(|(_, fence)| (fence.epoch, fence.raised_at_ms));
        by_epoch.dedup_by_key(|(_, fence)| fence.epoch);
        let mut earliest_from = by_epoch.clone();
        for at in (1..earliest_from.len()).rev() {
            let (before, after) = (earliest_from[at - 1], earliest_from[at]);
            if after.1.raised_at_ms < before.1.raised_at_ms {
                earliest_from[at - 1] = after;
            }
        }
        Self { by_epoch, earliest_from }
    }

    /// The earliest position above `epoch`.
    fn above(&self, epoch: Epoch) -> Option<(usize, &'a FenceRow)> {
        let at = self.by_epoch.partition_point(|(_, fence)| fence.epoch <= epoch);
        self.earliest_from.get(at).copied()
    }

    /// The position at `epoch`.
    fn at(&self, epoch: Epoch) -> Option<(usize, &'a FenceRow)> {
        let at = self.by_epoch.binary_search_by_key(&epoch, |(_, fence)| fence.epoch).ok()?;
        Some(self.by_epoch[at])
    }

    /// Whether the fence was never seen as high as `epoch`.
    fn is_below(&self, epoch: Epoch) -> bool {
        self.by_epoch.last().is_some_and(|(_, fence)| fence.epoch < epoch)
    }
}

fn fence(operations: &[Operation], facts: &Facts, violations: &mut Vec<Violation>) {
    let fences = Fences::new(&facts.fences);
    if facts.fences.is_empty() {
        return;
    }
    let placed = placed_at(operations, facts);
    for (index, row) in facts.settled.iter().enumerate() {
        let (order, epoch) = (row.id, row.settled_epoch);
        // It was not settled before it was placed, whatever the database's clock said.
        let placed_ms =
            placed.get(&row.id.as_uuid()).map_or(0, |at_ms| at_ms.saturating_sub(facts.clock_error_ms));
        let at_ms = row.settled_at_ms.max(placed_ms);
        if let Some((at, fence)) = fences.above(epoch).filter(|(_, fence)| at_ms > fence.raised_at_ms) {
            let broken = Broken::BelowFence { order, epoch, fence: fence.epoch };
            violations.push(Violation::new(broken, [Place::Settled(index), Place::Fence(at)]));
        }
        let later = fences.at(epoch).filter(|(_, fence)| row.settled_at_ms < fence.raised_at_ms);
        if fences.is_below(epoch) || (later.is_some() && epoch > Epoch::FIRST) {
            let places = [Place::Settled(index)].into_iter().chain(later.map(|(at, _)| Place::Fence(at)));
            violations.push(Violation::new(Broken::AboveFence { order, epoch }, places));
        }
    }
}

/// When the settled orders that the fence might have refused were placed first. Only rows below the last
/// fence can be refused, so that most histories need none.
fn placed_at(operations: &[Operation], facts: &Facts) -> BTreeMap<Uuid, u64> {
    let last = facts.fence().map_or(Epoch::FIRST, |fence| fence.epoch);
    let refusable = facts.settled.iter().filter(|row| row.settled_epoch < last);
    let mut placed: BTreeMap<Uuid, u64> = refusable.map(|row| (row.id.as_uuid(), u64::MAX)).collect();
    if placed.is_empty() {
        return placed;
    }
    for operation in operations.iter().filter(|one| one.kind == OperationKind::PlaceOrder) {
        if let Some(at_ms) = Uuid::parse_str(&operation.id).ok().and_then(|id| placed.get_mut(&id)) {
            *at_ms = operation.invoked_ms.min(*at_ms);
        }
    }
    placed.retain(|_, at_ms| *at_ms < u64::MAX);
    placed
}

fn fence_falls(facts: &Facts, violations: &mut Vec<Violation>) {
    let mut by_time: Vec<(usize, &FenceRow)> = facts.fences.iter().enumerate().collect();
    by_time.sort_by_key(|(_, fence)| (fence.raised_at_ms, fence.epoch));
    for pair in by_time.windows(2) {
        let ((before, from), (after, to)) = (pair[0], pair[1]);
        if to.epoch < from.epoch {
            let broken = Broken::FenceFell { from: from.epoch, to: to.epoch };
            violations.push(Violation::new(broken, [Place::Fence(before), Place::Fence(after)]));
        }
    }
}

fn owned(facts: &Facts, violations: &mut Vec<Violation>) {
    let owned: BTreeSet<Epoch> = facts.lease_history.iter().map(|seen| seen.epoch).collect();
    if owned.is_empty() {
        return;
    }
    for (index, row) in facts.settled.iter().enumerate() {
        if !owned.contains(&row.settled_epoch) {
            let broken = Broken::NobodyOwned { order: row.id, epoch: row.settled_epoch };
            violations.push(Violation::new(broken, [Place::Settled(index)]));
        }
    }
}

/// Whoever raises the fence waits for those who settle under it, so that the numbers they drew are lower.
fn ledger_order(facts: &Facts, violations: &mut Vec<Violation>) {
    let numbered = facts.settled.iter().enumerate();
    let mut numbered: Vec<(u64, usize, &SettledRow)> =
        numbered.filter_map(|(index, row)| Some((row.sequence?, index, row))).collect();
    numbered.sort_unstable_by_key(|(sequence, index, _)| (*sequence, *index));
    let mut latest: Option<(usize, &SettledRow)> = None;
    let mut previous: Option<(u64, usize, &SettledRow)> = None;
    for (sequence, index, row) in numbered {
        if let Some((_, other, before)) =
            previous.filter(|(place, _, before)| *place == sequence && before.id != row.id)
        {
            let broken = Broken::SamePlace { order: row.id, other: before.id, sequence };
            violations.push(Violation::new(broken, [Place::Settled(index), Place::Settled(other)]));
        }
        match latest {
            Some((other, before)) if before.settled_epoch > row.settled_epoch => {
                let (epoch, after) = (row.settled_epoch, before.settled_epoch);
                let broken = Broken::EpochOutOfTurn { order: row.id, epoch, after };
                violations.push(Violation::new(broken, [Place::Settled(index), Place::Settled(other)]));
            }
            _ => latest = Some((index, row)),
        }
        previous = Some((sequence, index, row));
    }
}
