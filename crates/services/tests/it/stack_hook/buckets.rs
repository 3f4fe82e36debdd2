//! Goal: a removed stack leaves an empty bucket, a resource that only left its template takes nothing
//! along, and a bucket is replicated for as long as its stack stands.
//! Method: stacks of the emulator that use the deployed function, over buckets with versions, delete
//! markers and unfinished uploads.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;

use super::stage::{Stage, gone};
use crate::support::home;

/// More than one page of versions, with a replaced object, a deleted one and an unfinished upload.
async fn fill(s3: &Client, bucket: &str, objects: usize) {
    let put =
        |key: String| s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x")).send();
    for first in (0..objects).step_by(16) {
        let puts = (first..objects.min(first + 16)).map(|number| {
            let put = put(format!("object-{number}"));
            tokio::spawn(put)
        });
        for put in puts.collect::<Vec<_>>() {
            put.await.expect("it does not panic").expect("the bucket takes it");
        }
    }
    put("replaced".to_owned()).await.expect("the bucket takes it");
    put("replaced".to_owned()).await.expect("the bucket takes it again");
    put("deleted".to_owned()).await.expect("the bucket takes it");
    s3.delete_object().bucket(bucket).key("deleted").send().await.expect("a delete marker");
    s3.create_multipart_upload().bucket(bucket).key("unfinished").send().await.expect("an upload");
}

async fn versions(s3: &Client, bucket: &str) -> usize {
    let page = s3.list_object_versions().bucket(bucket).send().await.expect("the bucket is there");
    page.versions().len() + page.delete_markers().len()
}

#[tokio::test]
async fn a_removed_stack_takes_every_version_marker_and_upload_along() {
    let stage = Stage::new(&home()).await;
    let (s3, bucket) = (stage.s3(), stage.bucket("full").await);
    fill(&s3, &bucket, 1010).await;
    let empty = stage.resource(json!({ "Action": "EmptyBucket", "Bucket": bucket }));
    stage.create("storage", json!({ "Empty": empty })).await;
    assert_eq!(versions(&s3, &bucket).await, 1000, "a creation removes nothing; this is one page");

    let outcome = stage.delete("storage").await;
    assert!(gone(&outcome), "{outcome:?}");
    assert_eq!(versions(&s3, &bucket).await, 0);
    let uploads = s3.list_multipart_uploads().bucket(&bucket).send().await.expect("the bucket is there");
    assert!(uploads.uploads().is_empty());
    s3.delete_bucket().bucket(&bucket).send().await.expect("an empty bucket can be removed");
}

#[tokio::test]
async fn a_bucket_that_is_gone_already_is_no_failure() {
    let stage = Stage::new(&home()).await;
    let nothing = format!("{}-never-was", stage.unique);
    let empty = stage.resource(json!({ "Action": "EmptyBucket", "Bucket": nothing }));
    stage.create("storage", json!({ "Empty": empty })).await;
    let outcome = stage.delete("storage").await;
    assert!(gone(&outcome), "{outcome:?}");
}

/// An id that changes looks to CloudFormation like one resource that is new and one that left.
#[tokio::test]
async fn a_resource_that_leaves_its_template_takes_nothing_along() {
    let stage = Stage::new(&home()).await;
    let (s3, bucket) = (stage.s3(), stage.bucket("kept").await);
    fill(&s3, &bucket, 3).await;
    let before = versions(&s3, &bucket).await;
    let empty = stage.resource(json!({ "Action": "EmptyBucket", "Bucket": bucket }));
    stage.create("storage", json!({ "Empty": empty })).await;
    let status = stage.update("storage", json!({ "Renamed": empty })).await;
    assert_eq!(status, Some(aws_sdk_cloudformation::types::StackStatus::UpdateComplete));
    assert_eq!(versions(&s3, &bucket).await, before);

    let outcome = stage.delete("storage").await;
    assert!(gone(&outcome), "{outcome:?}");
    assert_eq!(versions(&s3, &bucket).await, 0);
}

#[tokio::test]
async fn a_bucket_is_replicated_until_its_stack_is_removed() {
    let stage = Stage::new(&home()).await;
    let (s3, from, to) = (stage.s3(), stage.bucket("from").await, stage.bucket("to").await);
    let replicate = stage.resource(json!({
        "Action": "ReplicateBucket", "Bucket": from, "Destination": format!("arn:aws:s3:::{to}"),
        "Role": "arn:aws:iam::000000000000:role/replicate", "ReplicaKey": "arn:aws:kms:us-east-1:000000000000:alias/key",
    }));
    stage.create("replication", json!({ "Replicate": replicate })).await;

    let set = s3.get_bucket_replication().bucket(&from).send().await.expect("it is replicated");
    let set = set.replication_configuration().expect("it is set");
    assert_eq!(set.role(), "arn:aws:iam::000000000000:role/replicate");
    let [rule] = set.rules() else { panic!("one rule: {set:?}") };
    let destination = rule.destination().expect("a destination");
    assert_eq!(destination.bucket(), format!("arn:aws:s3:::{to}"));
    assert_eq!(
        rule.delete_marker_replication().and_then(|m| m.status()).map(|s| s.as_str()),
        Some("Enabled")
    );
    let late = destination.metrics().and_then(|metrics| metrics.event_threshold()).and_then(|t| t.minutes());
    let bound = destination.replication_time().and_then(|time| time.time()).and_then(|t| t.minutes());
    assert_eq!((late, bound), (Some(15), Some(15)));
    let key = destination.encryption_configuration().and_then(|encryption| encryption.replica_kms_key_id());
    assert_eq!(key, Some("arn:aws:kms:us-east-1:000000000000:alias/key"));

    let put = s3.put_object().bucket(&from).key("setting").body(ByteStream::from_static(b"1"));
    put.send().await.expect("the bucket takes it");
    s3.get_object().bucket(&to).key("setting").send().await.expect("it is copied");

    let outcome = stage.delete("replication").await;
    assert!(gone(&outcome), "{outcome:?}");
    assert!(s3.get_bucket_replication().bucket(&from).send().await.is_err());
}

/// What IAM was told a moment ago it may not know yet.
#[tokio::test]
async fn a_replication_waits_for_its_permission() {
    use axum::http::StatusCode;
    use std::sync::atomic::{AtomicU32, Ordering};
    let asked = std::sync::Arc::new(AtomicU32::new(0));
    let seen = std::sync::Arc::clone(&asked);
    let refuse_once = async move |body: String| {
        assert!(body.contains("<ReplicaKmsKeyID>k</ReplicaKmsKeyID>"), "{body}");
        match seen.fetch_add(1, Ordering::Relaxed) {
            0 => (StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>"),
            _ => (StatusCode::OK, ""),
        }
    };
    let (answer_url, mut answers) = super::function::receiver().await;
    let router = axum::Router::new().route("/{bucket}", axum::routing::put(refuse_once.clone()));
    let router = router.route("/{bucket}/", axum::routing::put(refuse_once));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("a bound port"));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let aws = crate::support::config(&home(), &endpoint).await;
    let hook = services::stack_hook::Hook::new(&aws).expect("there is TLS");
    let event = json!({
        "RequestType": "Create", "ResponseURL": answer_url, "StackId": "s", "RequestId": "r",
        "LogicalResourceId": "l", "ResourceProperties": {
            "Action": "ReplicateBucket", "Bucket": "from", "Destination": "arn:aws:s3:::to", "Role": "r",
            "ReplicaKey": "k",
        },
    });
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    services::stack_hook::handle(hook.into(), event, until).await.expect("the answer is taken");
    let (_, answer) = answers.recv().await.expect("an answer");
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
