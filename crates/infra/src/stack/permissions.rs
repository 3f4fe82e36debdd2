//! What each function may do, and nothing more.

mod preflight;
mod reconciler;

use cfn::{Json, Value};
use recovery::lease::LEASE_KEY;
use recovery::setting::AUDIT_RECORDS;
use serde_json::json;

pub(super) use self::preflight::observer;
use super::compute::failed_invocations;
use super::containers;
use crate::packages::{
    DATABASE_KEEPER, ORDER_PROCESSOR, ORDERS_API, PREFLIGHT, RECONCILER, RECOVERY_STEP, SENTINEL,
};
use crate::place::{Place, parameter as key};
use crate::policy::Statement;

/// What one of the functions may do.
pub(super) fn of(function: &str, place: &Place<'_>) -> Vec<Statement> {
    let others = every_function(function, place).into_iter().chain(on_its_behalf(function, place));
    others.chain(calls(function, place)).collect()
}

/// What it calls itself, from within the network; what Lambda does for it goes Lambda's own way.
pub(super) fn calls(function: &str, place: &Place<'_>) -> Vec<Statement> {
    let mut calls = match function {
        ORDERS_API => orders_api(place),
        ORDER_PROCESSOR => order_processor(place),
        SENTINEL => sentinel(place),
        RECOVERY_STEP => recovery_step(place),
        DATABASE_KEEPER => database_keeper(place),
        PREFLIGHT => preflight::preflight(place),
        RECONCILER => reconciler::reconciler(place),
        _ => Vec::new(),
    };
    if place.containers().is_some() {
        // Load balancers ask for no signature.
        calls.retain(|statement| statement.actions() != [INVOKE]);
        calls.extend(containers::access::of_function(function, place));
    }
    calls
}

/// Whether one of them may do anything at all to the journal.
pub(super) fn names_the_journal(function: &str, place: &Place<'_>) -> bool {
    let journal = Value::Literal(place.table_arn(&place.names().journal_table()));
    calls(function, place).iter().any(|statement| statement.resources().contains(&journal))
}

pub(super) const INVOKE: &str = "execute-api:Invoke";

/// What a service that it calls does for it, under its role.
fn on_its_behalf(function: &str, place: &Place<'_>) -> Vec<Statement> {
    // The replica's key is AWS's own, which needs no statement.
    if function != DATABASE_KEEPER || !place.is_home() {
        return Vec::new();
    }
    let service = format!("secretsmanager.{}.amazonaws.com", place.region);
    vec![
        Statement::allow(&["kms:Decrypt", "kms:GenerateDataKey"], [place.parameter(key::SECRET_KEY)])
            .when(json!({ "StringEquals": { "kms:ViaService": service } })),
    ]
}

/// What Lambda does under a function's role to put it into the VPC. The developer guide asks whoever writes a
/// policy of their own for all of these.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html>
const INTERFACES: [&str; 6] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// The code of a function may not touch interfaces: its calls carry its ARN, Lambda's own do not.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
fn for_lambda_alone(function: &str, place: &Place<'_>) -> Statement {
    Statement::deny(&INTERFACES)
        .when(json!({ "ArnEquals": { "lambda:SourceFunctionArn": place.function_arn(function) } }))
}

fn every_function(function: &str, place: &Place<'_>) -> Vec<Statement> {
    vec![
        Statement::allow(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [place.log_group_arn(&place.function_log_group(function))],
        ),
        Statement::anywhere(
            &["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "X-Ray has no resource for traces (service authorization reference)",
        ),
        Statement::anywhere(
            &INTERFACES,
            "Lambda makes the interfaces of a function in a VPC under the function's role, and checks for `*` (Lambda developer guide)",
        ),
        for_lambda_alone(function, place),
    ]
}

/// The function's own user, in the cluster whose resource id is in this parameter.
fn database_user(place: &Place<'_>, resource: &str, function: &str) -> String {
    let at = if resource == key::PEER_DATABASE_RESOURCE { place.peer() } else { *place };
    let user = recovery::names::database_user(function);
    at.arn("rds-db", &format!("dbuser:{}/{user}", place.parameter(resource)))
}

fn own_database(place: &Place<'_>, function: &str) -> Statement {
    Statement::allow(&["rds-db:connect"], [database_user(place, key::DATABASE_RESOURCE, function)])
}

fn peer_database(place: &Place<'_>, function: &str) -> Statement {
    Statement::allow(&["rds-db:connect"], [database_user(place, key::PEER_DATABASE_RESOURCE, function)])
}

fn journal(place: &Place<'_>, actions: &[&str]) -> Statement {
    Statement::allow(actions, [place.table_arn(&place.names().journal_table())])
}

/// Partitions of the journal begin with their year; the lease, in the same table, does not.
const PARTITIONS: &str = "2*";

/// Only items whose partition key fits one of these. `ForAllValues` is also true of no key at all, hence `Null`.
fn keys_only(operator: &str, keys: &[&str]) -> Json {
    json!({
        format!("ForAllValues:{operator}"): { "dynamodb:LeadingKeys": keys },
        "Null": { "dynamodb:LeadingKeys": "false" },
    })
}

fn lease(place: &Place<'_>) -> Statement {
    journal(place, &["dynamodb:GetItem", "dynamodb:PutItem"]).when(keys_only("StringEquals", &[LEASE_KEY]))
}

fn queue_look(place: &Place<'_>) -> Statement {
    Statement::allow(
        &["sqs:GetQueueAttributes", "sqs:GetQueueUrl"],
        [place.queue_arn(&place.names().order_queue())],
    )
}

fn switch(place: &Place<'_>) -> Statement {
    Statement::allow(&["ssm:GetParameter"], [place.parameter_arn(&place.names().switch_parameter())])
}

/// Signed calls of the API, as clients make them: method, path, and whose region's API.
fn api_calls<const N: usize>(calls: [(&str, &str, Place<'_>); N]) -> Statement {
    let resources = calls.map(|(verb, path, place)| super::api::calls(&place, verb, path));
    Statement::allow(&[INVOKE], resources).because(
        "the id of an API is made by API Gateway, and a parameter that holds it would make this stack wait for the API, which waits for this stack",
    )
}

fn orders_api(place: &Place<'_>) -> Vec<Statement> {
    let names = place.names();
    vec![
        journal(place, &["dynamodb:GetItem"]),
        journal(place, &["dynamodb:PutItem"]).when(keys_only("StringLike", &[PARTITIONS])),
        Statement::allow(
            &["dynamodb:GetItem", "dynamodb:PutItem"],
            [place.table_arn(&names.sessions_table())],
        ),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&names.order_queue())]),
        queue_look(place),
        own_database(place, ORDERS_API),
        peer_database(place, ORDERS_API),
    ]
}

