//! The strongly consistent table.

use std::collections::BTreeSet;

use recovery::Region;
use recovery::deployment::strong_set_of;

use super::{Finding, Rule};
use crate::check::inventory::Resource;

pub(super) const WITNESS: Rule = Rule {
    id: "witness-valid",
    title: "the journal is strongly consistent over the pair and a witness of the same set of regions",
    rationale: "two regions alone cannot tell a partition from a death, and DynamoDB refuses a witness of another set",
    look: |subject| {
        let name = subject.deployment.names().journal_table();
        let mut journals = subject
            .inventory
            .all("AWS::DynamoDB::GlobalTable")
            .filter(|table| table.text("TableName") == Some(&name));
        match journals.next() {
            None => vec![Finding::missing(name, "there is no such table")],
            Some(journal) => problems(&journal, subject.pair())
                .into_iter()
                .map(|what| Finding::at(&journal, what))
                .collect(),
        }
    },
};

fn problems(journal: &Resource<'_>, pair: [&Region; 2]) -> Vec<String> {
    let mut problems = Vec::new();
    if journal.text("MultiRegionConsistency") != Some("STRONG") {
        problems.push("is not strongly consistent".to_owned());
    }
    let regions = |property: &str| -> Vec<&str> {
        journal.list(property).iter().filter_map(|entry| entry["Region"].as_str()).collect()
    };
    let (replicas, witnesses) = (regions("Replicas"), regions("GlobalTableWitnesses"));
    let pair: BTreeSet<&str> = pair.map(Region::as_str).into();
    if replicas.iter().copied().collect::<BTreeSet<_>>() != pair {
        problems.push(format!("has replicas in {}, not in the pair", replicas.join(", ")));
    }
    match witnesses.as_slice() {
        [witness] if pair.contains(witness) => {
            problems.push(format!("its witness {witness} is one of the pair"))
        }
        [witness] => {
            let of = |name: &str| Region::new(name).ok().and_then(|region| strong_set_of(&region));
            if of(witness).is_none() || replicas.iter().any(|replica| of(replica) != of(witness)) {
                problems.push(format!("its witness {witness} is not of the replicas' set"));
            }
        }
        _ => problems.push(format!("has {} witnesses, one is needed", witnesses.len())),
    }
    // Source: DynamoDB Developer Guide, "Global tables: multi-Region strong consistency".
    for refused in ["TimeToLiveSpecification", "LocalSecondaryIndexes"] {
        if !journal.get(refused).is_null() {
            problems.push(format!("has a {refused}, which strong consistency does not allow"));
        }
    }
    problems
}
