//! Least privilege.

use serde_json::Value;

use super::{Finding, Rule};
use crate::check::inventory::Resource;
use crate::check::statement;
use crate::policy::WILDCARD_REASON;

const IDENTITIES: [&str; 3] = ["AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"];
/// Types with a policy of their own, and the property that holds it. An API's is not among them: it has
/// to let everybody ask for its health. Nor is an endpoint's: it narrows what others allow.
const POLICIES: [(&str, &str); 6] = [
    ("AWS::Backup::BackupVault", "AccessPolicy"),
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument"),
];

pub(super) const WILDCARDS: Rule = Rule {
    id: "wildcards-have-reasons",
    title: "no wildcard action, no wildcard resource and no open principal without a written reason",
    rationale: "a function that is taken over can do what its role allows, in both regions",
    look: |subject| {
        let mut findings = Vec::new();
        for resource in subject.inventory.resources() {
            let kind = resource.kind();
            if IDENTITIES.contains(&kind) {
                let statements = statement::allowed(&resource);
                let wide = statements.iter().filter(|statement| statement.is_wide());
                findings.extend(unexplained(&resource, wide.map(|statement| statement.actions.join(", "))));
            }
            let Some(document) = own_policy(&resource) else { continue };
            let statements = statement::statements(document);
            // In a resource's policy `*` is that resource alone.
            let wide = statements.iter().filter(|statement| statement.has_wild_action());
            findings.extend(unexplained(&resource, wide.map(|statement| statement.actions.join(", "))));
            let open = statements.iter().filter(|statement| statement.is_open());
            findings.extend(open.map(|statement| {
                Finding::at(&resource, format!("allows {} to everybody", statement.actions.join(", ")))
            }));
        }
        findings
    },
};

/// The policy of a resource that has one; an event bus has its one statement bare.
fn own_policy<'r>(resource: &Resource<'r>) -> Option<&'r Value> {
    let kind = resource.kind();
    if kind == "AWS::Events::EventBusPolicy" {
        return Some(resource.properties());
    }
    let (_, property) = POLICIES.iter().find(|(named, _)| *named == kind)?;
    Some(resource.get(property))
}

/// Those whose actions the reason in the template does not name.
fn unexplained(resource: &Resource<'_>, wide: impl Iterator<Item = String>) -> Vec<Finding> {
    let reasons = resource.metadata(WILDCARD_REASON).unwrap_or_default();
    let silent = wide.filter(|actions| !reasons.contains(&format!("{actions}: ")));
    silent
        .map(|actions| Finding::at(resource, format!("allows {actions} without a written reason")))
        .collect()
}
