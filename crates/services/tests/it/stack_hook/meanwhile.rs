//! Goal: what changes while a stack is removed, by AWS itself or by people, is no failure. Method: the hook
//! behind a proxy that says so of a stack, a bucket and a zone of the emulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use services::stack_hook::{Hook, handle};
use tokio::time::Instant;

use super::function::receiver;
use crate::proxy::{self, Call};
use crate::support::{config, emulator, home};

/// What CloudFormation says of a stack that is being removed.
const REMOVED: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>\
    <StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
    <StackStatus>DELETE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult>\
    </DescribeStacksResponse>";

/// The answer to a removal, where AWS is asked at `endpoint`.
async fn removed(endpoint: &str, properties: Value) -> Value {
    let hook = Hook::new(&config(&home(), endpoint).await).expect("there is TLS");
    let (url, mut answers) = receiver().await;
    let event = json!({
        "RequestType": "Delete", "ResponseURL": url, "StackId": "s", "RequestId": "r",
        "LogicalResourceId": "l", "PhysicalResourceId": "p", "ResourceProperties": properties,
    });
    let until = Instant::now() + Duration::from_secs(60);
    handle(hook.into(), event, until).await.expect("the answer is taken");
    answers.recv().await.expect("an answer").1
}

fn query(call: &Call) -> &str {
    call.parts.uri.query().unwrap_or_default()
}

#[tokio::test]
async fn a_bucket_that_goes_before_its_uploads_are_looked_for_is_empty() {
    let bucket = format!("meanwhile-{}", std::process::id());
    let s3 = aws_sdk_s3::Client::new(&config(&home(), &emulator().await).await);
    s3.create_bucket().bucket(&bucket).send().await.expect("the bucket is new");
    let endpoint = proxy::open(async |call: Call| -> Response {
        if call.service == "cloudformation" {
            return REMOVED.into_response();
        }
        if query(&call).contains("uploads") {
            let gone = "<Error><Code>NoSuchBucket</Code></Error>";
            return (StatusCode::NOT_FOUND, gone).into_response();
        }
        call.pass_on().await
    })
    .await;
    let answer = removed(&endpoint, json!({ "Action": "EmptyBucket", "Bucket": bucket })).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
}

#[tokio::test]
async fn a_feature_that_is_being_turned_off_is_waited_for() {
    let route53 = aws_sdk_route53::Client::new(&config(&home(), &emulator().await).await);
    let unique = format!("meanwhile-{}", std::process::id());
    let name = format!("{unique}.example");
    let zone = route53.create_hosted_zone().name(&name).caller_reference(&unique).send().await;
    let zone = zone.expect("the zone is new").hosted_zone.expect("a zone").id;
    let zone = zone.trim_start_matches("/hostedzone/").to_owned();
    let looks = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&looks);
    let endpoint = proxy::open(move |call: Call| {
        let looks = Arc::clone(&seen);
        async move {
            if call.service == "cloudformation" {
                return REMOVED.into_response();
            }
            if call.parts.method == Method::GET && !call.parts.uri.path().ends_with("/rrset") {
                let status = ["DISABLING", "DISABLED"][looks.fetch_add(1, Ordering::SeqCst).min(1) as usize];
                return feature(status).into_response();
            }
            if call.parts.uri.path().ends_with("/features") {
                let refused = "<ErrorResponse><Error><Code>InvalidInput</Code></Error></ErrorResponse>";
                return (StatusCode::BAD_REQUEST, refused).into_response();
            }
            call.pass_on().await
        }
    })
    .await;
    let answer = removed(&endpoint, json!({ "Action": "EmptyZone", "Zone": zone })).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(looks.load(Ordering::SeqCst), 2);
}

fn feature(status: &str) -> String {
    format!(
        "<GetHostedZoneResponse><HostedZone><Id>z</Id><Name>z</Name><CallerReference>r</CallerReference>\
         <Features><AcceleratedRecoveryStatus>{status}</AcceleratedRecoveryStatus></Features></HostedZone>\
         </GetHostedZoneResponse>"
    )
}
