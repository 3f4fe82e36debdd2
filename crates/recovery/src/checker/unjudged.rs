//! What a history tells too little of to be judged: silence breaks nothing, and proves nothing.

use super::Invariant;
use crate::history::{Facts, Operation, OperationKind, Outcome};

/// The invariants that this history could not have shown to be broken, because what they are about is not in
/// it, or not all of it.
pub fn unjudged(operations: &[Operation], facts: &Facts) -> Vec<Invariant> {
    let told = Told::new(operations, facts);
    Invariant::ALL.iter().copied().filter(|invariant| !told.of(*invariant)).collect()
}

/// What there is.
struct Told<'a> {
    operations: &'a [Operation],
    facts: &'a Facts,
    orders_placed: bool,
    orders_settled: bool,
}

impl<'a> Told<'a> {
    fn new(operations: &'a [Operation], facts: &'a Facts) -> Self {
        let orders_placed = operations.iter().any(|one| one.kind == OperationKind::PlaceOrder);
        Self { operations, facts, orders_placed, orders_settled: !facts.settled.is_empty() }
    }

    fn of(&self, invariant: Invariant) -> bool {
        let Self { operations, facts, orders_placed, orders_settled } = *self;
        let rows = &facts.settled;
        let lease = !facts.lease_history.is_empty();
        match invariant {
            Invariant::AcknowledgedIsSettled => operations.iter().any(Operation::is_acknowledged_order),
            Invariant::SettledOnce | Invariant::SettledWasPlaced => orders_settled,
            Invariant::LedgerBalances => orders_settled && !facts.ledger_sums.is_empty(),
            Invariant::SettledAfterPlaced => orders_settled && orders_placed,
            Invariant::SettledAsPlaced => {
                let placed = operations.iter().any(|one| one.terms.is_some());
                placed && orders_settled && rows.iter().all(|row| row.terms.is_some())
            }
            Invariant::AccountsAddUp => {
                facts.balances.is_some() && rows.iter().all(|row| row.terms.is_some())
            }
            Invariant::SettledInEpochOrder => orders_settled && rows.iter().all(|row| row.sequence.is_some()),
            Invariant::NothingBelowFence | Invariant::NothingAboveFence => {
                orders_settled && !facts.fences.is_empty()
            }
            Invariant::OneOwnerPerEpoch => lease,
            Invariant::EpochsRise => facts.lease_history.iter().any(|seen| seen.asked_ms.is_some()),
            Invariant::EpochsAreOwned => lease && orders_settled,
            Invariant::SessionsNeverGoBack | Invariant::SessionsStay => {
                self.answered(OperationKind::ReadSession)
            }
            Invariant::WritesAdvanceSessions => self.answered(OperationKind::WriteSession),
            Invariant::AnnouncedOnce => facts.outbox.is_some(),
        }
    }
    /// Whether a client was answered of whom something is known: its token, or which one it was.
    fn answered(&self, kind: OperationKind) -> bool {
        let of_known = |one: &&Operation| one.token.is_some() || one.by.is_some();
        let mut of_kind = self.operations.iter().filter(|one| one.kind == kind && one.outcome == Outcome::Ok);
        of_kind.any(|one| of_known(&one))
    }
}
