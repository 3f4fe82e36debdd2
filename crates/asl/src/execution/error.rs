//! Errors of states, and which retriers and catchers they match.

use serde_json::{Map, Value};

use crate::reference::Reference;
use crate::retry::{ALL_ERRORS, TASK_FAILED, TIMEOUT};

pub(super) const BRANCH_FAILED: &str = "States.BranchFailed";
pub(super) const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
pub(super) const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
pub(super) const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
pub(super) const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
pub(super) const RUNTIME: &str = "States.Runtime";
pub(super) const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";

/// What a failed state hands to its catcher, and a failed execution to whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorOutput {
    /// Name of the error.
    pub error: String,
    /// What happened, in words or as JSON.
    pub cause: Option<String>,
}

impl ErrorOutput {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: error.to_owned(), cause: Some(cause.into()) }
    }

    pub(super) fn timeout(error: &str) -> Self {
        Self { error: error.to_owned(), cause: None }
    }

    pub(super) fn missing(error: &str, field: &str, path: &Reference) -> Self {
        Self::new(error, format!("{field}: the input has nothing at `{}`", path.text()))
    }

    /// As a catcher puts it into the input.
    pub fn to_value(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("Error".to_owned(), Value::from(self.error.as_str()));
        fields.extend(self.cause.as_deref().map(|cause| ("Cause".to_owned(), Value::from(cause))));
        Value::Object(fields)
    }

    /// Whether nothing may retry or catch it.
    /// Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows".
    pub(super) fn is_final(&self) -> bool {
        self.error == RUNTIME || self.error == DATA_LIMIT_EXCEEDED
    }

    /// Whether one of these names means it; `of_branch` when it comes from a branch of the state that asks.
    /// Source: the same, "Error names".
    pub(super) fn is_one_of(&self, names: &[String], of_branch: bool) -> bool {
        let timeout = self.error == TIMEOUT || self.error == HEARTBEAT_TIMEOUT;
        names.iter().any(|name| match name.as_str() {
            ALL_ERRORS => true,
            TASK_FAILED => self.error != TIMEOUT,
            TIMEOUT => timeout,
            BRANCH_FAILED => of_branch || self.error == BRANCH_FAILED,
            name => name == self.error,
        })
    }
}
