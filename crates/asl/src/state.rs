//! The states. A field that is absent is left out of the JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path::present;
use crate::{Branch, Catch, Path, Retry, Rule};

/// One state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "Type")]
pub enum State {
    /// Calls something.
    Task(Task),
    /// Goes one way or another.
    Choice(Choice),
    /// Lets time pass.
    Wait(Wait),
    /// Rearranges its input.
    Pass(Pass),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Ends well.
    Succeed(Succeed),
    /// Ends badly.
    Fail(Fail),
}

/// Calls something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Task {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// ARN of what is called.
    pub resource: String,
    /// What part of the input it sees; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input_path: Option<Path>,
    /// What it is given instead of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Seconds one attempt may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Seconds between two signs of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<u64>,
    /// What is kept of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_selector: Option<Value>,
    /// Where the result goes; absent: it replaces the input.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result_path: Option<Path>,
    /// What part is passed on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output_path: Option<Path>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retry>,
    /// Where it goes on after an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// The state that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the machine or branch ends here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// Goes one way or another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Choice {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What part of the input it sees; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input_path: Option<Path>,
    /// What part is passed on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output_path: Option<Path>,
    /// Tried in order.
    pub choices: Vec<Rule>,
    /// Where to go when no rule holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// Lets time pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Wait {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// JSONPath of how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_path: Option<String>,
    /// What part of the input it sees; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input_path: Option<Path>,
    /// What part is passed on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output_path: Option<Path>,
    /// The state that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the machine or branch ends here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// Rearranges its input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Pass {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What part of the input it sees; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input_path: Option<Path>,
    /// What it is given instead of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// A fixed result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Where the result goes; absent: it replaces the input.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result_path: Option<Path>,
    /// What part is passed on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output_path: Option<Path>,
    /// The state that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the machine or branch ends here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// Runs branches side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Parallel {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What part of the input it sees; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input_path: Option<Path>,
    /// What it is given instead of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Side by side; the results are a list in their order.
    pub branches: Vec<Branch>,
    /// What is kept of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_selector: Option<Value>,
    /// Where the result goes; absent: it replaces the input.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub result_path: Option<Path>,
    /// What part is passed on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output_path: Option<Path>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retry>,
    /// Where it goes on after an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// The state that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the machine or branch ends here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// Ends well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Succeed {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What part of the input it sees; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input_path: Option<Path>,
    /// What part is passed on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output_path: Option<Path>,
}

/// Ends badly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Fail {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Name of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// JSONPath of the name of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_path: Option<String>,
    /// JSONPath of what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_path: Option<String>,
}

impl From<Task> for State {
    fn from(state: Task) -> Self {
        Self::Task(state)
    }
}

impl From<Choice> for State {
    fn from(state: Choice) -> Self {
        Self::Choice(state)
    }
}

impl From<Wait> for State {
    fn from(state: Wait) -> Self {
        Self::Wait(state)
    }
}

impl From<Pass> for State {
    fn from(state: Pass) -> Self {
        Self::Pass(state)
    }
}

impl From<Parallel> for State {
    fn from(state: Parallel) -> Self {
        Self::Parallel(state)
    }
}

impl From<Succeed> for State {
    fn from(state: Succeed) -> Self {
        Self::Succeed(state)
    }
}

impl From<Fail> for State {
    fn from(state: Fail) -> Self {
        Self::Fail(state)
    }
}
