//! Goal: whatever the event holds, CloudFormation gets an answer that it takes. Method: run the
//! binary with events that are wrong in one way each; one small server plays the runtime API and
//! another one the URL that was signed in advance.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::put;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::lambda::{LIMIT, function, runtime};
use crate::support::dead_address;

pub type Received = mpsc::Receiver<(Option<String>, Value)>;

/// Takes answers, the first of all only at the second try.
pub async fn receiver() -> (String, Received) {
    let (sender, receiver) = mpsc::channel(8);
    let refused = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let take = async move |State(sender): State<mpsc::Sender<_>>, headers: HeaderMap, body: String| {
        if !refused.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let kind = headers.get(header::CONTENT_TYPE).map(|kind| format!("{kind:?}"));
        let answer = serde_json::from_str(&body).expect("an answer is JSON");
        sender.send((kind, answer)).await.expect("the test waits for answers");
        StatusCode::OK
    };
    let router = Router::new().route("/answer", put(take)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/answer", listener.local_addr().expect("a bound port"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, receiver)
}

fn event(url: &str, kind: &str, properties: Value) -> Value {
    json!({
        "RequestType": kind, "ResponseURL": url, "StackId": "stack", "RequestId": "request",
        "LogicalResourceId": "Empty", "ResourceProperties": properties,
    })
}

#[tokio::test]
async fn every_event_gets_an_answer() {
    let (api, events, _answers) = runtime().await;
    let (url, mut received) = receiver().await;
    let mut command = function(env!("CARGO_BIN_EXE_stack-hook"), &api);
    command.env("AWS_ENDPOINT_URL", format!("http://{}", dead_address()));
    let _running = command.spawn().expect("the binary is built");

    let unknown = event(&url, "Create", json!({ "Action": "FormatDisk" }));
    let mut never_created = event(&url, "Delete", json!({ "Action": "FormatDisk" }));
    never_created["PhysicalResourceId"] = json!("never-created");
    let mut unreachable = event(&url, "Delete", json!({ "Action": "EmptyBucket", "Bucket": "b" }));
    unreachable["PhysicalResourceId"] = json!("empty-bucket:b");
    let expected = [
        (unknown, "FAILED", "never-created", "unknown variant `FormatDisk`"),
        (never_created, "SUCCESS", "never-created", "never created"),
        (json!({ "ResponseURL": url }), "FAILED", "never-created", "RequestType"),
        (unreachable, "FAILED", "empty-bucket:b", "cloudformation:DescribeStacks failed: no connection"),
        (
            event(&url, "Create", json!({ "Action": "EmptyBucket", "Bucket": "b" })),
            "SUCCESS",
            "empty-bucket:b",
            "nothing to do",
        ),
    ];
    // What is no event of CloudFormation's is survived.
    events.send(json!("what")).await.expect("it is there");
    for (event, status, id, reason) in expected {
        let stack = event["StackId"].as_str().unwrap_or_default().to_owned();
        events.send(event).await.expect("it is there");
        let (kind, answer) = timeout(LIMIT, received.recv()).await.expect("an answer in time").expect("one");
        assert_eq!(answer["Status"], status, "{answer}");
        assert_eq!(answer["PhysicalResourceId"], id, "{answer}");
        assert_eq!(answer["StackId"], stack);
        assert!(answer["Reason"].as_str().is_some_and(|why| why.contains(reason)), "{answer}");
        assert_eq!(kind, None, "the signature covers that there is no content type");
    }
}
