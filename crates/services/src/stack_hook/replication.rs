//! Replication of a bucket into the other region's, for the direction that no template can say:
//! the bucket that is deployed first cannot name one that does not exist yet.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_s3::types::{
    DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination, EncryptionConfiguration, Metrics,
    MetricsStatus, ReplicaModifications, ReplicaModificationsStatus, ReplicationConfiguration,
    ReplicationRule, ReplicationRuleFilter, ReplicationRuleStatus, ReplicationTime, ReplicationTimeStatus,
    ReplicationTimeValue, SourceSelectionCriteria, SseKmsEncryptedObjects, SseKmsEncryptedObjectsStatus,
};
use recovery::replication::{LATE_MIN, RULE};

use super::HookError;
use super::bucket::NO_SUCH_BUCKET;
use super::request::Replication;
use crate::aws::CallFailed;

/// Tries within about a minute: IAM may not know the hook's policy yet, which was made just before.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(2);

/// Sets the whole configuration, whatever was there.
pub(super) async fn start(s3: &Client, replication: &Replication) -> Result<String, HookError> {
    const CALL: &str = "s3:PutBucketReplication";
    let configuration = configuration(replication).map_err(|error| CallFailed::unreadable(CALL, error))?;
    let mut attempt = 1;
    loop {
        let put = s3.put_bucket_replication().bucket(&*replication.bucket);
        match put.replication_configuration(configuration.clone()).send().await {
            Ok(_) => {
                return Ok(format!("{} is replicated to {}", replication.bucket, replication.destination));
            }
            Err(error) if error.code() == Some("AccessDenied") && attempt < ATTEMPTS => {
                tokio::time::sleep(PAUSE).await;
                attempt += 1;
            }
            Err(error) => return Err(CallFailed::new(CALL, error).into()),
        }
    }
}

/// Ends it, so that nothing is copied into a bucket that is being emptied.
pub(super) async fn stop(s3: &Client, replication: &Replication) -> Result<String, HookError> {
    let bucket = &*replication.bucket;
    match s3.delete_bucket_replication().bucket(bucket).send().await {
        Ok(_) => Ok(format!("{bucket} is not replicated any more")),
        Err(error) if error.code() == Some(NO_SUCH_BUCKET) => Ok(format!("{bucket} is gone already")),
        Err(error) => Err(CallFailed::new("s3:DeleteBucketReplication", error).into()),
    }
}

fn configuration(replication: &Replication) -> Result<ReplicationConfiguration, BuildError> {
    let encrypted =
        SseKmsEncryptedObjects::builder().status(SseKmsEncryptedObjectsStatus::Enabled).build()?;
    let changed = ReplicaModifications::builder().status(ReplicaModificationsStatus::Enabled).build()?;
    let markers = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Enabled).build();
    let rule = ReplicationRule::builder()
        .id(RULE)
        .priority(1)
        .status(ReplicationRuleStatus::Enabled)
        .filter(ReplicationRuleFilter::builder().prefix("").build())
        .delete_marker_replication(markers)
        .source_selection_criteria(
            SourceSelectionCriteria::builder()
                .sse_kms_encrypted_objects(encrypted)
                .replica_modifications(changed)
                .build(),
        )
        .destination(destination(replication)?)
        .build()?;
    ReplicationConfiguration::builder().role(&*replication.role).rules(rule).build()
}

fn destination(replication: &Replication) -> Result<Destination, BuildError> {
    let late = ReplicationTimeValue::builder().minutes(i32::from(LATE_MIN)).build();
    let key = EncryptionConfiguration::builder().replica_kms_key_id(&*replication.replica_key).build();
    Destination::builder()
        .bucket(&*replication.destination)
        .encryption_configuration(key)
        .metrics(Metrics::builder().status(MetricsStatus::Enabled).event_threshold(late.clone()).build()?)
        .replication_time(
            ReplicationTime::builder().status(ReplicationTimeStatus::Enabled).time(late).build()?,
        )
        .build()
}
