//! The checker: from what clients were told and what was found afterwards to every violation.
//!
//! [`check`] is all there is to call. It takes plain values, whoever made them: a drill measures them, a
//! simulation computes them, a file tells them. It looks at each part once, in sorted order: its time grows
//! with n log n, and it gives the same violations in the same order whenever it is asked.
//!
//! What the system does *not* promise is not checked: the orders of one account may be settled in any order
//! within an epoch, for messages overtake each other and a replay comes when it comes. Across epochs there is
//! an order, and [`Invariant::SettledInEpochOrder`] is it.

mod case;
mod epochs;
mod invariant;
mod lease;
mod ledger;
mod orders;
mod sessions;
mod violation;

pub use invariant::Invariant;
pub use violation::{Broken, Place, Violation};

use crate::history::{Facts, Operation};

/// Every violation of an [`Invariant`] in a history: first of the orders in order of their ids, then of the
/// ledger, the fence, the lease and the sessions.
pub fn check(operations: &[Operation], facts: &Facts) -> Vec<Violation> {
    let mut violations = Vec::new();
    orders::check(operations, facts, &mut violations);
    ledger::check(facts, &mut violations);
    epochs::check(operations, facts, &mut violations);
    lease::check(facts, &mut violations);
    sessions::check(operations, &mut violations);
    violations
}
