//! Every way in which the API says no.

use axum::Json;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use recovery::OrderId;
use serde_json::{Value, json};

use super::BODY_BYTES_MAX;
use super::order_request::FieldProblem;

/// Seconds after which a client that met a 503 should try again.
const RETRY_AFTER_S: &str = "1";

/// An answer that is no success.
#[derive(Debug)]
pub(super) enum Failure {
    /// The body is not JSON.
    MalformedJson(String),
    /// The body is JSON of another content type, or none.
    UnsupportedMediaType,
    /// The body is too long.
    TooLarge,
    /// The connection broke before the body was complete.
    IncompleteBody,
    /// Fields of an order are wrong.
    InvalidOrder(Vec<FieldProblem>),
    /// Fields of a session are wrong.
    InvalidSession(Vec<FieldProblem>),
    /// The path's id has no valid form.
    InvalidId(&'static str),
    /// Another order has the id.
    OrderConflict(OrderId),
    /// No order has the id.
    OrderNotFound,
    /// No living session has the id.
    SessionNotFound,
    /// The session was written since the client saw it.
    SessionConflict,
    /// This region has not yet seen what the client has seen.
    StaleSession,
    /// The store behind this answered not at all or with an error. An order keeps its id, so
    /// that its client can repeat it without placing it twice.
    Unavailable(Option<OrderId>),
}

impl Failure {
    fn parts(self) -> (StatusCode, Value) {
        match self {
            Self::MalformedJson(reason) => {
                (StatusCode::BAD_REQUEST, json!({ "error": "malformed_json", "reason": reason }))
            }
            Self::IncompleteBody => (StatusCode::BAD_REQUEST, json!({ "error": "incomplete_body" })),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                json!({ "error": "unsupported_media_type", "expected": "application/json" }),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                json!({ "error": "body_too_large", "bytes_max": BODY_BYTES_MAX }),
            ),
            Self::InvalidOrder(fields) => {
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": "invalid_order", "fields": fields }))
            }
            Self::InvalidSession(fields) => {
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": "invalid_session", "fields": fields }))
            }
            Self::InvalidId(reason) => {
                (StatusCode::BAD_REQUEST, json!({ "error": "invalid_id", "reason": reason }))
            }
            Self::OrderConflict(id) => (StatusCode::CONFLICT, json!({ "error": "order_conflict", "id": id })),
            Self::OrderNotFound => (StatusCode::NOT_FOUND, json!({ "error": "order_not_found" })),
            Self::SessionNotFound => (StatusCode::NOT_FOUND, json!({ "error": "session_not_found" })),
            Self::SessionConflict => (StatusCode::CONFLICT, json!({ "error": "session_conflict" })),
            Self::StaleSession => (StatusCode::CONFLICT, json!({ "error": "stale_session" })),
            Self::Unavailable(None) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "error": "unavailable" })),
            Self::Unavailable(Some(id)) => {
                (StatusCode::SERVICE_UNAVAILABLE, json!({ "error": "unavailable", "id": id }))
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, body) = self.parts();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                (status, [(header::RETRY_AFTER, RETRY_AFTER_S)], Json(body)).into_response()
            }
            _ => (status, Json(body)).into_response(),
        }
    }
}

pub(super) async fn no_such_path() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "no_such_path" }))).into_response()
}

pub(super) async fn no_such_method(method: Method) -> Response {
    let body = json!({ "error": "method_not_allowed", "method": method.as_str() });
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}
