//! The answer to CloudFormation: an object put to a URL that was signed in advance.
//!
//! Source: "Custom resource response objects" in the CloudFormation user guide.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;

use super::request::NEVER_CREATED;
use super::{Done, Envelope, HookError};

/// Longest reason, in characters; the whole answer may have 4,096 bytes.
const REASON_CHARS_MAX: usize = 700;
/// Tries to deliver it.
const ATTEMPTS: u32 = 4;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
const BACKOFF: Duration = Duration::from_millis(250);

/// What CloudFormation is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// `SUCCESS` or `FAILED`.
    pub status: &'static str,
    /// What was done, or why not.
    pub reason: String,
    /// What CloudFormation knows the resource by from now on.
    pub physical_resource_id: String,
    /// As in the event.
    pub stack_id: String,
    /// As in the event.
    pub request_id: String,
    /// As in the event.
    pub logical_resource_id: String,
}

impl Answer {
    /// The answer to the event in `envelope`.
    pub fn new(envelope: &Envelope, outcome: &Result<Done, HookError>) -> Self {
        let (status, reason, id) = match outcome {
            Ok(done) => ("SUCCESS", done.detail.clone(), done.physical_id.clone()),
            Err(error) => {
                // A failed update or removal keeps the id, or CloudFormation takes it for a replacement.
                let id = envelope.physical_id.clone().unwrap_or_else(|| NEVER_CREATED.to_owned());
                ("FAILED", crate::aws::cause(error), id)
            }
        };
        Self {
            status,
            reason: reason.chars().take(REASON_CHARS_MAX).collect(),
            physical_resource_id: id,
            stack_id: envelope.stack_id.clone(),
            request_id: envelope.request_id.clone(),
            logical_resource_id: envelope.logical_id.clone(),
        }
    }
}

/// Nobody took the answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be delivered: {0}")]
pub struct Undelivered(String);

/// Takes answers to CloudFormation.
#[derive(Clone, Debug)]
pub(super) struct Courier {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Courier {
    pub(super) fn new() -> Result<Self, HookError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(crate::probe::tls_config()?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(https) })
    }

    /// Tries several times: an answer that is lost lets a stack hang.
    pub(super) async fn deliver(&self, url: &str, answer: &Answer) -> Result<(), Undelivered> {
        let body = Bytes::from(serde_json::to_vec(answer).map_err(|error| Undelivered(error.to_string()))?);
        let mut last = String::new();
        for attempt in 0..ATTEMPTS {
            tokio::time::sleep(BACKOFF * (2_u32.pow(attempt) - 1)).await;
            match tokio::time::timeout(ATTEMPT_TIMEOUT, self.put(url, body.clone())).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => last = "no answer in time".to_owned(),
            }
        }
        // The URL is a secret for as long as it is valid.
        tracing::error!(reason = last, "CloudFormation did not take the answer");
        Err(Undelivered(last))
    }

    async fn put(&self, url: &str, body: Bytes) -> Result<(), Box<dyn Error + Send + Sync>> {
        // No content type: the signature of the URL covers that there is none.
        let request = Request::put(url).body(Full::new(body))?;
        let response = self.client.request(request).await?;
        let status = response.status();
        let _ = Limited::new(response.into_body(), 64 * 1024).collect().await;
        if status.is_success() { Ok(()) } else { Err(format!("status {status}").into()) }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: an answer is never too long and never renames a resource by failing. Method: an
    //! outcome of each kind.

    use super::*;

    fn envelope(physical_id: Option<&str>) -> Envelope {
        Envelope {
            response_url: String::new(),
            stack_id: "s".repeat(200),
            request_id: "r".repeat(36),
            logical_id: "l".repeat(255),
            physical_id: physical_id.map(str::to_owned),
        }
    }

    #[test]
    fn a_failure_keeps_the_id_and_is_short_enough() {
        let failed = Err(HookError::Invalid("ä".repeat(10_000)));
        let answer = Answer::new(&envelope(Some("empty-bucket:b")), &failed);
        assert_eq!((answer.status, answer.physical_resource_id.as_str()), ("FAILED", "empty-bucket:b"));
        assert!(serde_json::to_string(&answer).expect("texts").len() < 4096);
        assert_eq!(Answer::new(&envelope(None), &failed).physical_resource_id, NEVER_CREATED);
    }

    #[test]
    fn a_success_says_what_was_done() {
        let done = Done { physical_id: "empty-zone:z".to_owned(), detail: "nothing".to_owned() };
        let answer = Answer::new(&envelope(None), &Ok(done));
        let json = serde_json::to_value(&answer).expect("texts");
        assert_eq!(json["Status"], "SUCCESS");
        assert_eq!(json["PhysicalResourceId"], "empty-zone:z");
        assert_eq!(json["Reason"], "nothing");
    }
}
