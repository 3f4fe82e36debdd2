//! Goal: whoever breaks a property loses the evidence of it, and items that need it read "not demonstrated".
//! Method: the shipped templates, one change at a time; the items that are lost are recorded.

use std::collections::BTreeSet;

use infra::compliance::Report;
use infra::compliance::report::State;

use super::{changes, drilled, is_found, passed, report};
use crate::check::inventory;
use crate::deployment;

/// Items that have evidence, with their framework.
fn with_evidence(report: &Report) -> BTreeSet<String> {
    let items = report.frameworks.iter().flat_map(|framework| {
        let items = framework.items.iter().filter(|item| item.state == State::EvidenceFound);
        items.map(|item| format!("{} {}", framework.id, item.id))
    });
    items.collect()
}

#[test]
fn a_broken_property_takes_the_evidence_and_the_items_that_need_it() {
    let deployment = deployment();
    let sound = inventory(&deployment);
    let drills = [drilled(passed("trading", "region-loss"))];
    let before = report(&deployment, &sound, &drills);
    let shown = with_evidence(&before);
    let mut table = String::new();
    for (what, change, id) in changes::all() {
        assert!(is_found(&before, id), "{id} is not there to begin with");
        let mut broken = sound.clone();
        change(&mut broken);
        assert_ne!(broken, sound, "{what}: nothing was changed");
        let after = report(&deployment, &broken, &drills);
        assert!(!is_found(&after, id), "{what}: {id} is still called evidence");
        let items = with_evidence(&after);
        for item in after.frameworks.iter().flat_map(|framework| &framework.items) {
            let needs = item.found.iter().chain(&item.lacking).any(|need| need == id);
            assert!(!needs || item.state == State::NotDemonstrated, "{what}: {} is not lost", item.id);
        }
        table += &format!("{what}\n  − {id}\n");
        shown.difference(&items).for_each(|item| table += &format!("  → {item}\n"));
        assert!(items.is_subset(&shown), "{what}: something is gained");
    }
    insta::assert_snapshot!("what_is_lost", table);
}
