//! CloudFormation as the function behind a custom resource meets it: what it asks, and where it takes the answer.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::put;
use serde_json::{Value, json};

/// What the URL was sent: the content type, and the body.
pub type Taken = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// A URL that refuses the first `refusals` answers and takes the others.
pub async fn url(refusals: usize) -> (String, Taken) {
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

/// A request that is answered there.
pub fn request(url: &str, request_type: &str, properties: Value) -> Value {
    json!({
        "RequestType": request_type,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1",
        "RequestId": "request-1",
        "ResourceType": "AWS::CloudFormation::CustomResource",
        "LogicalResourceId": "DatabaseRoles",
        "ResourceProperties": properties,
    })
}
