//! Stands before the emulator and keeps one kind of call from it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::Full;
use services::probe::Prober;

use crate::support::emulator;

struct Front {
    target: String,
    prober: Prober,
}

/// The URL of one that lets every call through but deletions of messages, which get no answer.
pub async fn without_deletions() -> String {
    let prober = Prober::new(None).expect("a prober").with_total_timeout(Duration::from_secs(60));
    let front = Arc::new(Front { target: emulator().await, prober });
    let router = Router::new().fallback(forward).with_state(front);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound port"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn is_deletion(headers: &HeaderMap) -> bool {
    headers
        .get("x-amz-target")
        .is_some_and(|target| target.as_bytes().starts_with(b"AmazonSQS.DeleteMessage"))
}

async fn forward(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if is_deletion(&parts.headers) {
        std::future::pending::<()>().await;
    }
    let body = to_bytes(body, 1 << 20).await.expect("calls are short");
    parts.uri = format!("{}{}", front.target, parts.uri).parse().expect("a URL");
    parts.headers.remove(header::HOST);
    match front.prober.send(Request::from_parts(parts, Full::new(body))).await {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).expect("a status");
            (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.body).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
