//! The emulator's control plane, as an operator reaches it: with any credentials, past every gateway.
//!
//! Four services in two protocols, a handful of calls: a client of each service's own would be four more
//! crates for what is a request and an answer in JSON.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use recovery::Region;
use serde_json::Value;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Why a lever could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum LeverError {
    /// The emulator refused a call, or did not answer it.
    #[error("cannot {action} in {region}: {reason}")]
    Call {
        /// What was to be done.
        action: &'static str,
        /// Where.
        region: Region,
        /// What the emulator said.
        reason: String,
    },
    /// What the lever acts on is not there.
    #[error("there is no {what} in {region}")]
    Missing {
        /// What was looked for.
        what: String,
        /// Where.
        region: Region,
    },
}

/// One call.
pub(super) struct Call {
    pub(super) action: &'static str,
    pub(super) service: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    /// `X-Amz-Target`, for services that have one path for everything.
    pub(super) target: Option<&'static str>,
    /// More headers.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: Value,
}

impl Call {
    /// Of a service that is told what to do by a header.
    pub(super) fn targeted(
        action: &'static str,
        service: &'static str,
        target: &'static str,
        body: Value,
    ) -> Self {
        let (method, path) = (Method::POST, "/".to_owned());
        Self { action, service, method, path, target: Some(target), headers: &[], body }
    }

    /// Of a service that is told what to do by method and path.
    pub(super) fn at(
        action: &'static str,
        service: &'static str,
        method: Method,
        path: String,
        body: Value,
    ) -> Self {
        Self { action, service, method, path, target: None, headers: &[], body }
    }
}

/// How it ended: an answer in JSON, or a refusal with its status and body.
pub(super) type Answer = Result<Value, (u16, String)>;

/// The control plane of every region.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: String,
}

impl ControlPlane {
    /// The one at `endpoint`, a base URL without a trailing slash.
    pub fn new(endpoint: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, endpoint: endpoint.to_owned() }
    }

    /// Makes a call that has to succeed.
    pub(super) async fn call(&self, region: &Region, call: Call) -> Result<Value, LeverError> {
        let action = call.action;
        let refused = |(status, body): (u16, String)| LeverError::Call {
            action,
            region: region.clone(),
            reason: format!("status {status}: {}", body.chars().take(300).collect::<String>()),
        };
        self.ask(region, call).await?.map_err(refused)
    }

    /// Makes a call that may be refused.
    ///
    /// # Errors
    /// When there is no answer, or none that can be read.
    pub(super) async fn ask(&self, region: &Region, call: Call) -> Result<Answer, LeverError> {
        let action = call.action;
        let failed = |reason: String| LeverError::Call { action, region: region.clone(), reason };
        let sent = timeout(LIMIT, self.send(region, call)).await;
        let (status, body) = sent
            .map_err(|_| failed(format!("no answer within {} s", LIMIT.as_secs())))?
            .map_err(|error| failed(error.to_string()))?;
        if status >= 300 {
            return Ok(Err((status, String::from_utf8_lossy(&body).into_owned())));
        }
        let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
        Ok(Ok(value.map_err(|error| failed(format!("the answer cannot be read: {error}")))?))
    }

    async fn send(
        &self,
        region: &Region,
        call: Call,
    ) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let Call { service, method, path, target, headers, body, .. } = call;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint))
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            // The emulator tells regions apart by this and checks no signature.
            .header(
                AUTHORIZATION,
                format!(
                    "AWS4-HMAC-SHA256 Credential=drill/20261120/{region}/{service}/aws4_request, \
                     SignedHeaders=host, Signature=00"
                ),
            );
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.client.request(request.body(Full::new(body))?).await?;
        let status = answer.status().as_u16();
        Ok((status, Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes()))
    }
}
