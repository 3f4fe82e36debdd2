//! Audit and backup of a region: what happened can be proven, and what is lost by mistake can be restored.
//!
//! Only where the deployment file asks for it. Home backs up its copies of the database and the journal, and each
//! region has a vault for them; the standby region has the trail.

mod absence;
pub(super) mod delivery;
pub(super) mod events;
mod plan;
mod selectors;
mod trail;
mod vault;
pub mod watch;

use cdk::Stack;
use recovery::deployment::Audit;

use crate::place::Place;

/// Adds vault and rules, at home the plan, and in the standby region the trail and its alarms.
pub fn new(stack: &mut Stack, place: &Place<'_>, audit: &Audit) {
    let mut root = stack.root();
    let vault = vault::add(&mut root.scope("Vault"), place, audit);
    if place.is_home() {
        plan::add(&mut root.scope("Backups"), place, audit, &vault);
        absence::add(&mut root.scope("Absence"), place, audit);
    }
    events::add(&mut root.scope("Events"), place);
    if place.has_trail() {
        let mut scope = root.scope("Trail");
        let logs = trail::add(&mut scope, place);
        watch::add(&mut scope, place, &logs);
    }
}
