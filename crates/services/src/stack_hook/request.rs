//! What CloudFormation asks for, checked before anything is done.
//!
//! Source: "Custom resource request types" in the CloudFormation user guide. CloudFormation
//! sends numbers and flags of the template as texts.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::HookError;
use crate::custom_resource::{NEVER_CREATED, RequestType};

/// Longest text that is taken, in bytes: an ARN's.
const TEXT_BYTES_MAX: usize = 2048;

/// A text that is not empty, not longer than an ARN and free of control characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Text(String);

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let usable = !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control);
        if usable {
            Ok(Self(text))
        } else {
            Err(format!("a text of 1 to {TEXT_BYTES_MAX} bytes was expected"))
        }
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be done; the property `Action` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "Action", rename_all_fields = "PascalCase", deny_unknown_fields)]
pub enum Action {
    /// On removal: every version, delete marker and unfinished upload of a bucket.
    EmptyBucket {
        /// Name of the bucket.
        bucket: Text,
    },
    /// Copies a bucket into another one; on removal: ends that.
    ReplicateBucket(Replication),
    /// On removal of the writer: everybody else leaves the global cluster first.
    ReleaseGlobalCluster {
        /// Identifier of the global cluster.
        global_cluster: Text,
        /// ARN of the stack's own cluster.
        cluster: Text,
        /// Name of the switch of the region.
        switch: Text,
    },
    /// On removal: the records of a hosted zone that certificates left there.
    EmptyZone {
        /// Id of the zone.
        zone: Text,
    },
    /// Refuses to be changed by another deployment, which would otherwise take over what is here.
    ClaimRegion {
        /// Name of the deployment.
        deployment: Text,
    },
    /// On removal: every backup of a vault.
    EmptyVault {
        /// Name of the vault.
        vault: Text,
    },
}

/// From which bucket to which, under which role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Replication {
    /// Name of the bucket that is copied.
    pub bucket: Text,
    /// ARN of the bucket that it is copied to.
    pub destination: Text,
    /// ARN of the role that S3 copies under.
    pub role: Text,
    /// ARN of the key, or of its alias, that the copies are encrypted with.
    pub replica_key: Text,
}

/// An event that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What happens to the resource.
    pub request_type: RequestType,
    /// The stack.
    pub stack_id: Text,
    /// What is to be done.
    pub action: Action,
    /// Whom the region belonged to before the update, by the name of its deployment.
    pub claimed_by: Option<String>,
}

impl Request {
    /// `None` for the removal of what never was.
    ///
    /// # Errors
    /// When a member is missing or unusable, by its name, and for an unknown action.
    pub fn read(event: &Value) -> Result<Option<Self>, HookError> {
        let invalid = |error: serde_json::Error| HookError::Invalid(error.to_string());
        let member = |name: &str| event.get(name).cloned().unwrap_or(Value::Null);
        let request_type = RequestType::deserialize(member("RequestType"))
            .map_err(|error| HookError::Invalid(format!("RequestType: {error}")))?;
        if request_type == RequestType::Delete && event["PhysicalResourceId"] == NEVER_CREATED {
            return Ok(None);
        }
        let stack_id = Text::deserialize(member("StackId"))
            .map_err(|error| HookError::Invalid(format!("StackId: {error}")))?;
        let mut properties = member("ResourceProperties");
        if let Some(properties) = properties.as_object_mut() {
            // For CloudFormation itself.
            properties.remove("ServiceToken");
            properties.remove("ServiceTimeout");
        }
        let action = Action::deserialize(properties).map_err(invalid)?;
        let claimed_by = event["OldResourceProperties"]["Deployment"].as_str().map(str::to_owned);
        Ok(Some(Self { request_type, stack_id, action, claimed_by }))
    }

