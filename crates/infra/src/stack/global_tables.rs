//! The journal with the lease, and the sessions: tables that outlive a region.
//!
//! They are managed from the standby region, so that managing them never needs
//! the primary.

use cdk::{Handle, Stack};
use cfn::Tag;
use cfn::dynamodb::GlobalTable;
use cfn::dynamodb::global_table::{
    AttributeDefinition, GlobalTableWitness, KeySchema, PointInTimeRecoverySpecification,
    ReplicaSpecification, SSESpecification, StreamSpecification, TimeToLiveSpecification,
};

use crate::place::Place;

/// Attribute by which a session expires, in seconds since the Unix epoch.
pub const EXPIRY_ATTRIBUTE: &str = "expires_at";

/// The two tables.
#[derive(Debug)]
pub struct Handles {
    /// Journal and lease; strongly consistent.
    pub journal: Handle,
    /// Sessions; eventually consistent.
    pub sessions: Handle,
}

/// Adds both tables to a stack of the standby region.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let names = place.names();
    let journal = GlobalTable::new(replicas(place))
        .table_name(names.journal_table())
        .attribute_definitions([AttributeDefinition::new("pk", "S"), AttributeDefinition::new("sk", "S")])
        .key_schema([KeySchema::new("pk", "HASH"), KeySchema::new("sk", "RANGE")])
        .billing_mode("PAY_PER_REQUEST")
        .sse_specification(encrypted())
        .multi_region_consistency("STRONG")
        .global_table_witnesses(
            [GlobalTableWitness::new().region(place.deployment.regions.witness.as_str())],
        );
    let sessions = GlobalTable::new(replicas(place))
        .table_name(names.sessions_table())
        .attribute_definitions([AttributeDefinition::new("pk", "S")])
        .key_schema([KeySchema::new("pk", "HASH")])
        .billing_mode("PAY_PER_REQUEST")
        .sse_specification(encrypted())
        .multi_region_consistency("EVENTUAL")
        // Replication by this mode reads the stream, so CloudFormation asks for it.
        .stream_specification(StreamSpecification::new("NEW_AND_OLD_IMAGES"))
        .time_to_live_specification(TimeToLiveSpecification::new(true).attribute_name(EXPIRY_ATTRIBUTE));
    let mut scope = stack.root();
    Handles { journal: scope.add("Journal", journal), sessions: scope.add("Sessions", sessions) }
}

/// The key AWS manages in each region: a key of ours would be one more thing to answer before an order is accepted.
fn encrypted() -> SSESpecification {
    SSESpecification::new(true).sse_type("KMS")
}

/// This region's own replica first, as CloudFormation wants one in the stack's region.
fn replicas(place: &Place<'_>) -> Vec<ReplicaSpecification> {
    let deployment = place.deployment;
    [place.region, deployment.peer_of(place.region)]
        .into_iter()
        .map(|region| {
            ReplicaSpecification::new(region.as_str())
                .point_in_time_recovery_specification(
                    PointInTimeRecoverySpecification::new().point_in_time_recovery_enabled(true),
                )
                .deletion_protection_enabled(deployment.protect)
                .tags(
                    crate::rules::tags(deployment)
                        .into_iter()
                        .map(|(key, value)| Tag::new(key, value))
                        .chain([Tag::new(crate::rules::REGION_TAG, region.as_str())]),
                )
        })
        .collect()
}
