//! What a state does when it fails.

use serde::{Deserialize, Serialize};

use crate::Path;
use crate::path::present;

/// Matches every error name but a runtime error that nothing can catch.
pub const ALL_ERRORS: &str = "States.ALL";
/// Matches any error of a task but its timeout.
pub const TASK_FAILED: &str = "States.TaskFailed";
/// A task ran for longer than `TimeoutSeconds`.
pub const TIMEOUT: &str = "States.Timeout";

/// Tries a state again after one of these errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Retry {
    /// Names of errors.
    pub error_equals: Vec<String>,
    /// Seconds before the first retry; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
    /// Retries, not counting the first attempt; absent: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// By what the interval grows with each retry; absent: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_rate: Option<f64>,
    /// Seconds between two attempts at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay_seconds: Option<u64>,
    /// Whether the interval is randomised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_strategy: Option<Jitter>,
}

/// Whether the interval between attempts is randomised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Jitter {
    /// Between nothing and the interval.
    Full,
    /// Exactly the interval.
    None,
}

/// Goes to another state after one of these errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Catch {
    /// Names of errors.
    pub error_equals: Vec<String>,
    /// Where the error goes; absent: it replaces the input.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result_path: Option<Path>,
    /// The state to go to.
    pub next: String,
}

impl Retry {
    /// Retries these errors with Step Functions' defaults.
    pub fn on(errors: &[&str]) -> Self {
        Self {
            error_equals: errors.iter().map(|error| (*error).to_owned()).collect(),
            interval_seconds: None,
            max_attempts: None,
            backoff_rate: None,
            max_delay_seconds: None,
            jitter_strategy: None,
        }
    }

    /// Retries so often.
    #[must_use]
    pub fn times(mut self, max_attempts: u32) -> Self {
        self.max_attempts = Some(max_attempts);
        self
    }

    /// Waits `interval_s`, growing by `rate` up to `max_delay_s`, with full jitter.
    #[must_use]
    pub fn backoff(mut self, interval_s: u64, rate: f64, max_delay_s: u64) -> Self {
        self.interval_seconds = Some(interval_s);
        self.backoff_rate = Some(rate);
        self.max_delay_seconds = Some(max_delay_s);
        self.jitter_strategy = Some(Jitter::Full);
        self
    }

    /// Waits the same `interval_s` each time, with no jitter.
    #[must_use]
    pub fn every(mut self, interval_s: u64) -> Self {
        self.interval_seconds = Some(interval_s);
        self.backoff_rate = Some(1.0);
        self
    }
}

impl Catch {
    /// Goes to `next` after any error and keeps the input, with the error at `result_path`.
    pub fn all(next: &str, result_path: &str) -> Self {
        Self::on(&[ALL_ERRORS], next, result_path)
    }

    /// Goes to `next` after one of these errors and keeps the input, with the error at `result_path`.
    pub fn on(errors: &[&str], next: &str, result_path: &str) -> Self {
        Self {
            error_equals: errors.iter().map(|error| (*error).to_owned()).collect(),
            result_path: Some(Path::at(result_path)),
            next: next.to_owned(),
        }
    }
}
