//! Goal: whoever breaks a property loses the evidence of it, and items that need it read "not demonstrated".
//! Method: the shipped templates, one change at a time; the items that are lost are recorded.

use std::collections::BTreeSet;

use infra::compliance::Report;
use infra::compliance::report::State;
use recovery::Deployment;

use super::{changes, containers, drilled, is_found, passed, report};
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
    insta::assert_snapshot!("what_is_lost", what_is_lost(&deployment(), &changes::all()));
}

#[test]
fn a_broken_property_of_containers_takes_the_evidence_as_well() {
    insta::assert_snapshot!(
        "what_containers_lose",
        what_is_lost(&containers(), &changes::of_containers::all())
    );
}

/// Each change, what it takes away, and the items that read "not demonstrated" for the lack of it.
fn what_is_lost(deployment: &Deployment, changes: &[(&str, changes::Change, &str)]) -> String {
    let sound = inventory(deployment);
    let drills = [drilled(passed(&deployment.name, "region-loss"))];
    let before = report(deployment, &sound, &drills);
    let shown = with_evidence(&before);
    let mut table = String::new();
    for (what, change, id) in changes {
        assert!(is_found(&before, id), "{id} is not there to begin with");
        let mut broken = sound.clone();
        change(&mut broken);
        assert_ne!(broken, sound, "{what}: nothing was changed");
        let after = report(deployment, &broken, &drills);
        assert!(!is_found(&after, id), "{what}: {id} is still called evidence");
        assert!(with_evidence(&after).is_subset(&shown), "{what}: something is gained");
        table += &format!("{what}\n  − {id}\n");
        for framework in &after.frameworks {
            for item in framework.items.iter().filter(|item| item.lacking.iter().any(|need| need == id)) {
                let name = format!("{} {}", framework.id, item.id);
                assert_eq!(item.state, State::NotDemonstrated, "{what}: {name} is not lost");
                table += &format!("  → {name}\n");
            }
        }
    }
    table
}
