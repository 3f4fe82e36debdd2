//! Goal: breaking a property of the templates makes a named rule or the recovery budget object, and no other one.
//! Method: the templates of the shipped deployment with a trail and backups, one change at a time; every rule objects to at least one of them.

mod audit;
mod changes;
pub mod edit;

use std::collections::BTreeSet;

use infra::check::Inventory;
use infra::check::reading::budgets;
use infra::check::rule::RULES;
use recovery::Deployment;

use crate::audited;
use crate::check::inventory;

/// Ids of the rules that object, and the worst cases that exceed their objective.
fn objectors(inventory: &Inventory, deployment: &Deployment) -> BTreeSet<String> {
    let rules = RULES.iter().filter(|rule| !rule.findings(inventory, deployment).is_empty());
    let mut objectors: BTreeSet<String> = rules.map(|rule| rule.id.to_owned()).collect();
    match budgets(inventory, deployment) {
        Ok(budgets) => objectors.extend(
            budgets
                .iter()
                .filter(|budget| !budget.met())
                .map(|budget| format!("budget: {}", budget.question)),
        ),
        Err(missing) => {
            objectors.insert(format!("budget: {missing}"));
        }
    }
    objectors
}

#[test]
fn every_broken_property_is_objected_to_and_every_rule_can_object() {
    let deployment = audited();
    let sound = inventory(&deployment);
    assert_eq!(objectors(&sound, &deployment), BTreeSet::new());
    let mut table = String::new();
    let mut heard = BTreeSet::new();
    for (what, change) in changes::all() {
        let mut broken = sound.clone();
        change(&mut broken);
        assert_ne!(broken, sound, "{what}: nothing was changed");
        let objectors = objectors(&broken, &deployment);
        assert!(!objectors.is_empty(), "nobody objects: {what}");
        table += &format!("{what}\n  → {}\n", objectors.iter().cloned().collect::<Vec<_>>().join("\n  → "));
        heard.extend(objectors);
    }
    insta::assert_snapshot!("who_objects", table);
    let silent: Vec<&str> = RULES.iter().map(|rule| rule.id).filter(|id| !heard.contains(*id)).collect();
    assert_eq!(silent, [""; 0], "no change makes these object");
}
