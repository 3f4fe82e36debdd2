//! What each function may do, and nothing more.

use cfn::Json;
use recovery::lease::LEASE_KEY;
use recovery::setting::AUDIT_RECORDS;
use serde_json::json;

use super::preflight;
use super::storage::BUCKETS;
use crate::packages::{FUNCTIONS, ORDER_PROCESSOR, ORDERS_API, PREFLIGHT, RECOVERY_STEP, SENTINEL};
use crate::place::{DATABASE_USER, Place, parameter as key};
use crate::policy::Statement;

/// What one of the functions may do.
pub(super) fn of(function: &str, place: &Place<'_>) -> Vec<Statement> {
    every_function(function, place).into_iter().chain(calls(function, place)).collect()
}

/// What it calls itself, from within the network; what Lambda does for it goes Lambda's own way.
pub(super) fn calls(function: &str, place: &Place<'_>) -> Vec<Statement> {
    match function {
        ORDERS_API => orders_api(place),
        ORDER_PROCESSOR => order_processor(place),
        SENTINEL => sentinel(place),
        RECOVERY_STEP => recovery_step(place),
        PREFLIGHT => preflight(place),
        _ => Vec::new(),
    }
}

/// What Lambda does under a function's role to put it into the VPC.
const INTERFACES: [&str; 4] = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
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
        Statement::allow(&["rds-db:connect"], [database_user(place, key::DATABASE_RESOURCE)]),
    ]
}

/// The database user of the cluster whose resource id is in this parameter.
fn database_user(place: &Place<'_>, resource: &str) -> String {
    let at = if resource == key::PEER_DATABASE_RESOURCE { place.peer() } else { *place };
    at.arn("rds-db", &format!("dbuser:{}/{DATABASE_USER}", place.parameter(resource)))
}

fn peer_database(place: &Place<'_>) -> Statement {
    Statement::allow(&["rds-db:connect"], [database_user(place, key::PEER_DATABASE_RESOURCE)])
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
    Statement::allow(&["execute-api:Invoke"], resources).because(
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
        peer_database(place),
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
        peer_database(place),
    ]
}

fn sentinel(place: &Place<'_>) -> Vec<Statement> {
    let (failover, failback) =
        (place.names().failover_state_machine(), place.names().failback_state_machine());
    vec![
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
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&super::compute::failed_invocations(place))]),
        api_calls([("POST", "orders", place.peer())]),
    ]
}

fn recovery_step(place: &Place<'_>) -> Vec<Statement> {
    let [record, encrypt] = super::storage::may_record(place, AUDIT_RECORDS);
    vec![
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
        peer_database(place),
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

/// Looks at everything and changes nothing but what it remembers of itself.
fn preflight(place: &Place<'_>) -> Vec<Statement> {
    let names = place.names();
    let queues = [names.order_queue(), names.dead_letter_queue()].map(|name| place.queue_arn(&name));
    vec![
        journal(place, &["dynamodb:GetItem"])
            .when(keys_only("StringEquals", &[LEASE_KEY, preflight::JOURNAL_KEY])),
        journal(place, &["dynamodb:PutItem"]).when(keys_only("StringEquals", &[preflight::JOURNAL_KEY])),
        Statement::allow(&["dynamodb:GetItem"], [place.table_arn(&names.sessions_table())]),
        Statement::allow(&["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], queues),
        switch(place),
        Statement::allow(&["ssm:GetParameter"], [place.parameter_arn(&preflight::digest_parameter(place))]),
        peer_database(place),
        Statement::allow(&["rds:DescribeDBClusters"], [place.database_cluster_arn()]),
        Statement::allow(&["rds:DescribeGlobalClusters"], [place.global_cluster_arn()]),
        Statement::allow(
            &["lambda:GetFunctionConfiguration"],
            FUNCTIONS.map(|function| place.function_arn(function)),
        ),
        Statement::allow(&["states:DescribeStateMachine"], [place.state_machine_arn()]),
        replication_look(place),
        Statement::allow(&["scheduler:GetSchedule"], [preflight::watch_schedule_arn(place)]),
        Statement::allow(&["events:PutEvents"], [place.event_bus_arn()]),
        Statement::allow(&["iam:SimulatePrincipalPolicy"], [preflight::recovery_role_arn(place)]),
        Statement::allow(&["sts:AssumeRole"], [preflight::observer_role_arn(&place.peer())]),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&super::compute::failed_invocations(place))]),
    ]
}

/// What the peer's preflight may look at in this region. Its database it asks itself.
pub(super) fn observer(place: &Place<'_>) -> Vec<Statement> {
    vec![
        Statement::allow(
            &["lambda:GetFunctionConfiguration"],
            FUNCTIONS.map(|function| place.function_arn(function)),
        ),
        Statement::allow(&["rds:DescribeDBClusters"], [place.database_cluster_arn()]),
        Statement::allow(&["states:DescribeStateMachine"], [place.state_machine_arn()]),
        replication_look(place),
    ]
}

fn replication_look(place: &Place<'_>) -> Statement {
    Statement::allow(
        &["s3:GetReplicationConfiguration"],
        BUCKETS.map(|(_, purpose)| place.bucket_arn(purpose)),
    )
}
