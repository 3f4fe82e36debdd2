//! What clients were told of each order, beside what became of it.

use uuid::Uuid;

use super::case::{Case, Cases, indices};
use super::{Broken, Place, Violation};
use crate::history::{Facts, Operation, Outcome, SettledRow, Terms};
use crate::order::SYNTHETIC_ACCOUNT;

/// Legs of an order in the ledger: what it takes from one balance it gives to another.
const LEGS: u64 = 2;

pub(super) fn check(operations: &[Operation], facts: &Facts, violations: &mut Vec<Violation>) {
    for (index, operation) in operations.iter().enumerate() {
        // It was acknowledged, and no row can have its id.
        if operation.is_acknowledged_order() && Uuid::parse_str(&operation.id).is_err() {
            let lost = Broken::Lost { order: operation.id.clone() };
            violations.push(Violation::new(lost, [Place::Operation(index)]));
        }
    }
    for case in Cases::new(operations, facts).each() {
        let one = One { operations, facts, case };
        one.placed(violations);
        if let Some(first) = one.rows().next() {
            one.settled(first, violations);
        }
        if facts.outbox.is_some() {
            one.announced(violations);
        }
    }
}

/// One order.
struct One<'a> {
    operations: &'a [Operation],
    facts: &'a Facts,
    case: Case<'a>,
}

impl<'a> One<'a> {
    fn attempts(&self) -> impl Iterator<Item = &'a Operation> {
        let operations = self.operations;
        indices(self.case.placed).map(move |index| &operations[index])
    }

    fn acknowledged(&self) -> impl Iterator<Item = &'a Operation> {
        self.attempts().filter(|operation| operation.is_acknowledged_order())
    }

    fn rows(&self) -> impl Iterator<Item = &'a SettledRow> {
        let facts = self.facts;
        indices(self.case.settled).map(move |index| &facts.settled[index])
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        indices(self.case.placed).map(Place::Operation).chain(self.row_places())
    }

    fn row_places(&self) -> impl Iterator<Item = Place> {
        indices(self.case.settled).map(Place::Settled)
    }

    /// What its clients were told.
    fn placed(&self, violations: &mut Vec<Violation>) {
        let Some(first) = self.acknowledged().next() else { return };
        let order = || first.id.clone();
        if self.case.settled.is_empty() {
            violations.push(Violation::new(Broken::Lost { order: order() }, self.places()));
        }
        let mut terms = self.acknowledged().filter_map(|operation| operation.terms.as_ref());
        if let Some(one) = terms.next()
            && terms.any(|other| other != one)
        {
            violations.push(Violation::new(Broken::AcknowledgedTwice { order: order() }, self.places()));
        }
    }

    /// What became of it, of which `first` is the first row.
    fn settled(&self, first: &SettledRow, violations: &mut Vec<Violation>) {
        let order = first.id;
        let mut broken = |broken| violations.push(Violation::new(broken, self.places()));
        let rows = self.case.settled.len() as u64;
        let legs: u64 = self.rows().map(|row| u64::from(row.legs)).sum();
        if rows > 1 || legs > LEGS {
            broken(Broken::SettledTwice { order, rows, legs });
        }
        // Legs of each row sum to zero, so that one row cannot make up for another.
        if let Some(row) = self.rows().find(|row| !row.legs_sum.is_zero()) {
            broken(Broken::Unbalanced { order, legs, sum: row.legs_sum });
        } else if legs < LEGS {
            broken(Broken::Unbalanced { order, legs, sum: first.legs_sum });
        }
        if self.case.placed.is_empty() {
            if !self.rows().all(is_synthetic) {
                broken(Broken::NotPlaced { order });
            }
            return;
        }
        if self.attempts().all(|operation| operation.outcome == Outcome::Failed) {
            broken(Broken::RefusedAndSettled { order });
        }
        if self.rows().filter_map(|row| row.terms.as_ref()).any(|terms| self.is_rewritten(terms)) {
            broken(Broken::Rewritten { order });
        }
        let invoked_ms = self.attempts().map(|operation| operation.invoked_ms).min().unwrap_or(0);
        let settled_at_ms = self.rows().map(|row| row.settled_at_ms).min().unwrap_or(u64::MAX);
        if settled_at_ms.saturating_add(self.facts.clock_error_ms) < invoked_ms {
            broken(Broken::SettledTooEarly { order, settled_at_ms, invoked_ms });
        }
    }

    /// Whether nobody placed it like this: of those who were acknowledged, if there are any, or else of those
    /// who never learnt what became of it. Who does not say what it placed may have placed anything.
    fn is_rewritten(&self, settled: &Terms) -> bool {
        let is_other = |operation: &Operation| operation.terms.as_ref().is_some_and(|terms| terms != settled);
        if self.acknowledged().next().is_some() {
            self.acknowledged().all(is_other)
        } else {
            self.attempts().filter(|operation| operation.outcome != Outcome::Failed).all(is_other)
        }
    }

    fn announced(&self, violations: &mut Vec<Violation>) {
        let outbox = self.facts.outbox.as_deref().unwrap_or_default();
        let rows = || indices(self.case.announced).map(|index| &outbox[index]);
        let (announced, settled) = (self.case.announced.len() as u64, self.case.settled.len());
        let places = || indices(self.case.announced).map(Place::Outbox).chain(self.row_places());
        let mut broken = |broken| violations.push(Violation::new(broken, places()));
        let order = self.rows().map(|row| row.id).chain(rows().map(|row| row.order)).next();
        let Some(order) = order else { return };
        match (announced, settled) {
            (0, _) => broken(Broken::Unannounced { order }),
            (_, 0) => broken(Broken::AnnouncedUnsettled { order }),
            (2.., _) => broken(Broken::AnnouncedTwice { order, rows: announced }),
            _ => {}
        }
        let effects: u64 = rows().map(|row| u64::from(row.effects)).sum();
        if effects > 1 {
            broken(Broken::EffectTwice { order, effects });
        }
    }
}

/// Placed by a probe or a validation, not by a client.
fn is_synthetic(row: &SettledRow) -> bool {
    row.terms.as_ref().is_some_and(|terms| terms.account == SYNTHETIC_ACCOUNT)
}
