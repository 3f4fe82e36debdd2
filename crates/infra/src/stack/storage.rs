//! A region's buckets: for configuration objects of the applications, and for the audit log.
//!
//! Each has its own key and is replicated into the other region's bucket of the same purpose. There
//! are no server access logs: S3 delivers them to no bucket with a key of ours, and an unencrypted
//! third bucket for them would be the weakest of the three.

use cdk::{Handle, Scope, Stack};
use cfn::s3;
use cfn::s3::bucket::{
    BucketEncryption, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault, ServerSideEncryptionRule, VersioningConfiguration,
};
use serde_json::json;

use super::{audit, hook, key_under, parameter, replication};
use crate::place::{Place, parameter as key_of};
use crate::policy::{Statement, key_policy};

mod lifecycle;
mod policy;

/// Purpose of the bucket for configuration, in its name.
pub const CONFIGURATION: &str = "config";
/// Purpose of the bucket for the audit log, in its name.
pub const AUDIT: &str = "audit";
/// Purpose of the bucket for the load balancer's log, in its name; it is in that stack.
pub(crate) const ACCESS: &str = "access";
/// Every bucket of this stack, by its construct id.
pub(crate) const BUCKETS: [(&str, &str); 2] = [("Configuration", CONFIGURATION), ("Audit", AUDIT)];

/// What a region's storage stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The buckets, configuration first.
    pub buckets: Vec<Handle>,
}

/// Adds the buckets and what empties them on their removal.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let allowed = hook::allow(&mut root, "EmptyBuckets", place, "empty-buckets", &may_empty(place));
    let buckets = BUCKETS.map(|(id, purpose)| {
        let mut scope = root.scope(id);
        let bucket = add(&mut scope, place, purpose);
        let empty = hook::resource(place, "EmptyBucket").tell("Bucket", place.bucket(purpose));
        let empty = scope.add("EmptyBucket", empty);
        // What is made last goes first: it is emptied before it is removed.
        scope.node(&empty).depend_on(&bucket).depend_on(&allowed);
        bucket
    });
    Handles { buckets: buckets.into() }
}

/// The lifecycle of what is kept as the audit log is.
pub(super) fn kept_as_records(place: &Place<'_>) -> s3::bucket::LifecycleConfiguration {
    lifecycle::of(AUDIT, &place.deployment.storage)
}

fn may_empty(place: &Place<'_>) -> [Statement; 2] {
    let buckets = BUCKETS.map(|(_, purpose)| place.bucket_arn(purpose));
    let objects = buckets.clone().map(|bucket| format!("{bucket}/*"));
    [
        Statement::allow(&["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"], buckets),
        Statement::allow(&["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"], objects),
    ]
}

fn add(scope: &mut Scope<'_>, place: &Place<'_>, purpose: &str) -> Handle {
    let mut key_may = key_policy(place.account, &[]);
    let trail = purpose == AUDIT && place.has_trail();
    if trail {
        audit::delivery::encrypt(&mut key_may, place);
    }
    let key = key_under(scope, place, purpose, key_may);
    if trail {
        parameter(scope, place, "TrailKey", key_of::AUDIT_KEY, key.attribute("Arn"));
    }
    let role = replication::role(scope, place, purpose, &key);
    let encryption =
        ServerSideEncryptionRule::new().bucket_key_enabled(true).server_side_encryption_by_default(
            ServerSideEncryptionByDefault::new("aws:kms").kms_master_key_id(key.attribute("Arn")),
        );
    let nobody_outside = PublicAccessBlockConfiguration::new()
        .block_public_acls(true)
        .block_public_policy(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true);
    let no_lists = OwnershipControlsRule::new().object_ownership("BucketOwnerEnforced");
    let mut bucket = s3::Bucket::new()
        .bucket_name(place.bucket(purpose))
        .versioning_configuration(VersioningConfiguration::new("Enabled"))
        .bucket_encryption(BucketEncryption::new([encryption]))
        .public_access_block_configuration(nobody_outside)
        .ownership_controls(OwnershipControls::new([no_lists]))
        .lifecycle_configuration(lifecycle::of(purpose, &place.deployment.storage));
    if !place.is_home() {
        bucket = bucket.replication_configuration(replication::configuration(place, purpose, &role));
    }
    if purpose == AUDIT && place.deployment.storage.audit_object_lock {
        bucket = lifecycle::locked(bucket, place.deployment.storage.audit_retention_days);
    }
    let bucket = scope.add("Bucket", bucket);
    let mut policy = policy::of(&place.bucket_arn(purpose), &key);
    if trail {
        audit::delivery::write(&mut policy, place);
    }
    scope.add("Policy", s3::BucketPolicy::new(bucket.reference(), policy));
    bucket
}

/// Writing records of this kind into the region's audit bucket, and nothing else there.
pub(super) fn may_record(place: &Place<'_>, kind: &str) -> [Statement; 2] {
    let objects = format!("{}/{kind}/*", place.bucket_arn(AUDIT));
    [Statement::allow(&["s3:PutObject"], [objects]), key_by_alias(place, AUDIT, &["kms:GenerateDataKey"])]
}

/// The use of a bucket's key, through S3 of the key's region. The key is known by its alias, for its
/// own name is only known where it was made.
pub(super) fn key_by_alias(place: &Place<'_>, purpose: &str, actions: &[&str]) -> Statement {
    let alias = format!("alias/{}", place.names().resource("key", purpose));
    Statement::allow(actions, [place.arn("kms", "key/*")])
        .when(json!({
            "ForAnyValue:StringEquals": { "kms:ResourceAliases": [alias] },
            "StringEquals": { "kms:ViaService": format!("s3.{}.amazonaws.com", place.region) },
        }))
        .because("the id of a key is only known where the key was made; the condition names the one alias")
}
