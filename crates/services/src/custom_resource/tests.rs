//! Goal: CloudFormation is always answered, in its own form, and no answer is lost to one broken
//! connection. Method: a loopback server that plays the signed URL, and work that succeeds, fails, hangs.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::put;

use super::*;

/// What the URL was sent: the content type, and the body.
type Taken = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// Refuses the first `refusals` answers, takes the others.
async fn url(refusals: usize) -> (String, Taken) {
    let taken: Taken = Arc::default();
    let asked = Arc::new(Mutex::new(0));
    let kept = Arc::clone(&taken);
    let take = async move |headers: HeaderMap, body: String| {
        let mut asked = asked.lock().expect("no test panics in here");
        *asked += 1;
        if *asked <= refusals {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap_or("?").to_owned());
        let body = serde_json::from_str(&body).unwrap_or(Value::Null);
        kept.lock().expect("no test panics in here").push((kind, body));
        StatusCode::OK
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let router = Router::new().route("/answer", put(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/answer?signature=secret"), taken)
}

fn event(url: &str, request_type: &str) -> Value {
    json!({
        "RequestType": request_type,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1",
        "RequestId": "request-1",
        "ResourceType": "AWS::CloudFormation::CustomResource",
        "LogicalResourceId": "DatabaseRoles",
        "ResourceProperties": { "ServiceToken": "arn", "Shards": "4" },
        "OldResourceProperties": { "Shards": "2" },
    })
}

fn request(url: &str) -> Request {
    Request::of(&event(url, "Create")).expect("it is a request")
}

async fn answer_to(work: impl Future<Output = Result<Map<String, Value>, Failure>>) -> Value {
    let (url, taken) = url(0).await;
    let prober = Prober::new(None).expect("a prober");
    serve(&prober, &request(&url), Duration::from_millis(200), work).await.expect("it is delivered");
    let taken = taken.lock().expect("no test panics in here");
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].0, None, "the URL is signed without a content type");
    taken[0].1.clone()
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

#[tokio::test]
async fn what_was_done_is_answered_with_its_attributes() {
    let attributes = json!({ "Version": "3" }).as_object().cloned().unwrap_or_default();
    let answer = answer_to(async { Ok(attributes) }).await;
    assert_eq!(
        answer,
        json!({
            "Status": "SUCCESS",
            "PhysicalResourceId": "DatabaseRoles",
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1",
            "RequestId": "request-1",
            "LogicalResourceId": "DatabaseRoles",
            "Data": { "Version": "3" },
        })
    );
}

#[tokio::test]
async fn what_failed_is_answered_with_its_reason() {
    let answer = answer_to(async { Err(Failure("no database".to_owned())) }).await;
    assert_eq!((&answer["Status"], &answer["Reason"]), (&json!("FAILED"), &json!("no database")));
    assert_eq!(answer["PhysicalResourceId"], "DatabaseRoles", "the roll-back names it");

    let long = answer_to(async { Err(Failure("ä".repeat(5000))) }).await;
    let reason = long["Reason"].as_str().expect("a reason");
    assert_eq!(reason.len(), REASON_BYTES_MAX);
}

#[tokio::test]
async fn what_hangs_is_answered_all_the_same() {
    let answer = answer_to(std::future::pending()).await;
    assert_eq!(answer["Status"], "FAILED");
    assert_eq!(answer["Reason"], "it was not done within 0.2 s");
}

#[tokio::test]
async fn a_refused_answer_is_delivered_again_and_at_last_given_up() {
    let prober = Prober::new(None).expect("a prober");
    let nothing = || async { Ok::<_, Infallible>(Map::new()) };
    let (patient, taken) = url(2).await;
    serve(&prober, &request(&patient), Duration::from_secs(1), nothing()).await.expect("the third try");
    assert_eq!(taken.lock().expect("no test panics in here").len(), 1);

    let (closed, _) = url(usize::MAX).await;
    let error = serve(&prober, &request(&closed), Duration::from_secs(1), nothing()).await;
    let error = error.expect_err("nobody takes it");
    assert!(matches!(error, Unanswered::Refused(503)), "{error}");
}

#[test]
fn requests_are_told_from_other_events_and_keep_their_url_to_themselves() {
    for kind in ["Create", "Update", "Delete"] {
        assert!(Request::of(&event("http://localhost/x", kind)).is_some(), "{kind}");
    }
    assert_eq!(Request::of(&json!({ "Step": "createSecret", "SecretId": "s" })), None);
    assert_eq!(Request::of(&event("http://localhost/x", "Replace")), None);

    let mut update = event("http://localhost/x?signature=secret", "Update");
    update["PhysicalResourceId"] = json!("first-name");
    let update = Request::of(&update).expect("it is a request");
    assert_eq!((update.text("Shards"), update.old_text("Shards")), (Some("4"), Some("2")));
    assert_eq!(update.physical_id(), "first-name", "another one would mean a replacement");
    assert!(!format!("{update:?}").contains("secret"));
}
