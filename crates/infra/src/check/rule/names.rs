//! Physical names.

use cdk::aspect::NAME_LENGTHS;
use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::rules::{NAMED_BY_TAG, NAMES};

pub(super) const FIT: Rule = Rule {
    id: "names-fit",
    title: "every physical name carries the environment's suffix and is no longer than AWS takes",
    rationale: "both regions compute the same names, so that nothing is looked up while one of them is gone",
    look: |subject| {
        let resources = subject.inventory.resources();
        resources
            .flat_map(|resource| [named(subject, &resource), tagged(subject, &resource)].concat())
            .collect()
    },
};

/// What is wrong with the properties that are names. Those that we give have our suffix; a length is known of
/// others as well.
fn named(subject: &Subject<'_>, resource: &Resource<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of_kind = |kind: &str| kind == resource.kind();
    for (_, property) in NAMES.iter().filter(|(kind, _)| of_kind(kind)) {
        findings.extend(unfit(subject, resource, property, resource.get(property)));
    }
    for (_, property, most) in NAME_LENGTHS.iter().filter(|(kind, ..)| of_kind(kind)) {
        let name = resource.text(property).unwrap_or_default();
        if name.chars().count() > *most {
            findings.push(Finding::at(resource, format!("its name {name} is longer than {most} characters")));
        }
    }
    findings
}

/// What is wrong with the tag that is the only name of some.
fn tagged(subject: &Subject<'_>, resource: &Resource<'_>) -> Vec<Finding> {
    if !NAMED_BY_TAG.contains(&resource.kind()) {
        return Vec::new();
    }
    let tags = ["Tags", "HealthCheckTags"].into_iter().flat_map(|property| resource.list(property));
    let name = tags.into_iter().find(|tag| tag["Key"] == "Name").map_or(&Value::Null, |tag| &tag["Value"]);
    unfit(subject, resource, "tag Name", name).into_iter().collect()
}

/// What is known at deployment only is not looked at.
fn unfit(subject: &Subject<'_>, resource: &Resource<'_>, what: &str, name: &Value) -> Option<Finding> {
    let suffix = &subject.deployment.environment;
    match name {
        Value::Null => Some(Finding::at(resource, format!("has no {what}"))),
        Value::String(name) => {
            let carries = |part: &str| part == suffix || part.ends_with(&format!("-{suffix}"));
            let lacks = !name.split('/').any(carries);
            lacks.then(|| Finding::at(resource, format!("its name {name} lacks the suffix {suffix}")))
        }
        _ => None,
    }
}
