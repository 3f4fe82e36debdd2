//! No policy allows more than it names, unless it says why.

use cfn::Json;
use serde_json::Map;

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Types whose own policy can name nothing but `*` as its resource, which there is the resource itself.
const ITSELF: [&str; 2] = ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"];

/// Refuses an allowing statement with a wildcard in an action, with the resource `*`, or with
/// everything *but* something, in any property of any type; also where a property holds its policy as
/// text.
#[derive(Clone, Debug)]
pub struct LeastPrivilege {
    /// Key of the metadata in which a resource gives its reasons; with it, nothing of it is refused.
    pub reason_key: String,
}

impl Aspect for LeastPrivilege {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        let definition = &node.definition;
        let reason = definition.metadata.get(&self.reason_key).and_then(Json::as_str);
        if reason.is_some_and(|reason| !reason.trim().is_empty()) {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        let of_itself = ITSELF.contains(&definition.type_name.as_str());
        for (property, value) in &definition.properties {
            let mut refuse = |what: String| {
                let reason = format!("{property} allows {what} and gives no `{}`", self.reason_key);
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            };
            statements(value, &mut |statement| excess(statement, of_itself, &mut refuse));
        }
        reasons
    }
}

/// Visits every allowing statement below a value, and in policies that are texts.
fn statements(value: &Json, visit: &mut dyn FnMut(&Map<String, Json>)) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| statements(item, visit)),
        Json::Object(fields) => {
            if fields.get("Effect").is_some_and(|effect| effect == "Allow") {
                visit(fields);
            }
            fields.values().for_each(|field| statements(field, visit));
        }
        Json::String(text) if text.trim_start().starts_with('{') && text.contains("\"Effect\"") => {
            if let Ok(policy) = serde_json::from_str::<Json>(text) {
                statements(&policy, visit);
            }
        }
        Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// What a statement allows beyond what it names.
fn excess(statement: &Map<String, Json>, of_itself: bool, refuse: &mut impl FnMut(String)) {
    for action in texts(statement.get("Action")).filter(|action| action.contains(['*', '?'])) {
        refuse(format!("the action `{action}`"));
    }
    for resource in texts(statement.get("Resource")).filter(|resource| !of_itself && everything(resource)) {
        refuse(format!("the resource `{resource}`"));
    }
    for but in ["NotAction", "NotResource"].into_iter().filter(|but| statement.contains_key(*but)) {
        refuse(format!("whatever is no {}", but.trim_start_matches("Not").to_lowercase()));
    }
}

/// One text, or each of several; what is known at deployment only is none.
fn texts(value: Option<&Json>) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Some(Json::Array(items)) => (None, items.as_slice()),
        other => (other, [].as_slice()),
    };
    one.into_iter().chain(many).filter_map(Json::as_str)
}

/// `*`, or an ARN whose part for the resource is `*`.
fn everything(resource: &str) -> bool {
    resource == "*" || resource.splitn(6, ':').nth(5) == Some("*")
}
