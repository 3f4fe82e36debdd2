//! How many resources of which type each stack has: what must be equal before two programs are compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Stack, type, number.
pub type Counts = BTreeMap<String, BTreeMap<String, usize>>;

/// Counts the resources of named templates.
pub fn of<'t>(templates: impl IntoIterator<Item = (String, &'t Value)>) -> Counts {
    templates.into_iter().map(|(stack, template)| (stack, types(template))).collect()
}

fn types(template: &Value) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for resource in template["Resources"].as_object().into_iter().flat_map(|resources| resources.values()) {
        *found.entry(resource["Type"].as_str().unwrap_or("no type").to_owned()).or_default() += 1;
    }
    found
}

/// Every difference, by stack and type; none when the two can be compared.
pub fn differences(ours: &Counts, theirs: &Counts) -> Vec<String> {
    let stacks: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let mut found = Vec::new();
    for stack in stacks {
        match (ours.get(stack), theirs.get(stack)) {
            (Some(own), Some(other)) => found.extend(of_stack(stack, own, other)),
            (Some(_), None) => found.push(format!("{stack}: the peer does not have it")),
            (None, _) => found.push(format!("{stack}: only the peer has it")),
        }
    }
    found
}

fn of_stack(stack: &str, own: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>) -> Vec<String> {
    let kinds: BTreeSet<&String> = own.keys().chain(other.keys()).collect();
    let number = |of: &BTreeMap<String, usize>, kind: &String| of.get(kind).copied().unwrap_or_default();
    kinds
        .into_iter()
        .map(|kind| (kind, number(own, kind), number(other, kind)))
        .filter(|(_, own, other)| own != other)
        .map(|(kind, own, other)| format!("{stack}: {own} of {kind}, the peer {other}"))
        .collect()
}
