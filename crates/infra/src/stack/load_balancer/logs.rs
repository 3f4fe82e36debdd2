//! The load balancer's log of who asked what, and the bucket for it.
//!
//! Elastic Load Balancing delivers to no bucket with a key of KMS, so this one is encrypted with S3's own:
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html>. It is
//! not replicated: each region's log tells of that region's requests.

use cdk::{Handle, Scope};
use cfn::Json;
use cfn::s3::bucket::{
    AbortIncompleteMultipartUpload, BucketEncryption, LifecycleConfiguration, NoncurrentVersionExpiration,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, Rule,
    ServerSideEncryptionByDefault, ServerSideEncryptionRule, VersioningConfiguration,
};
use cfn::s3::{Bucket, BucketPolicy};
use serde_json::json;

use crate::place::Place;
use crate::policy::Statement;
use crate::stack::hook;

/// Purpose of the bucket, in its name.
pub(super) const ACCESS: &str = "access";
/// Days for which the log is kept: a year, and room to ask for it.
const KEPT_DAYS: u32 = 400;
/// Days for which what was replaced or deleted can be taken back.
const REPLACED_DAYS: u32 = 30;
/// Days after which nobody finishes an upload any more.
const UPLOAD_DAYS: i64 = 7;

/// The bucket, and the policy without which nothing is delivered.
pub(super) struct Logs {
    pub(super) bucket: Handle,
    pub(super) policy: Handle,
}

/// Adds the bucket, its policy, and what empties it on its removal.
pub(super) fn new(scope: &mut Scope<'_>, place: &Place<'_>) -> Logs {
    let bucket = scope.add("Bucket", bucket(place));
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

fn bucket(place: &Place<'_>) -> Bucket {
    let encryption = ServerSideEncryptionRule::new()
        .server_side_encryption_by_default(ServerSideEncryptionByDefault::new("AES256"));
    let nobody_outside = PublicAccessBlockConfiguration::new()
        .block_public_acls(true)
        .block_public_policy(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true);
    let kept = Rule::new("Enabled")
        .id("kept")
        .expiration_in_days(KEPT_DAYS)
        .noncurrent_version_expiration(NoncurrentVersionExpiration::new(REPLACED_DAYS))
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(UPLOAD_DAYS));
    let no_lists = OwnershipControlsRule::new().object_ownership("BucketOwnerEnforced");
    Bucket::new()
        .bucket_name(place.bucket(ACCESS))
        .versioning_configuration(VersioningConfiguration::new("Enabled"))
        .bucket_encryption(BucketEncryption::new([encryption]))
        .public_access_block_configuration(nobody_outside)
        .ownership_controls(OwnershipControls::new([no_lists]))
        .lifecycle_configuration(LifecycleConfiguration::new([kept]))
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
