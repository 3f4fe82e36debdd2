//! Goal: breaking a property of the templates makes a named rule or the recovery budget object, and no other one.
//! Method: the shipped deployments' templates, one change at a time; every rule objects to at least one of them.

mod audit;
mod changes;
mod containers;
pub mod edit;

use std::collections::BTreeSet;

use infra::check::Inventory;
use infra::check::reading::budgets;
use infra::check::rule::RULES;
use recovery::Deployment;

use crate::check::inventory;
use crate::{audited, deployment, finance_west};

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

/// Applies each change to a deployment's templates: who objects, as a table, and all who did.
fn objections(deployment: &Deployment, changes: Vec<changes::Named>) -> (String, BTreeSet<String>) {
    let sound = inventory(deployment);
    assert_eq!(objectors(&sound, deployment), BTreeSet::new());
    let mut table = String::new();
    let mut heard = BTreeSet::new();
    for (what, change) in changes {
        let mut broken = sound.clone();
        change(&mut broken);
        assert_ne!(broken, sound, "{what}: nothing was changed");
        let objectors = objectors(&broken, deployment);
        assert!(!objectors.is_empty(), "nobody objects: {what}");
        table += &format!("{what}\n  → {}\n", objectors.iter().cloned().collect::<Vec<_>>().join("\n  → "));
        heard.extend(objectors);
    }
    (table, heard)
}

#[test]
fn every_broken_property_is_objected_to_and_every_rule_can_object() {
    let (table, heard) = objections(&deployment(), changes::all());
    insta::assert_snapshot!("who_objects", table);
    let (table, more) = objections(&finance_west(), containers::all());
    insta::assert_snapshot!("who_objects_to_containers", table);
    let (table, of_audit) = objections(&audited(), audit::all());
    insta::assert_snapshot!("who_objects_to_audit", table);
    let known = |id: &&str| [&heard, &more, &of_audit].iter().any(|heard| heard.contains(*id));
    let silent: Vec<&str> = RULES.iter().map(|rule| rule.id).filter(|id| !known(id)).collect();
    assert_eq!(silent, [""; 0], "no change makes these object");
}
