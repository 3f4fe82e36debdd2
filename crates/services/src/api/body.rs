//! Reads a JSON body: bounded, of the right content type, and with errors in our own form.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde_json::Value;
use std::error::Error;

use super::failure::Failure;

/// Longest body the API reads, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// The body of `request` as JSON of any shape.
pub(super) async fn json(request: Request) -> Result<Value, Failure> {
    if !is_json(request.headers()) {
        return Err(Failure::UnsupportedMediaType);
    }
    let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|error| {
        let too_long = error.source().is_some_and(|source| source.is::<LengthLimitError>());
        if too_long { Failure::TooLarge } else { Failure::IncompleteBody }
    })?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::MalformedJson(error.to_string()))
}

/// `application/json` or `application/…+json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(text)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some(subtype) => subtype == "json" || subtype.ends_with("+json"),
        None => false,
    }
}