fn order_processor(place: &Place<'_>) -> Vec<Statement> {
    let names = place.names();
    vec![
        journal(place, &["dynamodb:BatchGetItem", "dynamodb:GetItem"]),
        Statement::allow(
            &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
            [place.queue_arn(&names.order_queue())],
        ),
        queue_look(place),
        Statement::allow(
            &["sqs:GetQueueUrl", "sqs:SendMessage"],
            [place.queue_arn(&names.dead_letter_queue())],
        ),
        own_database(place, ORDER_PROCESSOR),
        peer_database(place, ORDER_PROCESSOR),
    ]
}

fn sentinel(place: &Place<'_>) -> Vec<Statement> {
    let (failover, failback) =
        (place.names().failover_state_machine(), place.names().failback_state_machine());
    vec![
        own_database(place, SENTINEL),
        lease(place),
        journal(place, &["dynamodb:Query"]),
        queue_look(place),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&place.names().order_queue())]),
        switch(place),
        Statement::allow(&["rds:DescribeDBClusters"], [place.database_cluster_arn()]),
        Statement::allow(
            &["states:StartExecution"],
            [place.state_machine_arn(), place.failback_state_machine_arn()],
        ),
        Statement::allow(
            &["states:DescribeExecution"],
            [
                place.arn("states", &format!("execution:{failover}:failover-*")),
                place.arn("states", &format!("execution:{failback}:failback-*")),
            ],
        ),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&failed_invocations(place))]),
        api_calls([("POST", "orders", place.peer())]),
    ]
}

/// Reads the master user's login in both regions; rotates it where the secret is, which is home.
fn database_keeper(place: &Place<'_>) -> Vec<Statement> {
    let secret = || [place.database_secret_arn()];
    if !place.is_home() {
        return vec![Statement::allow(&["secretsmanager:GetSecretValue"], secret())];
    }
    vec![
        Statement::allow(
            &[
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            secret(),
        ),
        Statement::anywhere(
            &["secretsmanager:GetRandomPassword"],
            "a random password is of no secret yet (service authorization reference)",
        ),
    ]
}

fn recovery_step(place: &Place<'_>) -> Vec<Statement> {
    let [record, encrypt] = super::storage::may_record(place, AUDIT_RECORDS);
    vec![
        own_database(place, RECOVERY_STEP),
        lease(place),
        journal(place, &["dynamodb:Query"]),
        switch(place),
        Statement::allow(&["rds:DescribeGlobalClusters"], [place.global_cluster_arn()]),
        // Both promote the one cluster and demote the other. The service authorization reference
        // asks for `cluster` without saying whose, and a refusal would come mid-outage.
        Statement::allow(
            &["rds:FailoverGlobalCluster", "rds:SwitchoverGlobalCluster"],
            [place.global_cluster_arn(), place.database_cluster_arn(), place.peer().database_cluster_arn()],
        ),
        // A failback looks whether home's database has everything, and whether home may act.
        peer_database(place, RECOVERY_STEP),
        switch(&place.home()),
        Statement::allow(&["events:PutEvents"], [place.event_bus_arn()]),
        record,
        encrypt,
        Statement::allow(&["route53:ListResourceRecordSets"], [zone_arn(place)]),
        Statement::allow(&["route53:ChangeResourceRecordSets"], [zone_arn(place)])
            .when(failover_records(place)),
        // The public name may lead to either region while it is validated.
        api_calls([
            ("POST", "orders", *place),
            ("GET", "orders/*", *place),
            ("POST", "orders", place.peer()),
            ("GET", "orders/*", place.peer()),
        ]),
    ]
}

fn zone_arn(place: &Place<'_>) -> String {
    format!("arn:aws:route53:::hostedzone/{}", place.parameter(key::HOSTED_ZONE))
}

/// Only the records that move traffic, and never their removal.
fn failover_records(place: &Place<'_>) -> Json {
    json!({
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [place.names().public_host()],
            "route53:ChangeResourceRecordSetsRecordTypes": ["CNAME"],
            "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
        },
    })
}
