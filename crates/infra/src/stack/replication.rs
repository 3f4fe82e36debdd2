//! Replication of buckets, both ways.
//!
//! A bucket's template can only name a bucket that is there. The standby's buckets are deployed after
//! home's, so their templates say where they are replicated to; for home's the hook says so, in a
//! stack that is deployed when the standby's exist and is removed before them. Each side is set by
//! its own region.

use cdk::{Handle, Scope};
use cfn::Value;
use cfn::s3::bucket::{
    DeleteMarkerReplication, EncryptionConfiguration, Metrics, ReplicaModifications,
    ReplicationConfiguration, ReplicationDestination, ReplicationRule, ReplicationRuleFilter,
    ReplicationTime, ReplicationTimeValue, SourceSelectionCriteria, SseKmsEncryptedObjects,
};
use recovery::replication::{LATE_MIN, RULE};
use serde_json::json;

use super::hook;
use super::storage::{AUDIT, BUCKETS, key_by_alias};
use crate::place::Place;
use crate::policy::{self, Statement};

const ENABLED: &str = "Enabled";

/// Purpose of the role that S3 replicates a bucket under.
fn role_purpose(bucket: &str) -> String {
    format!("replicate-{bucket}")
}

/// Adds the role that S3 replicates this region's bucket under, into the other region's bucket of the same purpose.
pub(super) fn role(scope: &mut Scope<'_>, place: &Place<'_>, purpose: &str, key: &Handle) -> Handle {
    role_into(scope, place, [purpose, purpose], Some(key))
}

/// The same into a bucket of another purpose; without a `key` the bucket is encrypted with S3's own.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>
pub(super) fn role_into(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    [purpose, to]: [&str; 2],
    key: Option<&Handle>,
) -> Handle {
    let (own, peer) = (place.bucket_arn(purpose), place.peer().bucket_arn(to));
    let mut read =
        vec!["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"];
    if purpose == AUDIT && place.deployment.storage.audit_object_lock {
        read.extend(["s3:GetObjectLegalHold", "s3:GetObjectRetention"]);
    }
    let through_s3 = json!({
        "StringEquals": { "kms:ViaService": format!("s3.{}.amazonaws.com", place.region) },
        "StringLike": { "kms:EncryptionContext:aws:s3:arn": [own.clone(), format!("{own}/*")] },
    });
    let mut allowed = vec![
        Statement::allow(&["s3:GetReplicationConfiguration", "s3:ListBucket"], [own.clone()]),
        Statement::allow(&read, [format!("{own}/*")]),
        Statement::allow(
            &["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            [format!("{peer}/*")],
        ),
    ];
    allowed.extend(key.map(|key| {
        Statement::allow(&["kms:Decrypt"], [Value::<String>::from(key.attribute("Arn"))]).when(through_s3)
    }));
    allowed.push(key_by_alias(&place.peer(), to, &["kms:Encrypt", "kms:GenerateDataKey"]));
    let name = place.names().function_role(&role_purpose(purpose), place.region);
    policy::role(&mut scope.scope("Replication"), "Role", &name, "s3.amazonaws.com", &allowed)
}

/// The other region's bucket of the same purpose as the destination, by template. Removals are replicated too.
pub(super) fn configuration(place: &Place<'_>, purpose: &str, role: &Handle) -> ReplicationConfiguration {
    let rule = rule_into(place, purpose)
        .delete_marker_replication(DeleteMarkerReplication::new().status(ENABLED))
        .source_selection_criteria(
            SourceSelectionCriteria::new()
                .replica_modifications(ReplicaModifications::new(ENABLED))
                .sse_kms_encrypted_objects(SseKmsEncryptedObjects::new(ENABLED)),
        );
    ReplicationConfiguration::new(role.attribute("Arn"), [rule])
}

/// The other region's bucket of another purpose as the destination: a copy that nothing takes away with the
/// original.
pub(super) fn copy_into(place: &Place<'_>, to: &str, role: &Handle) -> ReplicationConfiguration {
    let stays = DeleteMarkerReplication::new().status("Disabled");
    ReplicationConfiguration::new(
        role.attribute("Arn"),
        [rule_into(place, to).delete_marker_replication(stays)],
    )
}

/// Everything, into the other region's bucket of a purpose and under its key.
fn rule_into(place: &Place<'_>, to: &str) -> ReplicationRule {
    let peer = place.peer();
    let late = ReplicationTimeValue::new(i64::from(LATE_MIN));
    let destination = ReplicationDestination::new(peer.bucket_arn(to))
        .encryption_configuration(EncryptionConfiguration::new(peer.key_alias_arn(to)))
        .metrics(Metrics::new(ENABLED).event_threshold(late.clone()))
        .replication_time(ReplicationTime::new(ENABLED, late));
    ReplicationRule::new(destination, ENABLED)
        .id(RULE)
        .priority(1)
        .filter(ReplicationRuleFilter::new().prefix(""))
}

/// The other region's buckets as the destinations, by the hook.
pub(super) fn by_hook(scope: &mut Scope<'_>, place: &Place<'_>) {
    let buckets = BUCKETS.map(|(_, purpose)| place.bucket_arn(purpose));
    let roles = BUCKETS.map(|(_, purpose)| place.role_arn(&role_purpose(purpose)));
    let only_s3 = json!({ "StringEquals": { "iam:PassedToService": "s3.amazonaws.com" } });
    let allowed = [
        Statement::allow(&["s3:PutReplicationConfiguration"], buckets),
        Statement::allow(&["iam:PassRole"], roles).when(only_s3),
    ];
    let allowed = hook::allow(scope, "Policy", place, "replicate-buckets", &allowed);
    for (id, purpose) in BUCKETS {
        let peer = place.peer();
        let replicate = hook::resource(place, "ReplicateBucket")
            .tell("Bucket", place.bucket(purpose))
            .tell("Destination", peer.bucket_arn(purpose))
            .tell("Role", place.role_arn(&role_purpose(purpose)))
            .tell("ReplicaKey", peer.key_alias_arn(purpose));
        let replicate = scope.add(id, replicate);
        scope.node(&replicate).depend_on(&allowed);
    }
}
