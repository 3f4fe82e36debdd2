//! R13: least privilege, as the templates have it.

use std::collections::BTreeSet;

use infra::stack::preflight::JOURNAL_KEY;
use infra::stack::reconciler;
use recovery::lease::LEASE_KEY;
use serde_json::{Value, json};

use crate::{every_template, shipped};

/// Actions that AWS takes for no resource but `*`; the template carries the reason.
const ANYWHERE: [&str; 11] = [
    "backup:CopyFromBackupVault",
    "ec2:AssignPrivateIpAddresses,ec2:CreateNetworkInterface,ec2:DeleteNetworkInterface,\
     ec2:DescribeNetworkInterfaces,ec2:DescribeSubnets,ec2:UnassignPrivateIpAddresses",
    "ecr:GetAuthorizationToken",
    "elasticloadbalancing:DescribeTargetHealth",
    "kms:*",
    "logs:CreateLogDelivery,logs:DeleteLogDelivery,logs:DescribeLogGroups,logs:DescribeResourcePolicies,logs:GetLogDelivery,logs:ListLogDeliveries,logs:PutResourcePolicy,logs:UpdateLogDelivery",
    "logs:CreateLogGroup,logs:CreateLogStream,logs:DescribeLogGroups,logs:DescribeLogStreams,logs:FilterLogEvents,logs:GetLogEvents,logs:PutLogEvents",
    "rds:DescribeDBClusterSnapshots,rds:DescribeDBClusters",
    "secretsmanager:GetRandomPassword",
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
    for template in every_template() {
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
                // The id of an API cannot be known, so any API with this route is meant.
                if texts(&statement["Resource"]).iter().any(|r| r.contains(":*/")) {
                    assert_eq!(actions, ["execute-api:Invoke"], "{id}");
                    assert!(resource["Metadata"]["WildcardReason"].is_string(), "{id} gives no reason");
                }
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
    for template in every_template() {
        let roles: Vec<&Value> = template.all("AWS::Lambda::Function").iter().map(|f| &f["Role"]).collect();
        let distinct: BTreeSet<String> = roles.iter().map(ToString::to_string).collect();
        assert_eq!(roles.len(), distinct.len());
    }
}

/// Lambda needs these under the function's role; the function's own code does not.
#[test]
fn the_code_of_a_function_cannot_touch_network_interfaces() {
    let (mut functions, mut in_network) = (0, 0);
    for template in every_template() {
        in_network +=
            template.all("AWS::Lambda::Function").iter().filter(|f| f.get("VpcConfig").is_some()).count();
        for role in template.all("AWS::IAM::Role") {
            let statements =
                role["Policies"][0]["PolicyDocument"]["Statement"].as_array().expect("statements");
            let of = |effect| {
                statements.iter().find(|statement| {
                    statement["Effect"] == effect
                        && texts(&statement["Action"]).contains(&"ec2:CreateNetworkInterface".to_owned())
                })
            };
            let Some(allowed) = of("Allow") else { continue };
            let denied = of("Deny").expect("what Lambda may do, the code may not");
            assert_eq!(allowed["Action"], denied["Action"]);
            assert_eq!(denied["Resource"], json!(["*"]));
            let caller =
                denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"].as_str().expect("an ARN");
            let name = caller.rsplit(':').next().unwrap_or_default().replacen("function-", "role-", 1);
            let own = name.replace("-production", &format!("-{}-production", template.region));
            assert_eq!(role["RoleName"], own);
            functions += 1;
        }
    }
    assert!(functions >= 8, "{functions} functions");
    assert_eq!(functions, in_network);
}

/// What changes an item of a table, PartiQL included.
const WRITES: [&str; 7] =
    ["Put", "Update", "Delete", "BatchWrite", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"];

fn changes_items(action: &str) -> bool {
    let call = action.strip_prefix("dynamodb:");
    call.is_some_and(|call| call == "*" || WRITES.iter().any(|write| call.starts_with(write)))
}

#[test]
fn who_accepts_orders_cannot_write_the_lease_and_who_holds_it_writes_nothing_else() {
    let partitions = json!({
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["2*"] },
        "Null": { "dynamodb:LeadingKeys": "false" },
    });
    let lease = json!({
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [LEASE_KEY] },
        "Null": { "dynamodb:LeadingKeys": "false" },
    });
    let own_items = json!({
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [JOURNAL_KEY] },
        "Null": { "dynamodb:LeadingKeys": "false" },
    });
    let cursors = json!({
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [reconciler::JOURNAL_KEY] },
        "Null": { "dynamodb:LeadingKeys": "false" },
    });
    let mut writers = Vec::new();
    for template in every_template() {
        for role in template.all("AWS::IAM::Role") {
            let name = role["RoleName"].as_str().unwrap_or_default();
            let mut allowed = Vec::new();
            statements(&role["Policies"], &mut allowed);
            for statement in allowed {
                let actions = texts(&statement["Action"]);
                let on_journal = texts(&statement["Resource"]).iter().any(|r| r.contains("table-journal"));
                if on_journal && actions.iter().any(|action| changes_items(action)) {
                    assert_eq!(actions.iter().find(|a| changes_items(a) && *a != "dynamodb:PutItem"), None);
                    let only = match name {
                        name if name.starts_with("role-orders-") => &partitions,
                        name if name.starts_with("role-preflight-") => &own_items,
                        name if name.starts_with("role-reconciler-") => &cursors,
                        _ => &lease,
                    };
                    assert_eq!(&statement["Condition"], only, "{name}");
                    writers.push(name.to_owned());
                }
            }
        }
    }
    let mut expected = Vec::new();
    for (deployment, _) in shipped() {
        let accepts = if deployment.containers.is_some() { "orders-service" } else { "orders-api" };
        for function in [accepts, "preflight", "reconciler", "recovery-step", "sentinel"] {
            expected.extend(deployment.pair().map(|region| format!("role-{function}-{region}-production")));
        }
    }
    writers.sort();
    expected.sort();
    assert_eq!(writers, expected);
}

