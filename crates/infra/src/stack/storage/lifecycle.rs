//! For how long a bucket keeps what is in it.

use cfn::s3::Bucket;
use cfn::s3::bucket::{
    AbortIncompleteMultipartUpload, DefaultRetention, LifecycleConfiguration, NoncurrentVersionExpiration,
    ObjectLockConfiguration, ObjectLockRule, Rule, Transition,
};
use recovery::deployment::Storage;

use super::AUDIT;

/// Days for which a replaced or deleted version can be taken back.
const REPLACED_DAYS: u32 = 90;
/// Days after which nobody finishes an upload any more.
const UPLOAD_DAYS: i64 = 7;
/// Storage class, days until a record goes there, and days that S3 charges for at least.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>
const COLDER: [(&str, u32, u32); 2] = [("GLACIER_IR", 90, 90), ("DEEP_ARCHIVE", 365, 180)];

/// The lifecycle of a bucket by its purpose.
pub(super) fn of(purpose: &str, storage: &Storage) -> LifecycleConfiguration {
    let kept = if purpose == AUDIT { records(storage.audit_retention_days) } else { versions(REPLACED_DAYS) };
    let kept =
        kept.id("kept").abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(UPLOAD_DAYS));
    let markers = Rule::new("Enabled").id("markers").expired_object_delete_marker(true);
    LifecycleConfiguration::new([kept, markers])
}

/// Current versions stay.
fn versions(days: u32) -> Rule {
    Rule::new("Enabled").noncurrent_version_expiration(NoncurrentVersionExpiration::new(days))
}

/// Records move to colder classes where that pays, and expire. S3 moves none below 128 KiB.
fn records(days: u32) -> Rule {
    let pays = COLDER.into_iter().filter(|(_, after, at_least)| days >= after + at_least);
    let transitions = pays.map(|(class, after, _)| Transition::new(class).transition_in_days(after));
    let transitions: Vec<Transition> = transitions.collect();
    let rule = versions(days.min(REPLACED_DAYS)).expiration_in_days(days);
    if transitions.is_empty() { rule } else { rule.transitions(transitions) }
}

/// Nobody, not even the account's owner, removes a version before its time: *compliance*. In the other
/// mode whoever may set it aside could, which is no more than the bucket's policy can say.
pub(super) fn locked(bucket: Bucket, days: u32) -> Bucket {
    let retention = DefaultRetention::new().mode("COMPLIANCE").days(days);
    let rule = ObjectLockRule::new().default_retention(retention);
    bucket
        .object_lock_enabled(true)
        .object_lock_configuration(ObjectLockConfiguration::new().object_lock_enabled("Enabled").rule(rule))
}
