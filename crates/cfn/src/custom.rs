//! The one resource type whose properties its author decides.

use serde::Serialize;

use crate::{Json, Map, Resource, TagShape, Value};

/// A resource that a function of ours makes, changes and removes.
///
/// Source: "Custom resources" in the CloudFormation template reference.
#[derive(Clone, Debug, Serialize)]
pub struct CustomResource {
    /// ARN of the function, which must be in the region of the stack.
    #[serde(rename = "ServiceToken")]
    pub service_token: Value<String>,
    /// Seconds that CloudFormation waits for the function's answer; an hour when it is not said.
    #[serde(rename = "ServiceTimeout", skip_serializing_if = "Option::is_none")]
    pub service_timeout: Option<Value<i64>>,
    /// What the function is told.
    #[serde(flatten)]
    pub told: Map<Json>,
}

impl CustomResource {
    /// A resource of the function with this ARN, which is told nothing yet.
    pub fn new(service_token: impl Into<Value<String>>) -> Self {
        Self { service_token: service_token.into(), service_timeout: None, told: Map::new() }
    }

    /// Seconds that CloudFormation waits for an answer: 1 to 3600.
    #[must_use]
    pub fn service_timeout(mut self, seconds: i64) -> Self {
        self.service_timeout = Some(seconds.into());
        self
    }

    /// Tells the function one more thing.
    #[must_use]
    pub fn tell(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.told.insert(name.into(), value.into());
        self
    }
}

impl Resource for CustomResource {
    const TYPE: &'static str = "AWS::CloudFormation::CustomResource";
    const TAGGABLE: Option<TagShape> = None;
    const STATEFUL: bool = false;
}
