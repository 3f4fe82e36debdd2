//! R13: least privilege, as the templates have it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::trading;

/// Actions that AWS takes for no resource but `*`; the template carries the reason.
const ANYWHERE: [&str; 6] = [
    "ec2:CreateNetworkInterface,ec2:DeleteNetworkInterface,ec2:DescribeNetworkInterfaces,ec2:DescribeSubnets",
    "kms:*",
    "logs:CreateLogDelivery,logs:DeleteLogDelivery,logs:DescribeLogGroups,logs:DescribeResourcePolicies,logs:GetLogDelivery,logs:ListLogDeliveries,logs:PutResourcePolicy,logs:UpdateLogDelivery",
    "logs:CreateLogGroup,logs:CreateLogStream,logs:DescribeLogGroups,logs:DescribeLogStreams,logs:FilterLogEvents,logs:GetLogEvents,logs:PutLogEvents",
    "xray:GetSamplingRules,xray:GetSamplingTargets,xray:PutTelemetryRecords,xray:PutTraceSegments",
    "xray:PutTelemetryRecords,xray:PutTraceSegments",
];

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

/// Every allowing statement below a value.
fn statements<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| statements(item, found)),
        Value::Object(fields) => {
            if fields.get("Effect").is_some_and(|effect| effect == "Allow") {
                found.push(value);
            }
            fields.values().for_each(|field| statements(field, found));
        }
        _ => {}
    }
}

#[test]
fn wildcards_have_a_written_reason() {
    let mut used = BTreeSet::new();
    let mut seen = 0;
    for template in trading() {
        for (id, resource) in template.resources() {
            let mut allowed = Vec::new();
            statements(&resource["Properties"], &mut allowed);
            for statement in allowed {
                seen += 1;
                let actions = texts(&statement["Action"]);
                let anywhere = texts(&statement["Resource"]).iter().any(|r| r == "*");
                // A key's own policy knows its services by name; `*` there is the key.
                let of_key = resource["Type"] == "AWS::KMS::Key";
                let wildcard_action = actions.iter().any(|action| action.contains('*'));
                assert!(!wildcard_action || of_key, "{id} allows {actions:?}");
                if anywhere && (!of_key || wildcard_action) {
                    let joined = actions.join(",");
                    assert!(ANYWHERE.contains(&joined.as_str()), "{id} allows {joined} on everything");
                    assert!(resource["Metadata"]["WildcardReason"].is_string(), "{id} gives no reason");
                    used.insert(joined);
                }
            }
        }
    }
    assert!(seen > 100, "{seen} statements were looked at");
    assert_eq!(used.len(), ANYWHERE.len(), "the list holds what is used and no more");
}

#[test]
fn each_function_has_a_role_of_its_own() {
    for template in trading() {
        let roles: Vec<&Value> = template.all("AWS::Lambda::Function").iter().map(|f| &f["Role"]).collect();
        let distinct: BTreeSet<String> = roles.iter().map(ToString::to_string).collect();
        assert_eq!(roles.len(), distinct.len());
    }
}

#[test]
fn only_the_lease_can_be_written_by_those_who_do_not_accept_orders() {
    let mut conditioned = 0;
    for template in trading() {
        for role in template.all("AWS::IAM::Role") {
            let name = role["RoleName"].as_str().unwrap_or_default();
            let mut allowed = Vec::new();
            statements(&role["Policies"], &mut allowed);
            for statement in allowed {
                let writes = texts(&statement["Action"]).iter().any(|a| a == "dynamodb:PutItem");
                if writes && !name.starts_with("role-orders-api-") {
                    let keys = &statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
                    assert_eq!(keys, &serde_json::json!(["lease"]), "{name}");
                    conditioned += 1;
                }
            }
        }
    }
    assert_eq!(conditioned, 4, "sentinel and recovery-step of two regions");
}

#[test]
fn recovery_touches_only_its_own_region_and_global_names() {
    for template in trading() {
        for role in template.all("AWS::IAM::Role") {
            let name = role["RoleName"].as_str().unwrap_or_default();
            let mut allowed = Vec::new();
            statements(&role["Policies"], &mut allowed);
            let foreign = allowed
                .iter()
                .filter(|statement| !texts(&statement["Action"]).iter().any(|a| a.starts_with("rds")))
                .flat_map(|statement| texts(&statement["Resource"]))
                .filter(|resource| resource.starts_with("arn:aws:") && !resource.contains(&template.region))
                .filter(|resource| !resource.starts_with("arn:aws:route53:::"))
                .collect::<Vec<_>>();
            assert_eq!(foreign, [] as [String; 0], "{name}");
        }
    }
}
