//! Policies, as they stand in templates: what a resource's policies allow beyond what they name, and which of it
//! the resource gives a reason for.
//!
//! One judge for whoever makes templates and whoever looks at them. [`unexplained`] is what it says of a resource;
//! [`statements`] are what it judges.

mod excess;
mod pattern;
mod reasons;

pub use excess::{Excess, Found};
pub use reasons::{Reasons, reason};

use serde_json::{Map, Value as Json};

/// Types whose policy is about the resource alone, which is what `*` means there.
const ITSELF: [&str; 7] = [
    "AWS::Backup::BackupVault",
    "AWS::Events::EventBusPolicy",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
];
/// The property of a role, user or group that names policies written elsewhere.
const ATTACHED: &str = "ManagedPolicyArns";

/// One thing that a policy allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Calls, such as `sqs:SendMessage`.
    pub actions: Vec<String>,
    /// ARNs, as [`text_of`] writes them.
    pub resources: Vec<String>,
    /// What it names the opposite of: `NotAction`, `NotPrincipal`, `NotResource`.
    pub except: Vec<&'static str>,
    principal: Json,
    condition: Json,
}

impl Statement {
    fn of(fields: &Map<String, Json>) -> Option<Self> {
        let get = |key: &str| fields.get(key).cloned().unwrap_or(Json::Null);
        let except = ["NotAction", "NotPrincipal", "NotResource"];
        (get("Effect") == "Allow").then(|| Self {
            actions: texts(&get("Action")),
            resources: texts(&get("Resource")),
            except: except.into_iter().filter(|key| fields.contains_key(*key)).collect(),
            principal: get("Principal"),
            condition: get("Condition"),
        })
    }
}

/// Every allowing statement below a value, and in policies that are texts.
pub fn statements(value: &Json) -> Vec<Statement> {
    match value {
        Json::Array(items) => items.iter().flat_map(statements).collect(),
        Json::Object(fields) => {
            Statement::of(fields).into_iter().chain(fields.values().flat_map(statements)).collect()
        }
        Json::String(text) if text.trim_start().starts_with('{') && text.contains("\"Effect\"") => {
            serde_json::from_str::<Json>(text).map(|policy| statements(&policy)).unwrap_or_default()
        }
        Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) => Vec::new(),
    }
}

/// What the properties of a resource allow beyond what they name, and the text gives no reason for. A reason
/// is for the actions that stand before it, all of them and no others.
pub fn unexplained(kind: &str, properties: &Map<String, Json>, reasons: Option<&str>) -> Vec<Found> {
    let reasons = Reasons::parse(reasons.unwrap_or_default());
    let of_itself = ITSELF.contains(&kind);
    let mut found: Vec<Found> = Vec::new();
    for (property, value) in properties {
        let mut add = |actions: &[String], excess: Excess| {
            let one = Found { property: property.clone(), actions: actions.to_vec(), excess };
            if !found.contains(&one) {
                found.push(one);
            }
        };
        if property == ATTACHED {
            for policy in attached(value).filter(|policy| !reasons.are_given_for([policy])) {
                add(&[], Excess::Attached(policy.clone()));
            }
        }
        for statement in statements(value).iter().filter(|one| !reasons.are_given_for(&one.actions)) {
            statement.excess(of_itself).into_iter().for_each(|excess| add(&statement.actions, excess));
        }
    }
    found
}

/// Policies that are attached by their ARN: nobody sees here what they allow. One of the same template is
/// judged where it stands.
fn attached(value: &Json) -> impl Iterator<Item = String> {
    texts(value).into_iter().filter(|text| !text.starts_with("${"))
}

/// One text or several, each as [`text_of`] writes it.
fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::Null => Vec::new(),
        Json::Array(items) => items.iter().map(text_of).collect(),
        one => vec![text_of(one)],
    }
}

/// A value as one text, in which what is known at deployment only is `${Id}` or `${Id.Attribute}`, as in `Fn::Sub`;
/// JSON where it is put together in another way.
pub fn text_of(value: &Json) -> String {
    let joined = |parts: &Json| -> Option<String> {
        let (separator, parts) = (parts[0].as_str()?, parts[1].as_array()?);
        Some(parts.iter().map(text_of).collect::<Vec<_>>().join(separator))
    };
    let sub = &value["Fn::Sub"];
    let attribute = &value["Fn::GetAtt"];
    if let Some(text) = value.as_str().or_else(|| sub.as_str()).or_else(|| sub[0].as_str()) {
        text.to_owned()
    } else if let Some(id) = value["Ref"].as_str() {
        format!("${{{id}}}")
    } else if let (Some(id), Some(name)) = (attribute[0].as_str(), attribute[1].as_str()) {
        format!("${{{id}.{name}}}")
    } else if let Some(id) = attribute.as_str() {
        format!("${{{id}}}")
    } else {
        joined(&value["Fn::Join"]).unwrap_or_else(|| value.to_string())
    }
}
