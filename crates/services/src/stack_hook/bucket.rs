//! Empties a bucket: CloudFormation removes none that holds anything.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::HookError;
use crate::aws::CallFailed;

/// Error code of a bucket that is gone.
pub(super) const NO_SUCH_BUCKET: &str = "NoSuchBucket";
/// Versions per page: as many as one call removes.
const PAGE: i32 = 1000;

/// Removes every version, delete marker and unfinished upload, until a look finds none.
pub(super) async fn empty(s3: &Client, bucket: &str) -> Result<String, HookError> {
    let mut removed = 0;
    // Always from the beginning: what was found is gone, and what was replicated meanwhile is seen.
    loop {
        let Some(found) = versions(s3, bucket).await? else { return Ok(format!("{bucket} is gone already")) };
        if found.is_empty() {
            break;
        }
        let count = found.len();
        remove(s3, bucket, found).await?;
        removed += count;
        tracing::info!(bucket, removed, "a page of versions is removed");
    }
    let aborted = abort_uploads(s3, bucket).await?;
    Ok(format!("{removed} versions and {aborted} unfinished uploads removed from {bucket}"))
}

/// The first versions and delete markers; `None` without the bucket.
async fn versions(s3: &Client, bucket: &str) -> Result<Option<Vec<ObjectIdentifier>>, HookError> {
    const CALL: &str = "s3:ListObjectVersions";
    match s3.list_object_versions().bucket(bucket).max_keys(PAGE).send().await {
        Ok(page) => identifiers(&page).map(Some),
        Err(error) if error.code() == Some(NO_SUCH_BUCKET) => Ok(None),
        Err(error) => Err(CallFailed::new(CALL, error).into()),
    }
}

fn identifiers(page: &ListObjectVersionsOutput) -> Result<Vec<ObjectIdentifier>, HookError> {
    let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
    let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    let identifier = |(key, version): (Option<&str>, Option<&str>)| {
        ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned))
    };
    versions
        .chain(markers)
        .map(|found| identifier(found).build())
        .collect::<Result<_, _>>()
        .map_err(|error| CallFailed::unreadable("s3:ListObjectVersions", error).into())
}

async fn remove(s3: &Client, bucket: &str, found: Vec<ObjectIdentifier>) -> Result<(), HookError> {
    const CALL: &str = "s3:DeleteObjects";
    let count = found.len();
    let delete = Delete::builder().set_objects(Some(found)).quiet(true).build();
    let delete = delete.map_err(|error| CallFailed::unreadable(CALL, error))?;
    let answer = s3.delete_objects().bucket(bucket).delete(delete).send().await;
    let answer = answer.map_err(|error| CallFailed::new(CALL, error))?;
    let Some(first) = answer.errors().first() else { return Ok(()) };
    Err(HookError::Refused(format!(
        "{} of {count} versions in {bucket} cannot be removed; the first, {}: {}",
        answer.errors().len(),
        first.key().unwrap_or("without a key"),
        first.code().unwrap_or("no reason given"),
    )))
}

/// A bucket that goes meanwhile takes its uploads along.
async fn abort_uploads(s3: &Client, bucket: &str) -> Result<usize, HookError> {
    let mut aborted = 0;
    loop {
        let page = match s3.list_multipart_uploads().bucket(bucket).send().await {
            Ok(page) => page,
            Err(error) if error.code() == Some(NO_SUCH_BUCKET) => return Ok(aborted),
            Err(error) => return Err(CallFailed::new("s3:ListMultipartUploads", error).into()),
        };
        if page.uploads().is_empty() {
            return Ok(aborted);
        }
        for upload in page.uploads() {
            let (key, id) = (upload.key().unwrap_or_default(), upload.upload_id().unwrap_or_default());
            let done = s3.abort_multipart_upload().bucket(bucket).key(key).upload_id(id).send().await;
            match done {
                Ok(_) => aborted += 1,
                Err(error) if matches!(error.code(), Some("NoSuchUpload" | NO_SUCH_BUCKET)) => {}
                Err(error) => return Err(CallFailed::new("s3:AbortMultipartUpload", error).into()),
            }
        }
    }
}
