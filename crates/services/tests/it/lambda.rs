//! Lambda around one of our binaries: a small server plays the runtime API.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use recovery::setting;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{Mutex, mpsc};

/// Longest wait for a binary.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The runtime API: hands out events in order and collects what the function answers.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
struct Runtime {
    invoked: String,
    events: Mutex<mpsc::Receiver<Value>>,
    answers: mpsc::Sender<Value>,
}

async fn next(State(runtime): State<Arc<Runtime>>) -> impl IntoResponse {
    let event = runtime.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "request-1".to_owned()),
        ("lambda-runtime-deadline-ms", "9999999999999".to_owned()),
        ("lambda-runtime-invoked-function-arn", runtime.invoked.clone()),
    ];
    event.map_or_else(|| StatusCode::GONE.into_response(), |event| (headers, Json(event)).into_response())
}

async fn answer(
    State(runtime): State<Arc<Runtime>>,
    Path((_, kind)): Path<(String, String)>,
    body: String,
) -> StatusCode {
    let answer = serde_json::from_str(&body).unwrap_or_else(|_| json!({ "kind": kind, "text": body }));
    runtime.answers.send(answer).await.expect("the test waits for answers");
    StatusCode::ACCEPTED
}

/// Its address, where events go in, and where answers and errors come out.
pub async fn runtime() -> (String, mpsc::Sender<Value>, mpsc::Receiver<Value>) {
    runtime_called_by("").await
}

/// The same, where the function is called by its ARN with `suffix`.
pub async fn runtime_called_by(suffix: &str) -> (String, mpsc::Sender<Value>, mpsc::Receiver<Value>) {
    let invoked = format!("arn:aws:lambda:us-east-1:000000000000:function:tested{suffix}");
    let (send_event, events) = mpsc::channel(8);
    let (answers, receive_answer) = mpsc::channel(8);
    let runtime = Arc::new(Runtime { invoked, events: Mutex::new(events), answers });
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answer))
        .with_state(runtime);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, send_event, receive_answer)
}

/// The binary with nothing in its environment but what Lambda sets.
pub fn function(binary: &str, runtime: &str) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
        .env("AWS_LAMBDA_FUNCTION_NAME", "tested")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_RUNTIME_API", runtime)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

/// Settings with which each of the functions starts that work for a recovery; `nobody` answers none of them.
pub fn settings(nobody: &str) -> [(&'static str, &str); 31] {
    [
        (setting::HOME_REGION, "us-east-1"),
        (setting::PEER_REGION, "us-east-2"),
        (setting::JOURNAL_TABLE, "journal"),
        (setting::JOURNAL_SHARDS, "4"),
        (setting::DATABASE_ENDPOINT, nobody),
        (setting::PEER_DATABASE_ENDPOINT, nobody),
        (setting::DATABASE_NAME, "orders"),
        (setting::DATABASE_USER, "standfast"),
        (setting::DATABASE_TLS, "prefer"),
        (setting::GLOBAL_CLUSTER, "global"),
        (setting::DATABASE_CLUSTER, "own"),
        (setting::OWN_URL, "http://own.example"),
        (setting::PEER_URL, "http://peer.example"),
        (setting::PUBLIC_URL, "http://public.example"),
        (setting::EVENT_BUS, "bus"),
        (setting::AUDIT_BUCKET, "audit"),
        (setting::HOSTED_ZONE_ID, "zone"),
        (setting::REPLAY_MARGIN_S, "900"),
        (setting::SWITCH_PARAMETER, "/switch"),
        (setting::LEASE_RENEW_S, "5"),
        (setting::LEASE_TTL_S, "15"),
        (setting::LEASE_MARGIN_S, "3"),
        (setting::COOLDOWN_S, "900"),
        (setting::DATABASE_PATIENCE_S, "60"),
        (setting::FAILBACK_AUTOMATIC, "true"),
        (setting::FAILBACK_DWELL_S, "1800"),
        (setting::FAILBACK_LAG_MS_MAX, "1000"),
        (setting::SESSIONS_TABLE, "sessions"),
        (setting::ORDER_QUEUE, "orders"),
        (setting::DEAD_LETTER_QUEUE, "dead-letters"),
        (setting::DATABASE_SECRET, "secret"),
    ]
}
