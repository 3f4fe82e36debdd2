//! Copies of the buckets in the other region.

use recovery::Region;
use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::stack::storage::{ACCESS, AUDIT, BUCKETS};

pub(super) const REPLICATED: Rule = Rule {
    id: "buckets-replicate",
    title: "configuration and audit records are replicated both ways, removals included, load balancers' logs copied to the audit records, and late copies are noticed",
    rationale: "what a region recorded of its last minutes is read when it is gone, and after a failover records are made on the other side",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            for (_, purpose) in BUCKETS {
                findings.extend(fault(subject, region, purpose, purpose));
            }
            if subject.deployment.containers.is_some() {
                findings.extend(fault(subject, region, ACCESS, AUDIT));
            }
        }
        findings
    },
};

fn fault(subject: &Subject<'_>, region: &Region, purpose: &str, to: &str) -> Option<Finding> {
    let names = subject.deployment.names();
    let account = &subject.inventory.stacks.first()?.account;
    let own = names.bucket(purpose, region, account);
    let peer = subject.deployment.peer_of(region);
    let destination = format!("arn:aws:s3:::{}", names.bucket(to, peer, account));
    let Some(bucket) = subject.inventory.named(region, "AWS::S3::Bucket", "BucketName", &own) else {
        return Some(Finding::missing(&own, format!("there is none in {region}")));
    };
    let by_template = bucket
        .list("ReplicationConfiguration/Rules")
        .iter()
        .any(|rule| copies_all(rule, &destination, purpose == to));
    let by_hook = |hook: Resource<'_>| {
        hook.stack.region == region.as_str()
            && hook.text("Action") == Some("ReplicateBucket")
            && hook.text("Bucket") == Some(&*own)
            && hook.text("Destination") == Some(&*destination)
    };
    let by_hook = subject.inventory.all("AWS::CloudFormation::CustomResource").any(by_hook);
    (!by_template && !by_hook).then(|| Finding::at(&bucket, format!("is not replicated to {destination}")))
}

/// Whether a rule is on and copies every object, its changes and its removal to this bucket, and says when it is late.
/// A copy among the records stays when its original is removed.
fn copies_all(rule: &Value, destination: &str, removals_too: bool) -> bool {
    let on = |value: &Value| value["Status"] == "Enabled";
    let filter = &rule["Filter"];
    let everything = filter.is_null() || *filter == serde_json::json!({ "Prefix": "" });
    on(rule)
        && everything
        && rule["Destination"]["Bucket"] == destination
        && on(&rule["Destination"]["Metrics"])
        && on(&rule["DeleteMarkerReplication"]) == removals_too
}