    /// Stable for as long as the action's object is the same: with another one CloudFormation
    /// removes the old resource after it made the new one.
    pub fn physical_id(&self) -> String {
        match &self.action {
            // The same for every deployment: another id would make a second claim beside the first.
            Action::ClaimRegion { .. } => "claim-region".to_owned(),
            Action::EmptyBucket { bucket } => format!("empty-bucket:{bucket}"),
            Action::ReplicateBucket(replication) => format!("replicate-bucket:{}", replication.bucket),
            Action::ReleaseGlobalCluster { cluster, .. } => format!("release-global-cluster:{cluster}"),
            Action::EmptyZone { zone } => format!("empty-zone:{zone}"),
            Action::EmptyVault { vault } => format!("empty-vault:{vault}"),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: only complete and known requests are carried out, and the error says what is wrong.
    //! Method: one good event, and ways to break it.

    use super::*;
    use serde_json::json;

    fn event(properties: Value) -> Value {
        json!({
            "RequestType": "Create", "RequestId": "r", "StackId": "s", "ResponseURL": "http://localhost/",
            "ResourceType": "AWS::CloudFormation::CustomResource", "LogicalResourceId": "Empty",
            "ResourceProperties": properties,
        })
    }

    #[test]
    fn known_requests_are_read_and_keep_their_id() {
        let given = json!({
            "ServiceToken": "arn", "ServiceTimeout": "930", "Action": "EmptyBucket", "Bucket": "b",
        });
        let request = Request::read(&event(given)).expect("a known action").expect("it is created");
        assert_eq!(request.action, Action::EmptyBucket { bucket: Text("b".to_owned()) });
        assert_eq!(request.physical_id(), "empty-bucket:b");
        let given = json!({
            "Action": "ReplicateBucket", "Bucket": "a", "Destination": "arn:b", "Role": "arn:r", "ReplicaKey": "k",
        });
        let request = Request::read(&event(given)).expect("a known action").expect("it is created");
        assert_eq!(request.physical_id(), "replicate-bucket:a");
    }

    #[test]
    fn a_claim_knows_who_had_the_region_before() {
        let mut update = event(json!({ "Action": "ClaimRegion", "Deployment": "trading" }));
        let read = |event: &Value| Request::read(event).expect("a known action").expect("it is carried out");
        assert_eq!(
            (read(&update).claimed_by, read(&update).physical_id()),
            (None, "claim-region".to_owned())
        );
        update["OldResourceProperties"] = json!({ "Deployment": "finance-east" });
        assert_eq!(read(&update).claimed_by.as_deref(), Some("finance-east"));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for (given, says) in [
            (json!(null), "Action"),
            (json!({}), "Action"),
            (json!({ "Action": "FormatDisk" }), "unknown variant `FormatDisk`"),
            (json!({ "Action": "EmptyBucket" }), "Bucket"),
            (json!({ "Action": "EmptyBucket", "Bucket": "" }), "1 to 2048 bytes"),
            (json!({ "Action": "EmptyBucket", "Bucket": "x".repeat(2049) }), "1 to 2048 bytes"),
            (json!({ "Action": "EmptyBucket", "Bucket": ["b"] }), "string"),
            (json!({ "Action": "EmptyBucket", "Bucket": "b", "Force": "true" }), "unknown field `Force`"),
        ] {
            let error = Request::read(&event(given.clone())).expect_err("no request");
            assert!(error.to_string().contains(says), "{given}: {error}");
        }
        let mut reboot = event(json!({ "Action": "EmptyZone", "Zone": "z" }));
        reboot["RequestType"] = json!("Reboot");
        assert!(Request::read(&reboot).is_err());
    }

    #[test]
    fn the_removal_of_what_never_was_needs_no_properties() {
        let mut removal = event(json!({ "Action": "FormatDisk" }));
        removal["RequestType"] = json!("Delete");
        assert!(Request::read(&removal).is_err(), "it may have been created by an earlier version");
        removal["PhysicalResourceId"] = json!(NEVER_CREATED);
        assert_eq!(Request::read(&removal).expect("nothing to remove"), None);
    }
}
