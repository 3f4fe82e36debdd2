//! What CloudTrail may do to the audit bucket: ask whose it is, and write its files under one prefix, for our
//! trail alone.
//!
//! The files lie under the bucket's own key. The bucket refuses every other one, and what replicates it can
//! read no other. There is no condition on the encryption context: with a bucket key, S3 asks KMS in the
//! bucket's name and not in the trail's.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html>

use cfn::Json;
use serde_json::json;

use crate::place::Place;
use crate::stack::storage::AUDIT;

/// What the trail's files begin with in the bucket.
pub(super) const PREFIX: &str = "trail";
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// Lets CloudTrail use the key for our trail.
pub(in crate::stack) fn encrypt(key_policy: &mut Json, place: &Place<'_>) {
    let statement = json!({
        "Sid": "TrailEncrypts",
        "Effect": "Allow",
        "Principal": { "Service": CLOUDTRAIL },
        "Action": ["kms:DescribeKey", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": { "StringEquals": { "aws:SourceArn": place.trail_arn() } },
    });
    add(key_policy, statement);
}

/// Lets CloudTrail write our trail into the bucket.
pub(in crate::stack) fn write(bucket_policy: &mut Json, place: &Place<'_>) {
    let bucket = place.bucket_arn(AUDIT);
    let may = |id: &str, action: &str, resource: &str, when: Json| {
        json!({
            "Sid": id, "Effect": "Allow", "Principal": { "Service": CLOUDTRAIL },
            "Action": action, "Resource": resource, "Condition": { "StringEquals": when },
        })
    };
    let (source, owner) = ("aws:SourceArn", "s3:x-amz-acl");
    let trail = place.trail_arn();
    let files = format!("{bucket}/{PREFIX}/AWSLogs/{}/*", place.account);
    add(bucket_policy, may("TrailLooks", "s3:GetBucketAcl", &bucket, json!({ source: trail })));
    let whole = json!({ source: trail, owner: "bucket-owner-full-control" });
    add(bucket_policy, may("TrailWrites", "s3:PutObject", &files, whole));
}

fn add(policy: &mut Json, statement: Json) {
    policy["Statement"].as_array_mut().expect("a policy of ours has statements").push(statement);
}