#[test]
fn every_partition_of_the_journal_can_be_written_and_the_lease_is_none() {
    // Years 2000 and 2999, in milliseconds: `2*` holds for as long as the system will.
    for at_ms in [946_684_800_000, 32_503_679_999_999] {
        for partition in recovery::order::journal_partitions(at_ms, at_ms, 4) {
            assert!(partition.starts_with('2'), "{partition}");
        }
    }
    assert!(!LEASE_KEY.starts_with('2') && LEASE_KEY != JOURNAL_KEY && LEASE_KEY != reconciler::JOURNAL_KEY);
    assert!([JOURNAL_KEY, reconciler::JOURNAL_KEY].iter().all(|key| !key.starts_with('2')));
    assert_ne!(JOURNAL_KEY, reconciler::JOURNAL_KEY);
}

/// Roles that are not on the path of a recovery, and what each uses of the other region.
const ACROSS: [(&str, &str); 4] = [
    ("role-forwarder-", ":event-bus/bus-recovery-production"),
    ("role-preflight-us-", ":role/role-observer-"),
    ("role-reconciler-us-", ":table/table-sessions-production"),
    ("role-reconciler-us-", ":queue-orders-production"),
];

#[test]
fn recovery_touches_only_its_own_region_and_global_names() {
    let mut across = 0;
    for template in shipped().iter().flat_map(|(_, templates)| templates) {
        for role in template.all("AWS::IAM::Role") {
            let name = role["RoleName"].as_str().unwrap_or_default();
            if name.starts_with("role-replicate-") || name.starts_with("role-backup-") {
                continue; // S3 and AWS Backup copy under them, and no function of ours
            }
            let known = |resource: &str| {
                ACROSS.iter().any(|(prefix, part)| name.starts_with(prefix) && resource.contains(part))
            };
            let mut allowed = Vec::new();
            statements(&role["Policies"], &mut allowed);
            let foreign = allowed
                .iter()
                .filter(|statement| !texts(&statement["Action"]).iter().any(|a| a.starts_with("rds")))
                // The look from outside is at the other region, as its callers have it.
                .filter(|statement| !texts(&statement["Action"]).contains(&"execute-api:Invoke".to_owned()))
                .flat_map(|statement| texts(&statement["Resource"]))
                // A planned move asks whether the region that it leads to may act; no failover does.
                .filter(|resource| {
                    !(name.starts_with("role-recovery-step-") && resource.ends_with("/automation"))
                })
                .filter(|resource| resource.starts_with("arn:aws:") && !resource.contains(&template.region))
                .filter(|resource| !resource.starts_with("arn:aws:route53:::"))
                .filter(|resource| {
                    let of_ours = known(resource);
                    across += usize::from(of_ours);
                    !of_ours
                })
                .collect::<Vec<_>>();
            assert_eq!(foreign, [] as [String; 0], "{name}");
        }
    }
    assert_eq!(across, 3 * 2 * ACROSS.len(), "the list holds what is used and no more");
}
