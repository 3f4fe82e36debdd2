//! R13: who may be one of our roles, which is one service on behalf of this account, or one role of ours.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{ACCOUNT, peer_of, shipped};

/// Purpose of each role, the service that it is for, and whether that says for which account it comes, which
/// the trust then asks for.
const ROLES: [(&str, &str, bool); 25] = [
    ("api-logs", "apigateway.amazonaws.com", false),
    ("backup", "backup.amazonaws.com", false),
    ("database-keeper", "lambda.amazonaws.com", false),
    ("failback", "states.amazonaws.com", true),
    ("failover", "states.amazonaws.com", true),
    ("flow-logs", "vpc-flow-logs.amazonaws.com", true),
    ("forwarder", "events.amazonaws.com", true),
    ("order-processor", "lambda.amazonaws.com", false),
    ("orders-api", "lambda.amazonaws.com", false),
    ("orders-service", "ecs-tasks.amazonaws.com", true),
    ("orders-worker", "ecs-tasks.amazonaws.com", true),
    ("preflight", "lambda.amazonaws.com", false),
    ("preflight-schedule", "scheduler.amazonaws.com", true),
    ("reconcile-schedule", "scheduler.amazonaws.com", true),
    ("reconciler", "lambda.amazonaws.com", false),
    ("recovery-step", "lambda.amazonaws.com", false),
    ("replicate-access", "s3.amazonaws.com", false),
    ("replicate-audit", "s3.amazonaws.com", false),
    ("replicate-config", "s3.amazonaws.com", false),
    ("sentinel", "lambda.amazonaws.com", false),
    ("stack-hook", "lambda.amazonaws.com", false),
    ("start-orders-service", "ecs-tasks.amazonaws.com", true),
    ("start-orders-worker", "ecs-tasks.amazonaws.com", true),
    ("trail", "cloudtrail.amazonaws.com", false),
    ("watch", "scheduler.amazonaws.com", true),
];

#[test]
fn each_role_is_assumed_by_its_service_or_the_peer_s_preflight_and_by_nobody_else() {
    let mut used = BTreeSet::new();
    for (deployment, templates) in shipped() {
        for template in templates {
            for role in template.all("AWS::IAM::Role") {
                let name = role["RoleName"].as_str().expect("a role has a name");
                let end = format!("-{}-{}", template.region, deployment.environment);
                let purpose = name.strip_prefix("role-").and_then(|name| name.strip_suffix(&end));
                let purpose = purpose.unwrap_or_else(|| panic!("{name} is named as a role of its region"));
                let expected = if purpose == "observer" {
                    by_preflight(peer_of(templates, &template.region))
                } else {
                    let found = ROLES.iter().find(|(of, ..)| *of == purpose);
                    let (_, service, says) = found.unwrap_or_else(|| panic!("whom is {name} for?"));
                    by_service(service, *says)
                };
                used.insert(purpose.to_owned());
                assert_eq!(role["AssumeRolePolicyDocument"], expected, "{name}");
            }
        }
    }
    assert_eq!(used.len(), ROLES.len() + 1, "the list holds what is used and no more: {used:?}");
}

fn by_service(service: &str, says_account: bool) -> Value {
    let mut statement =
        json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    if says_account {
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": ACCOUNT } });
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// The look at this region from the other one.
fn by_preflight(peer: &str) -> Value {
    let preflight = format!("arn:aws:iam::{ACCOUNT}:role/role-preflight-{peer}-production");
    let condition = json!({
        "ArnEquals": { "aws:PrincipalArn": preflight },
        "StringEquals": { "sts:ExternalId": "observer-preflight-production" },
    });
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "sts:AssumeRole",
        "Condition": condition,
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}
