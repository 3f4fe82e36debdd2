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
use tokio::time::{sleep, timeout};

use crate::aws::cause;
use crate::probe::{ProbeError, Prober};

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
    /// It is removed, or its creation is rolled back.
    Delete,
}

/// One request.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// What is wanted.
    pub request_type: RequestType,
    /// Where the answer goes; whoever knows it may answer.
    #[serde(rename = "ResponseURL")]
    response_url: String,
    /// ARN of the stack.
    pub stack_id: String,
    /// The same when a request is repeated.
    pub request_id: String,
    /// `AWS::CloudFormation::CustomResource`, or a `Custom::` name.
    pub resource_type: String,
    /// Id of the resource in its template.
    pub logical_resource_id: String,
    /// As an earlier answer named it; a creation has none.
    #[serde(default)]
    pub physical_resource_id: Option<String>,
    /// As the template has them, where CloudFormation has made a text of every number and boolean.
    #[serde(default)]
    pub resource_properties: Map<String, Value>,
    /// The properties before an update.
    #[serde(default)]
    pub old_resource_properties: Map<String, Value>,
}

/// Leaves the URL out.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("request_type", &self.request_type)
            .field("stack_id", &self.stack_id)
            .field("logical_resource_id", &self.logical_resource_id)
            .field("physical_resource_id", &self.physical_resource_id)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// The request in an event; `None` when the event is something else.
    pub fn of(event: &Value) -> Option<Self> {
        event.get("ResponseURL").and_then(|_| Self::deserialize(event).ok())
    }

    /// A property that is text.
    pub fn text(&self, property: &str) -> Option<&str> {
        self.resource_properties.get(property).and_then(Value::as_str)
    }

    /// A property before an update, if it is text.
    pub fn old_text(&self, property: &str) -> Option<&str> {
        self.old_resource_properties.get(property).and_then(Value::as_str)
    }

    /// The name that the resource keeps for its life, so that no update replaces it: the one it has,
    /// else its id in the template.
    pub fn physical_id(&self) -> &str {
        self.physical_resource_id.as_deref().unwrap_or(&self.logical_resource_id)
    }

    /// What CloudFormation is told: attributes, or a reason, which it shows when it rolls the stack back.
    fn answer(&self, done: &Result<Map<String, Value>, String>) -> Value {
        let mut answer = json!({
            "Status": if done.is_ok() { "SUCCESS" } else { "FAILED" },
            "PhysicalResourceId": self.physical_id(),
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
        });
        match done {
            Ok(attributes) => answer["Data"] = Value::Object(attributes.clone()),
            Err(reason) => answer["Reason"] = json!(shortened(reason)),
        }
        answer
    }
}

fn shortened(reason: &str) -> &str {
    let end = (0..=REASON_BYTES_MAX.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at));
    &reason[..end.unwrap_or(0)]
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

/// Does `work` for a request, within `limit`, and tells CloudFormation what came of it: the attributes
/// that `Fn::GetAtt` may ask for, or a reason for people. Work that fails is logged and answered, and no
/// error here.
///
/// # Errors
/// When CloudFormation could not be told, which takes at most [`ANSWER_LIMIT`] to find out.
pub async fn serve<E: Error>(
    prober: &Prober,
    request: &Request,
    limit: Duration,
    work: impl Future<Output = Result<Map<String, Value>, E>>,
) -> Result<(), Unanswered> {
    let done = match timeout(limit, work).await {
        Ok(Ok(attributes)) => Ok(attributes),
        Ok(Err(error)) => Err(cause(&error)),
        Err(_) => Err(format!("it was not done within {} s", limit.as_secs_f64())),
    };
    let resource = request.logical_resource_id.as_str();
    match &done {
        Ok(_) => tracing::info!(?request.request_type, resource, "a request of CloudFormation is done"),
        Err(reason) => {
            tracing::error!(?request.request_type, resource, reason, "a request of CloudFormation failed");
        }
    }
    deliver(prober, request, request.answer(&done).to_string()).await
}

async fn deliver(prober: &Prober, request: &Request, answer: String) -> Result<(), Unanswered> {
    let mut attempt = 1;
    loop {
        let unanswered = match prober.put(&request.response_url, answer.clone()).await {
            Ok(taken) if taken.status < 300 => return Ok(()),
            Ok(refused) => Unanswered::Refused(refused.status),
            Err(error) => Unanswered::Undelivered(error),
        };
        if attempt == ATTEMPTS_MAX {
            return Err(unanswered);
        }
        sleep(BACKOFF_FIRST * 2_u32.pow(attempt - 1)).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests;
