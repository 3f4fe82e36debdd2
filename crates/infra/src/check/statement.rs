//! What the policies of a template allow.

use serde_json::Value;

use super::inventory::Resource;

/// Something that a policy allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Calls, such as `sqs:SendMessage`.
    pub(super) actions: Vec<String>,
    /// ARNs as they stand in the template; what is put together there is in JSON.
    pub(super) resources: Vec<String>,
    open: bool,
}

impl Statement {
    fn of(statement: &Value) -> Option<Self> {
        let everybody = |principal: &Value| principal == "*" || principal["AWS"] == "*";
        (statement["Effect"] == "Allow").then(|| Self {
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            open: everybody(&statement["Principal"]) && statement["Condition"].is_null(),
        })
    }

    /// Whether it allows calls by a pattern.
    pub(super) fn has_wild_action(&self) -> bool {
        self.actions.is_empty() || self.actions.iter().any(|action| action.contains('*'))
    }

    /// Whether it allows calls by a pattern, or on everything.
    pub(super) fn is_wide(&self) -> bool {
        self.has_wild_action()
            || self.resources.is_empty()
            || self.resources.iter().any(|resource| resource == "*")
    }

    /// Whether it allows them to everybody, without a condition.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }
}

/// What a role or an identity policy allows.
pub(super) fn allowed(resource: &Resource<'_>) -> Vec<Statement> {
    let inline = resource.list("Policies").iter().map(|policy| &policy["PolicyDocument"]);
    inline.chain([resource.get("PolicyDocument")]).flat_map(statements).collect()
}

/// What a policy document allows.
pub(super) fn statements(document: &Value) -> Vec<Statement> {
    let found = &document["Statement"];
    let list = found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice);
    list.iter().filter_map(Statement::of).collect()
}

/// One text or several.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(text).collect(),
        one => vec![text(one)],
    }
}
