//! The API through its router, against the emulator.

pub mod function;
mod health;
mod journal;
mod orders;
mod sessions;

use aws_config::SdkConfig;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use services::api::{self, AppState, router};
use tower::ServiceExt;

use crate::support::Scene;

/// What the API answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

fn app(aws: &SdkConfig, settings: api::Settings) -> Router {
    router(AppState::new(aws, settings).expect("the settings are usable"))
}

fn app_in(scene: &Scene) -> Router {
    app(&scene.aws, scene.settings.clone())
}

async fn call(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.expect("the router always answers");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.expect("the body is short");
    let body = serde_json::from_slice(&bytes).expect("every answer is JSON");
    Answer { status: parts.status, headers: parts.headers, body }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

fn json(method: &str, path: &str, body: &Value) -> Request<Body> {
    raw(method, path, "application/json", body.to_string())
}

fn raw(method: &str, path: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", content_type);
    request.body(body.into()).expect("a request")
}
