//! The schedule of the reconciler.

use cdk::Scope;
use recovery::reconcile::EVERY_S;

use super::schedule::Schedule;
use crate::packages::RECONCILER;
use crate::place::Place;

/// Partition of the journal's table where the reconciler remembers how far it has come.
pub const JOURNAL_KEY: &str = "reconciler";

/// In both regions; a start that is late by a whole turn gives way to the next one.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>) {
    let schedule = Schedule {
        function: RECONCILER,
        role: "reconcile-schedule",
        name: place.names().resource("schedule", "reconcile"),
        every_s: EVERY_S,
        attempts: 3,
        late_s: EVERY_S,
    };
    schedule.add(scope, place);
}
