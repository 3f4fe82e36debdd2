//! VPC endpoints: what the functions call without leaving the network of AWS.
//!
//! Which there are, and what each lets through, follows from what the functions may call: an endpoint
//! lets through their calls on their resources, and nothing else that a credential found in the network
//! could be used for.

use cdk::{Handle, Scope};
use cfn::{Json, Value, ec2};
use serde_json::json;

use super::networking::security_group;
use super::{containers, permissions};
use crate::packages::FUNCTIONS;
use crate::place::Place;
use crate::policy::{Statement, WILDCARD_REASON};

/// How a service is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By a route; costs nothing.
    Gateway,
    /// By an interface in each private subnet, with a price per hour and zone.
    Interface,
}

/// Services with an endpoint: prefix of their actions, construct id, name in the endpoint's, and way.
const SERVICES: [(&str, &str, &str, Way); 17] = [
    ("cloudwatch", "CloudWatch", "monitoring", Way::Interface),
    ("dynamodb", "DynamoDb", "dynamodb", Way::Gateway),
    ("ecr", "EcrApi", "ecr.api", Way::Interface),
    ("ecr", "EcrImages", "ecr.dkr", Way::Interface),
    ("ecs", "Ecs", "ecs", Way::Interface),
    ("elasticloadbalancing", "LoadBalancing", "elasticloadbalancing", Way::Interface),
    ("events", "Events", "events", Way::Interface),
    ("kms", "Kms", "kms", Way::Interface),
    ("lambda", "Lambda", "lambda", Way::Interface),
    ("logs", "Logs", "logs", Way::Interface),
    ("rds", "Rds", "rds", Way::Interface),
    ("s3", "S3", "s3", Way::Gateway),
    ("secretsmanager", "SecretsManager", "secretsmanager", Way::Interface),
    ("sqs", "Sqs", "sqs", Way::Interface),
    ("ssm", "Ssm", "ssm", Way::Interface),
    ("states", "States", "states", Way::Interface),
    ("sts", "Sts", "sts", Way::Interface),
];

/// Adds an endpoint for each of them that a function calls; gives the group of those with an address.
pub(super) fn add(
    root: &mut Scope<'_>,
    place: &Place<'_>,
    vpc: &Handle,
    [subnets, tables]: [&[Handle]; 2],
    callers: &[Handle],
) -> Handle {
    let mut scope = root.scope("Endpoints");
    let group = security_group(&mut scope, place, vpc, "endpoints", "interface endpoints");
    for (id, caller) in ["FromFunctions", "FromTasks"].into_iter().zip(callers) {
        scope.add(
            id,
            ec2::SecurityGroupIngress::new("tcp")
                .group_id(group.attribute("GroupId"))
                .from_port(443)
                .to_port(443)
                .source_security_group_id(caller.attribute("GroupId"))
                .description("AWS APIs"),
        );
    }
    let references = |handles: &[Handle]| -> Vec<Value<String>> {
        handles.iter().map(|handle| handle.reference().into()).collect()
    };
    for (prefix, id, name, way) in SERVICES {
        let allowed = allowed(place, prefix);
        if allowed.is_empty() {
            continue;
        }
        let endpoint = ec2::VPCEndpoint::new(vpc.reference())
            .service_name(format!("com.amazonaws.{}.{name}", place.region))
            .policy_document(document(&allowed))
            .tags(place.name_tag("endpoint", name));
        let endpoint = match way {
            Way::Gateway => endpoint.vpc_endpoint_type("Gateway").route_table_ids(references(tables)),
            Way::Interface => endpoint
                .vpc_endpoint_type("Interface")
                .private_dns_enabled(true)
                .subnet_ids(references(subnets))
                .security_group_ids(vec![Value::<String>::from(group.attribute("GroupId"))]),
        };
        let handle = scope.add(id, endpoint);
        let reasons: Vec<&str> = allowed.iter().filter_map(|passing| passing.reason.as_deref()).collect();
        if !reasons.is_empty() {
            scope.node(&handle).because(WILDCARD_REASON, &reasons.join("; "));
        }
    }
    group
}

/// What an endpoint lets through, and why that is no narrower where it is wide.
#[derive(Clone, Debug, PartialEq)]
struct Passing {
    statement: Json,
    reason: Option<String>,
}

fn document(allowed: &[Passing]) -> Json {
    let statements: Vec<&Json> = allowed.iter().map(|passing| &passing.statement).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What the functions may do at one service, each statement once. The principal of an endpoint's policy
/// cannot be a role; the account can be told by a condition.
///
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>
fn allowed(place: &Place<'_>, prefix: &str) -> Vec<Passing> {
    let mut allowed: Vec<Passing> = Vec::new();
    if prefix == "s3" {
        allowed.push(answers(place));
        allowed.extend(place.containers().map(|_| layers(place)));
    }
    // A container makes the calls of the function whose work it does.
    let calls = FUNCTIONS.iter().flat_map(|function| permissions::calls(function, place));
    let calls = calls.chain(containers::access::execution(place));
    // What another service calls on their behalf does not leave their network.
    for statement in calls.filter(|statement| !statement.on_behalf()) {
        let found = at_service(&statement, prefix, place.account);
        if let Some(found) = found.filter(|found| !allowed.contains(found)) {
            allowed.push(found);
        }
    }
    allowed
}

/// A custom resource answers CloudFormation by a signed URL into a bucket of AWS's, so the principal is
/// nobody of ours.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/vpc-interface-endpoints.html>
fn answers(place: &Place<'_>) -> Passing {
    let region = place.region.as_str().replace('-', "");
    signed("s3:PutObject", &format!("cloudformation-custom-resource-response-{region}"))
}

/// One call for one bucket of AWS's, by whoever has signed it.
fn signed(action: &str, bucket: &str) -> Passing {
    let statement = json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": [action],
        "Resource": [format!("arn:aws:s3:::{bucket}/*")],
    });
    let why = "AWS signs the URLs of this bucket of its own, so the principal is nobody of ours";
    Passing { statement, reason: Some(cdk::policy::reason(&[action], why)) }
}

/// The layers of an image come from a bucket of AWS's by signed URLs, so the principal is nobody of ours.
///
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms>
fn layers(place: &Place<'_>) -> Passing {
    signed("s3:GetObject", &format!("prod-{}-starport-layer-bucket", place.region))
}

fn at_service(statement: &Statement, prefix: &str, account: &str) -> Option<Passing> {
    let of_service = |action: &&String| action.split_once(':').is_some_and(|(service, _)| service == prefix);
    let actions: Vec<&String> = statement.actions().iter().filter(of_service).collect();
    let why = "as in the functions' own policies, which say why";
    (!actions.is_empty()).then(|| Passing {
        statement: json!({
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": statement.resources(),
            "Condition": { "StringEquals": { "aws:PrincipalAccount": account } },
        }),
        reason: statement.reason().map(|_| cdk::policy::reason(&actions, why)),
    })
}
