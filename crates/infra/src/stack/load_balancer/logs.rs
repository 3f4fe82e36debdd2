//! The load balancer's log of who asked what, and the bucket for it.
//!
//! Elastic Load Balancing delivers to no bucket with a key of KMS, so this one is encrypted with S3's own:
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html>. It says from
//! where each order came, and where no token is asked for nothing else does. So it is kept for as long as the
//! audit log, and copied into the other region's audit bucket, where it lies under a key of ours.

use cdk::{Handle, Scope};
use cfn::Json;
use cfn::s3::bucket::{
    BucketEncryption, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault, ServerSideEncryptionRule, VersioningConfiguration,
};
use cfn::s3::{Bucket, BucketPolicy};
use serde_json::json;

use crate::place::Place;
use crate::policy::Statement;
use crate::stack::storage::{self, ACCESS, AUDIT};
use crate::stack::{hook, replication};

/// The bucket, and the policy without which nothing is delivered.
pub(super) struct Logs {
    pub(super) bucket: Handle,
    pub(super) policy: Handle,
}

/// Adds the bucket, its policy, and what empties it on its removal.
pub(super) fn new(scope: &mut Scope<'_>, place: &Place<'_>) -> Logs {
    let role = replication::role_into(scope, place, [ACCESS, AUDIT], None);
    let bucket = scope.add("Bucket", bucket(place, &role));
    let policy = scope.add("Policy", BucketPolicy::new(bucket.reference(), policy(place)));
    let allowed = hook::allow(scope, "EmptyBuckets", place, "empty-access-logs", &may_empty(place));
    let empty = hook::resource(place, "EmptyBucket").tell("Bucket", place.bucket(ACCESS));
    let empty = scope.add("EmptyBucket", empty);
    // What is made last goes first: it is emptied before it is removed.
    scope.node(&empty).depend_on(&bucket).depend_on(&allowed);
    Logs { bucket, policy }
}

fn may_empty(place: &Place<'_>) -> [Statement; 2] {
    let bucket = place.bucket_arn(ACCESS);
    let objects = format!("{bucket}/*");
    [
        Statement::allow(&["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"], [bucket]),
        Statement::allow(
            &["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            [objects],
        ),
    ]
}

fn bucket(place: &Place<'_>, role: &Handle) -> Bucket {
    let encryption = ServerSideEncryptionRule::new()
        .server_side_encryption_by_default(ServerSideEncryptionByDefault::new("AES256"));
    let nobody_outside = PublicAccessBlockConfiguration::new()
        .block_public_acls(true)
        .block_public_policy(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true);
    let no_lists = OwnershipControlsRule::new().object_ownership("BucketOwnerEnforced");
    Bucket::new()
        .bucket_name(place.bucket(ACCESS))
        .versioning_configuration(VersioningConfiguration::new("Enabled"))
        .bucket_encryption(BucketEncryption::new([encryption]))
        .public_access_block_configuration(nobody_outside)
        .ownership_controls(OwnershipControls::new([no_lists]))
        .lifecycle_configuration(storage::kept_as_records(place))
        .replication_configuration(replication::copy_into(place, AUDIT, role))
}

/// The service that delivers may write the logs of this account's load balancers here, and nobody else
/// anything; nothing comes or goes without TLS 1.2.
fn policy(place: &Place<'_>) -> Json {
    let arn = place.bucket_arn(ACCESS);
    let everything = json!([arn, format!("{arn}/*")]);
    let balancers = place.arn("elasticloadbalancing", "loadbalancer/*");
    json!({ "Version": "2012-10-17", "Statement": [
        {
            "Sid": "LogDelivery",
            "Effect": "Allow",
            "Principal": { "Service": "logdelivery.elasticloadbalancing.amazonaws.com" },
            "Action": "s3:PutObject",
            "Resource": format!("{arn}/AWSLogs/{}/*", place.account),
            "Condition": { "ArnLike": { "aws:SourceArn": balancers } },
        },
        {
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything,
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        },
        {
            "Sid": "ModernTlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything,
            "Condition": { "NumericLessThan": { "s3:TlsVersion": "1.2" } },
        },
    ] })
}
