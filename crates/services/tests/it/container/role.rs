//! Goal: a container calls AWS as its task's role, and as nobody else. Method: a server that plays the ECS
//! agent, which gives credentials to who shows the task's token.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::process::{Container, SERVICE, command};
use crate::api::function::environment;
use crate::support::{Scene, emulator};

const TOKEN: &str = "the-token-of-this-task";

/// Its URL, and how often it gave credentials.
async fn agent() -> (String, Arc<AtomicU32>) {
    let given = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&given);
    let credentials = move |headers: HeaderMap| async move {
        if headers.get("authorization").is_none_or(|token| token != TOKEN) {
            return StatusCode::FORBIDDEN.into_response();
        }
        count.fetch_add(1, Ordering::Relaxed);
        let credentials = json!({
            "RoleArn": "arn:aws:iam::111122223333:role/role-orders-service", "AccessKeyId": "test",
            "SecretAccessKey": "test", "Token": "session", "Expiration": "2099-01-01T00:00:00Z"
        });
        Json(credentials).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/credentials", listener.local_addr().expect("a bound port"));
    let router = Router::new().route("/credentials", get(credentials));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, given)
}

async fn ready(token: &str) -> (u16, u32) {
    let scene = Scene::new().await;
    let (url, given) = agent().await;
    let mut service = command(SERVICE);
    service
        .env("AWS_ENDPOINT_URL", emulator().await)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)
        .envs(environment(&scene));
    let container = Container::start(service).await;
    let status = container.get("/health/ready").await.status;
    (status, given.load(Ordering::Relaxed))
}

#[tokio::test]
async fn the_task_s_role_signs_the_calls() {
    let (status, given) = ready(TOKEN).await;
    assert_eq!(status, 200);
    assert!(given > 0);
}

#[tokio::test]
async fn without_the_role_nothing_can_be_called() {
    assert_eq!(ready("another-token").await, (503, 0));
}
