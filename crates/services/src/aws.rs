//! How every AWS call is made: one TLS stack, bounded time, retries with backoff and jitter, and a look at the
//! time in each answer.

use std::error::Error;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::{Builder, tls};

use crate::clock;

/// Until a connection stands.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One attempt at a call.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// A call with all its attempts.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Attempts at one call, the first included.
const ATTEMPTS_MAX: u32 = 4;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);
/// A connection that idles longer is not used again: what lies between may have forgotten it.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// The configuration all clients of a service share. Region, credentials and `AWS_ENDPOINT_URL` come
/// from the standard chain, which for a function is its environment.
pub async fn config() -> SdkConfig {
    loader().load().await
}

/// The same before anything is read, so that a test can say where the calls go.
///
/// Retries are the SDK's standard mode: exponential backoff with full jitter and a token bucket.
/// `ReplicatedWriteConflictException` is retried because DynamoDB's model marks it so.
pub fn loader() -> ConfigLoader {
    let http = Builder::new()
        .pool_idle_timeout(IDLE_MAX)
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(BACKOFF_FIRST)
        .with_max_backoff(BACKOFF_MAX);
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(clock::Comparing(http))
        .timeout_config(timeouts)
        .retry_config(retries)
}

/// An AWS call that failed for good: refused, or without an answer after its retries.
#[derive(Debug, thiserror::Error)]
#[error("{call} failed: {reason}")]
pub struct CallFailed {
    /// The operation, such as `dynamodb:PutItem`.
    pub call: &'static str,
    /// The service's error code, or the kind of failure when the service did not answer.
    pub reason: String,
    /// Whether the service said no; otherwise what it says is not known.
    pub refused: bool,
    /// The SDK's own error.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl CallFailed {
    /// Names the call that `error` comes from.
    pub fn new<E, R>(call: &'static str, error: SdkError<E, R>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let reason = match &error {
            SdkError::TimeoutError(_) => "no answer in time".to_owned(),
            SdkError::DispatchFailure(_) => "no connection".to_owned(),
            SdkError::ResponseError(_) => "answer not understood".to_owned(),
            SdkError::ConstructionFailure(_) => "request not sendable".to_owned(),
            other => other.code().unwrap_or("unknown error").to_owned(),
        };
        Self { call, reason, refused: matches!(error, SdkError::ServiceError(_)), source: error.into() }
    }

    /// An answer that is no error and yet makes no sense, such as an item without a key.
    pub fn unreadable(call: &'static str, what: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { call, reason: "answer not understood".to_owned(), refused: false, source: what.into() }
    }
}

/// `error` and everything that caused it, in one line for logs.
pub fn cause(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}
