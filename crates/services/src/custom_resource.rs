//! The protocol between CloudFormation and a function that stands behind a custom resource: an event
//! asks, and the answer is put to a signed URL, whatever came of it. A request that is never answered
//! holds its stack for up to an hour, so [`serve`] answers in every case it can.
//!
//! Source: "Custom resource request types" and "Custom resource response objects" in the CloudFormation
//! user guide.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use crate::aws::cause;
use crate::probe::{ProbeError, Prober};

/// Physical id of a resource whose creation failed before it was known what it is. CloudFormation then
/// asks for the removal of just that.
pub const NEVER_CREATED: &str = "never-created";
/// Longest reason in an answer, in bytes: CloudFormation takes 4,096 for the whole answer.
const REASON_BYTES_MAX: usize = 1024;
/// Tries to deliver one answer.
const ATTEMPTS_MAX: u32 = 4;
/// Before the second try; doubled for each one after it.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
/// Longest delivery of an answer: every try, with the waits between. A function's own timeout has to be
/// longer than its work and this together.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(18);

/// What CloudFormation wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RequestType {
    /// The resource is new.
    Create,
    /// Its properties have changed.
    Update,
    /// It has left its stack, the stack is removed, or its creation is rolled back.
    Delete,
}

/// What an answer needs, taken out of an event that may be wrong in every other way.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where the answer goes, signed in advance; whoever knows it may answer.
    response_url: String,
    /// ARN of the stack.
    pub stack_id: String,
    /// The same when a request is repeated.
    pub request_id: String,
    /// Id of the resource in its template.
    pub logical_id: String,
    /// As an earlier answer named it; a creation has none.
    pub physical_id: Option<String>,
}

/// Leaves the URL out.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("stack_id", &self.stack_id)
            .field("request_id", &self.request_id)
            .field("logical_id", &self.logical_id)
            .field("physical_id", &self.physical_id)
            .finish_non_exhaustive()
    }
}

impl Envelope {
    /// `None` when there is nowhere to answer to, and so no request.
    pub fn read(event: &Value) -> Option<Self> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            response_url: text("ResponseURL")?,
            stack_id: text("StackId").unwrap_or_default(),
            request_id: text("RequestId").unwrap_or_default(),
            logical_id: text("LogicalResourceId").unwrap_or_default(),
            physical_id: text("PhysicalResourceId"),
        })
    }

    /// The name that a resource keeps for its life, so that no update replaces it: the one it has, else
    /// its id in the template.
    pub fn lasting_id(&self) -> &str {
        self.physical_id.as_deref().unwrap_or(&self.logical_id)
    }

    /// What CloudFormation is told. It shows the reason in the stack's events.
    fn answer(&self, outcome: &Result<Done, String>) -> Value {
        let (status, reason, id) = match outcome {
            Ok(done) => ("SUCCESS", &done.detail, done.physical_id.as_str()),
            // A failed update or removal keeps the id, or CloudFormation takes it for a replacement.
            Err(reason) => ("FAILED", reason, self.physical_id.as_deref().unwrap_or(NEVER_CREATED)),
        };
        json!({
            "Status": status,
            "Reason": shortened(reason),
            "PhysicalResourceId": id,
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_id,
        })
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What CloudFormation knows the resource by from now on.
    pub physical_id: String,
    /// What was done, in words.
    pub detail: String,
}

fn shortened(reason: &str) -> &str {
    let end = (0..=REASON_BYTES_MAX.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at));
    &reason[..end.unwrap_or(0)]
}

/// What is asked for the resource.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// What is wanted.
    pub request_type: RequestType,
    /// As the template has them, where CloudFormation has made a text of every number and boolean.
    #[serde(default)]
    pub resource_properties: Map<String, Value>,
}

impl Request {
    /// The request in an event.
    ///
    /// # Errors
    /// When it has no known type, or properties that are no object.
    pub fn read(event: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(event)
    }

    /// A property that is text.
    pub fn text(&self, property: &str) -> Option<&str> {
        self.resource_properties.get(property).and_then(Value::as_str)
    }
}

/// CloudFormation was not told; Lambda should run the request again.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Nobody took the answer.
    #[error("the answer to a request of CloudFormation could not be delivered")]
    Undelivered(#[source] ProbeError),
    /// The answer was refused.
    #[error("the answer to a request of CloudFormation was refused with status {0}")]
    Refused(u16),
}

/// Does `work` for the request in `envelope`, no longer than until `until`, and tells CloudFormation
/// what came of it. Work that fails, hangs or panics is logged and answered, and no error here.
///
/// # Errors
/// When CloudFormation could not be told, which takes at most [`ANSWER_LIMIT`] to find out.
pub async fn serve<E: Error + Send + 'static>(
    prober: &Prober,
    envelope: &Envelope,
    until: Instant,
    work: impl Future<Output = Result<Done, E>> + Send + 'static,
) -> Result<(), Unanswered> {
    // A task of its own, so that not even a panic keeps the answer back.
    let outcome = match tokio::spawn(timeout_at(until, work)).await {
        Ok(Ok(Ok(done))) => Ok(done),
        Ok(Ok(Err(error))) => Err(cause(&error)),
        Ok(Err(_)) => {
            Err("not finished in the time of one invocation; the same request again goes on where \
                           this ended"
                .to_owned())
        }
        Err(_) => Err("the function broke; its log says where".to_owned()),
    };
    let resource = envelope.logical_id.as_str();
    match &outcome {
        Ok(done) => {
            tracing::info!(resource, detail = done.detail, "a request of CloudFormation is done");
        }
        Err(reason) => tracing::error!(resource, reason, "a request of CloudFormation failed"),
    }
    deliver(prober, &envelope.response_url, envelope.answer(&outcome).to_string()).await
}

/// Tries several times: an answer that is lost lets a stack hang.
async fn deliver(prober: &Prober, url: &str, answer: String) -> Result<(), Unanswered> {
    let mut attempt = 1;
    loop {
        let unanswered = match prober.put(url, answer.clone()).await {
            Ok(taken) if taken.status < 300 => return Ok(()),
            Ok(refused) => Unanswered::Refused(refused.status),
            // The URL is a secret for as long as it is valid, whatever is wrong with it.
            Err(ProbeError::Url(_)) => Unanswered::Undelivered(ProbeError::Url("ResponseURL".to_owned())),
            Err(error) => Unanswered::Undelivered(error),
        };
        if attempt == ATTEMPTS_MAX {
            tracing::error!(reason = cause(&unanswered), "CloudFormation did not take the answer");
            return Err(unanswered);
        }
        sleep(BACKOFF_FIRST * 2_u32.pow(attempt - 1)).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests;
