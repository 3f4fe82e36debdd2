//! What probes and DNS ask: is this region alive, ready to take orders, and serving?

use std::future::Future;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::AppState;
use crate::aws::cause;

/// Longest time one check may take; Route 53 waits 2 s for the whole answer.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html>
const CHECK_MAX: Duration = Duration::from_millis(1500);

/// A check that failed says why, to the log only: the answer goes to the internet.
type Check = (&'static str, Result<(), String>);

/// The process answers.
pub async fn live() -> Response {
    answer("live", "dead", Vec::new())
}

/// This region could take orders: its journal and its queue answer.
pub async fn ready(State(state): State<AppState>) -> Response {
    let (journal, queue) = tokio::join!(journal(&state), queue(&state));
    answer("ready", "not_ready", vec![journal, queue])
}

/// This region is ready and owns the lease, so DNS may lead clients here.
pub async fn serving(State(state): State<AppState>) -> Response {
    let (journal, queue, lease) = tokio::join!(journal(&state), queue(&state), lease(&state));
    answer("serving", "not_serving", vec![journal, queue, lease])
}

async fn journal(state: &AppState) -> Check {
    ("journal", bounded(state.0.journal.check()).await)
}

async fn queue(state: &AppState) -> Check {
    ("queue", bounded(state.0.queue.check()).await)
}

async fn lease(state: &AppState) -> Check {
    let owned = match bounded(state.0.lease.read()).await {
        Ok(Some(lease)) if lease.owner == state.0.own => Ok(()),
        Ok(Some(lease)) => Err(format!("owned by {}", lease.owner)),
        Ok(None) => Err("nobody owns it yet".to_owned()),
        Err(reason) => Err(reason),
    };
    ("lease", owned)
}

async fn bounded<T, E: std::error::Error + 'static>(
    check: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout(CHECK_MAX, check).await {
        Ok(result) => result.map_err(|error| cause(&error)),
        Err(_) => Err(format!("no answer within {} ms", CHECK_MAX.as_millis())),
    }
}

fn answer(good: &str, bad: &str, checks: Vec<Check>) -> Response {
    let well = checks.iter().all(|(_, result)| result.is_ok());
    let checks: Map<String, Value> = checks
        .into_iter()
        .map(|(name, result)| {
            if let Err(reason) = &result {
                tracing::info!(check = name, reason, "a health check failed");
            }
            (name.to_owned(), Value::from(if result.is_ok() { "ok" } else { "failed" }))
        })
        .collect();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "status": if well { good } else { bad }, "checks": checks });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
