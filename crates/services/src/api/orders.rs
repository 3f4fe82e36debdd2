//! `POST /orders` and `GET /orders/{id}`.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use recovery::lease::LeaseState;
use recovery::{Order, OrderId};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::failure::Failure;
use super::order_request::{FieldProblem, parse_order};
use super::timestamp::rfc3339;
use super::{AppState, SERVICE, body};
use crate::aws::cause;
use crate::clock;
use crate::database::{Database, DatabaseError, settled_at};
use crate::journal::{Put, Unavailable};
use crate::queue::Message;
use crate::telemetry::{self, Metric};

/// Longest wait for the queue; the acknowledgement does not depend on it.
const SEND_MAX: Duration = Duration::from_secs(1);
/// Longest comparison of clocks.
const COMPARE_MAX: Duration = Duration::from_millis(1500);
/// The field whose time is judged.
const ID: &str = "id";
/// Longest wait for the database; the answer then says that settlement is unknown.
const SETTLEMENT_MAX: Duration = Duration::from_secs(1);

/// What clients learn of an order.
#[derive(Debug, Serialize)]
struct OrderStatus<'a> {
    order: &'a Order,
    state: &'static str,
    acknowledged_at: String,
    /// `null` until the order is settled, or when that is unknown.
    settled_at: Option<String>,
    /// `unknown` when nobody who would know could be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    settlement: Option<&'static str>,
}

impl<'a> OrderStatus<'a> {
    fn acknowledged(order: &'a Order, at_ms: u64) -> Self {
        let acknowledged_at = rfc3339(at_ms);
        Self { order, state: "acknowledged", acknowledged_at, settled_at: None, settlement: None }
    }
}

/// Takes an order: 201 when the journal has it, 200 with the same body when it had it before.
pub async fn place(State(state): State<AppState>, request: Request) -> Response {
    match accept(&state, request).await {
        Ok(response) => response,
        Err(failure) => {
            let metric = match failure {
                Failure::Unavailable(_) => Metric::OrdersUnavailable,
                _ => Metric::OrdersRefused,
            };
            telemetry::count(SERVICE, metric, 1);
            failure.into_response()
        }
    }
}

async fn accept(state: &AppState, request: Request) -> Result<Response, Failure> {
    let body = body::json(request).await?;
    let order = read(state, &body).await.map_err(Failure::InvalidOrder)?;
    let put = state.0.journal.put(&order, clock::now_ms()).await.map_err(|error| {
        // The client repeats it and is told so: nothing is lost.
        tracing::info!(order = %order.id, cause = cause(&error), "the journal did not take an order");
        Failure::Unavailable(Some(order.id))
    })?;
    let Put::Accepted { acknowledged_at_ms, repeat } = put else {
        return Err(Failure::OrderConflict(order.id));
    };
    // Also for a repeat: the first attempt may have ended before its message was sent.
    wake_processor(state, order.id).await;
    let (status, metric) = if repeat {
        (StatusCode::OK, Metric::OrdersRepeated)
    } else {
        (StatusCode::CREATED, Metric::OrdersAccepted)
    };
    telemetry::count(SERVICE, metric, 1);
    let location = [(header::LOCATION, format!("/orders/{}", order.id))];
    Ok((status, location, Json(OrderStatus::acknowledged(&order, acknowledged_at_ms))).into_response())
}

/// Reads an order, and refuses none because this region's own clock is wrong: who is refused does not ask again.
/// A process may not have heard yet that it is, so it compares clocks before it has the last word.
async fn read(state: &AppState, body: &Value) -> Result<Order, Vec<FieldProblem>> {
    let generated = || OrderId::new(clock::new_id()).expect("it is made as version 7");
    let read = || parse_order(body, generated, clock::now_ms());
    match read() {
        Err(problems) if problems.iter().any(|problem| problem.field == ID) => {
            // What the journal says does not matter: its answer carries the time.
            let _ = timeout(COMPARE_MAX, state.0.journal.check()).await;
            read()
        }
        read => read,
    }
}

async fn wake_processor(state: &AppState, id: OrderId) {
    let message = Message::new(id, state.0.journal.shards());
    let problem = match timeout(SEND_MAX, state.0.queue.send(&message)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => cause(&error),
        Err(_) => format!("no answer within {SEND_MAX:?}"),
    };
    tracing::warn!(order = %id, cause = problem, "an order is in the journal but not in the queue");
}

/// Tells whether an order is acknowledged or settled, with both times.
pub async fn show(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Response> {
    let id = parse_id(id).map_err(IntoResponse::into_response)?;
    let (entry, lease) = tokio::join!(state.0.journal.get(id), timeout(SETTLEMENT_MAX, state.0.lease.read()));
    let entry = entry.map_err(|error| unavailable(id, &error).into_response())?;
    let entry = entry.ok_or_else(|| Failure::OrderNotFound.into_response())?;
    let lease = lease.ok().and_then(Result::ok).flatten();
    let database = match &lease {
        Some(lease) if lease.owner != state.0.own => &state.0.peer_database,
        _ => &state.0.own_database,
    };
    // Only the owner that serves can tell that an order is *not* settled: a replica may be behind,
    // and so is a database whose journal is not replayed yet.
    let certain = lease.is_some_and(|lease| lease.state == LeaseState::Serving);
    let mut status = OrderStatus::acknowledged(&entry.order, entry.acknowledged_at_ms);
    match timeout(SETTLEMENT_MAX, ask(database, id)).await {
        Ok(Ok(Some(at_ms))) => {
            status.state = "settled";
            status.settled_at = Some(rfc3339(at_ms));
        }
        Ok(Ok(None)) if certain => {}
        Ok(Ok(None)) => status.settlement = Some("unknown"),
        Ok(Err(error)) => {
            tracing::info!(order = %id, cause = cause(&error), "settlement is unknown");
            status.settlement = Some("unknown");
        }
        Err(_) => status.settlement = Some("unknown"),
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(status)).into_response())
}

async fn ask(database: &Database, id: OrderId) -> Result<Option<u64>, DatabaseError> {
    let connection = database.connect().await?;
    match settled_at(&connection, id).await {
        Err(DatabaseError::NoSchema) => Ok(None),
        Err(error) => {
            connection.discard();
            Err(error)
        }
        known => known,
    }
}

fn parse_id(id: Result<Path<String>, PathRejection>) -> Result<OrderId, Failure> {
    let uuid = id.ok().and_then(|Path(text)| Uuid::try_parse(&text).ok());
    let id = uuid.and_then(|uuid| OrderId::new(uuid).ok());
    id.ok_or(Failure::InvalidId("an order's id is a version 7 UUID"))
}

fn unavailable(id: OrderId, error: &Unavailable) -> Failure {
    tracing::info!(order = %id, cause = cause(error), "the journal could not be read");
    Failure::Unavailable(None)
}
