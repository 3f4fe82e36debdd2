//! What travels.

use recovery::setting;
use serde_json::Value;

use super::{Finding, Rule};
use crate::check::inventory::{Inventory, Resource, inside};

pub(super) const ENCRYPTED: Rule = Rule {
    id: "encrypted-in-transit",
    title: "database, API, buckets, queues and topics are reached over TLS only",
    rationale: "orders cross regions over networks that are not ours",
    look: |subject| {
        let inventory = subject.inventory;
        let mut findings = Vec::new();
        for group in inventory.all("AWS::RDS::DBClusterParameterGroup") {
            if group.number("Parameters/rds.force_ssl") != Some(1) {
                findings.push(Finding::at(&group, "lets clients connect without TLS"));
            }
        }
        let setting = format!("Environment/Variables/{}", setting::DATABASE_TLS);
        for function in inventory.all("AWS::Lambda::Function") {
            let told = function.get(&setting);
            if !told.is_null() && told != "require" {
                findings.push(Finding::at(&function, "would take a database that offers no TLS"));
            }
        }
        for task in inventory.all("AWS::ECS::TaskDefinition") {
            let told = inside(task.get("ContainerDefinitions"));
            if told.iter().any(|one| one["Name"] == setting::DATABASE_TLS && one["Value"] != "require") {
                findings.push(Finding::at(&task, "would take a database that offers no TLS"));
            }
        }
        for domain in inventory.all("AWS::ApiGateway::DomainName") {
            if domain.text("SecurityPolicy").is_none_or(|policy| policy == "TLS_1_0") {
                findings.push(Finding::at(&domain, "takes TLS 1.0"));
            }
        }
        let guarded = [
            ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket"),
            ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
            ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ];
        for (kind, policy, property) in guarded {
            let open = inventory.all(kind).filter(|one| !tls_only(inventory, one, policy, property));
            findings.extend(
                open.map(|one| Finding::at(&one, "has no policy that refuses what comes without TLS")),
            );
        }
        findings
    },
};

/// Whether a policy of its stack denies this resource to whoever comes without TLS.
fn tls_only(inventory: &Inventory, resource: &Resource<'_>, policy: &str, property: &str) -> bool {
    let policies = inventory.all(policy).filter(|policy| policy.stack.name == resource.stack.name);
    let own = policies.filter(|policy| {
        let target = policy.get(property);
        let targets = target.as_array().map_or(std::slice::from_ref(target), Vec::as_slice);
        targets.iter().any(|target| policy.referred(target).is_some_and(|found| found.id == resource.id))
    });
    own.into_iter().any(|policy| policy.list("PolicyDocument/Statement").iter().any(denies))
}

/// Whether a statement refuses everybody every call, or all that sends to a topic, without TLS.
fn denies(statement: &Value) -> bool {
    let secure = &statement["Condition"]["Bool"]["aws:SecureTransport"];
    let everybody = statement["Principal"] == "*" || statement["Principal"]["AWS"] == "*";
    let every_call = ["s3:*", "sns:Publish", "sqs:*"].iter().any(|action| statement["Action"] == **action);
    let without_tls = secure == "false" || *secure == Value::Bool(false);
    statement["Effect"] == "Deny" && everybody && every_call && without_tls
}
