//! What may look: the preflight, and the peer's preflight through the observer role.

use recovery::lease::LEASE_KEY;
use recovery::preflight::NUDGE_QUALIFIER;

use super::{journal, keys_only, own_database, peer_database, switch};
use crate::packages::{PREFLIGHT, functions, idle};
use crate::place::Place;
use crate::policy::Statement;
use crate::stack::compute::failed_invocations;
use crate::stack::preflight;
use crate::stack::storage::BUCKETS;

/// Looks at everything and changes nothing but what it remembers of itself. The functions that it may invoke,
/// processor, steps and keeper, it may invoke by a qualifier alone by which they take nudges and refuse work.
pub(super) fn preflight(place: &Place<'_>) -> Vec<Statement> {
    let names = place.names();
    let queues = [names.order_queue(), names.dead_letter_queue()].map(|name| place.queue_arn(&name));
    vec![
        journal(place, &["dynamodb:GetItem"])
            .when(keys_only("StringEquals", &[LEASE_KEY, preflight::JOURNAL_KEY])),
        journal(place, &["dynamodb:PutItem"]).when(keys_only("StringEquals", &[preflight::JOURNAL_KEY])),
        Statement::allow(&["dynamodb:GetItem"], [place.table_arn(&names.sessions_table())]),
        Statement::allow(&["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], queues),
        switch(place),
        Statement::allow(&["ssm:GetParameter"], [place.parameter_arn(&preflight::digests_parameter(place))]),
        own_database(place, PREFLIGHT),
        peer_database(place, PREFLIGHT),
        Statement::allow(&["rds:DescribeDBClusters"], [place.database_cluster_arn()]),
        Statement::allow(&["rds:DescribeGlobalClusters"], [place.global_cluster_arn()]),
        Statement::allow(
            &["lambda:GetFunctionConfiguration"],
            functions(place.deployment).into_iter().map(|function| place.function_arn(function)),
        ),
        Statement::allow(
            &["lambda:InvokeFunction"],
            idle(place.deployment)
                .into_iter()
                .map(|function| format!("{}:{NUDGE_QUALIFIER}", place.function_arn(function))),
        ),
        definitions(place),
        replication_look(place),
        Statement::allow(&["scheduler:GetSchedule"], [preflight::watch_schedule_arn(place)]),
        Statement::allow(&["events:PutEvents"], [place.event_bus_arn()]),
        Statement::allow(&["iam:SimulatePrincipalPolicy"], preflight::recovery_role_arns(place)),
        Statement::allow(&["sts:AssumeRole"], [preflight::observer_role_arn(&place.peer())]),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&failed_invocations(place))]),
    ]
}

/// What the peer's preflight may look at in this region. Its database it asks itself.
pub(in crate::stack) fn observer(place: &Place<'_>) -> Vec<Statement> {
    vec![
        Statement::allow(
            &["lambda:GetFunctionConfiguration"],
            functions(place.deployment).into_iter().map(|function| place.function_arn(function)),
        ),
        Statement::allow(&["rds:DescribeDBClusters"], [place.database_cluster_arn()]),
        definitions(place),
        replication_look(place),
    ]
}

fn definitions(place: &Place<'_>) -> Statement {
    Statement::allow(
        &["states:DescribeStateMachine"],
        [place.state_machine_arn(), place.failback_state_machine_arn()],
    )
}

fn replication_look(place: &Place<'_>) -> Statement {
    Statement::allow(
        &["s3:GetReplicationConfiguration"],
        BUCKETS.map(|(_, purpose)| place.bucket_arn(purpose)),
    )
}
