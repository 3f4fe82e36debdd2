//! Least privilege.

use cdk::policy::{Found, unexplained};

use super::{Finding, Rule};
use crate::check::inventory::Resource;
use crate::policy::WILDCARD_REASON;

pub(super) const WILDCARDS: Rule = Rule {
    id: "wildcards-have-reasons",
    title: "no wildcard action, no wildcard resource, no open principal and no policy from elsewhere without a written reason",
    rationale: "a function that is taken over can do what its role allows, in both regions, and so can whoever may assume the role",
    look: |subject| {
        let of_one = |resource: Resource<'_>| -> Vec<Finding> {
            let Some(properties) = resource.properties().as_object() else { return Vec::new() };
            let reasons = resource.metadata(WILDCARD_REASON);
            let found = unexplained(resource.kind(), properties, reasons);
            found.iter().map(|one| Finding::at(&resource, words(one))).collect()
        };
        subject.inventory.resources().flat_map(of_one).collect()
    },
};

fn words(found: &Found) -> String {
    let calls = match found.actions.as_slice() {
        [] => String::new(),
        actions => format!(" ({})", actions.join(", ")),
    };
    format!("its {} allows {}{calls} without a written reason", found.property, found.excess)
}
