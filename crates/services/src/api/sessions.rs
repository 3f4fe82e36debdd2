//! `PUT /sessions/{id}` and `GET /sessions/{id}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use recovery::session::SessionVersion;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::order_request::FieldProblem;
use super::timestamp::rfc3339;
use super::{AppState, SERVICE, body};
use crate::aws::cause;
use crate::sessions::{Get, Put};
use crate::telemetry::{self, Metric};

/// The header in which a client sends the version it last saw.
pub const TOKEN_HEADER: HeaderName = HeaderName::from_static("session-token");
/// Most characters of a session's id.
const ID_MAX: usize = 64;

/// Stores a session: the first write without a token, every later one with the token last seen.
pub async fn store(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    answered(put(&state, id, request).await)
}

/// Answers with the session, at least as new as the token says.
pub async fn show(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    answered(get(&state, id, &headers).await)
}

fn answered(result: Result<Response, Failure>) -> Response {
    let failure = match result {
        Ok(response) => return response,
        Err(failure) => failure,
    };
    match failure {
        Failure::StaleSession => telemetry::count(SERVICE, Metric::SessionsStale, 1),
        Failure::SessionConflict => telemetry::count(SERVICE, Metric::SessionsConflicted, 1),
        _ => {}
    }
    failure.into_response()
}

async fn put(
    state: &AppState,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Failure> {
    let id = parse_id(id)?;
    let seen = parse_token(request.headers())?;
    let data = parse_data(body::json(request).await?).map_err(Failure::InvalidSession)?;
    let epoch = state.0.epoch.get().await.ok_or(Failure::Unavailable(None))?;
    let stored = state.0.sessions.put(&id, seen, &data, epoch, telemetry::now_ms()).await;
    match stored.map_err(|error| unavailable(&error))? {
        Put::Stored(version) => Ok(Json(json!({ "token": version.to_string() })).into_response()),
        Put::Conflict => Err(Failure::SessionConflict),
        Put::Behind => Err(Failure::StaleSession),
        Put::Gone => Err(Failure::SessionNotFound),
    }
}

async fn get(
    state: &AppState,
    id: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let id = parse_id(id)?;
    let seen = parse_token(headers)?;
    let found = state.0.sessions.get(&id, seen, telemetry::now_ms()).await;
    match found.map_err(|error| unavailable(&error))? {
        Get::Current(session) => {
            let body = json!({
                "data": session.data,
                "token": session.version.to_string(),
                "updated_at": rfc3339(session.updated_at_ms),
            });
            Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
        }
        Get::Behind => Err(Failure::StaleSession),
        Get::Absent => Err(Failure::SessionNotFound),
    }
}

fn parse_id(id: Result<Path<String>, PathRejection>) -> Result<String, Failure> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    match id {
        Ok(Path(id)) if !id.is_empty() && id.len() <= ID_MAX && id.bytes().all(known) => Ok(id),
        _ => Err(Failure::InvalidId("a session's id is 1 to 64 letters, digits, `-` or `_`")),
    }
}

fn parse_token(headers: &HeaderMap) -> Result<Option<SessionVersion>, Failure> {
    let Some(token) = headers.get(TOKEN_HEADER) else { return Ok(None) };
    let version = token.to_str().ok().and_then(|text| text.parse().ok());
    let problem = || FieldProblem::new("Session-Token", "is not a session token");
    version.map(Some).ok_or_else(|| Failure::InvalidSession(vec![problem()]))
}

pub(super) fn parse_data(body: Value) -> Result<Map<String, Value>, Vec<FieldProblem>> {
    let Value::Object(mut fields) = body else {
        return Err(vec![FieldProblem::new("", "must be a JSON object")]);
    };
    let data = fields.remove("data");
    let mut problems = Vec::new();
    if !fields.is_empty() {
        problems.push(FieldProblem::new("", "must have the field `data` only"));
    }
    match data {
        Some(Value::Object(data)) if problems.is_empty() => return Ok(data),
        Some(Value::Object(_)) => {}
        Some(_) => problems.push(FieldProblem::new("data", "must be a JSON object")),
        None => problems.push(FieldProblem::new("data", "is required")),
    }
    Err(problems)
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::info!(cause = cause(error), "a session's store is unavailable");
    Failure::Unavailable(None)
}
