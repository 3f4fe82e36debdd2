//! What a statement allows beyond what it names.

use std::fmt;

use serde_json::Value as Json;

use super::Statement;
use super::pattern::{is_pattern, is_wide};

/// Something that is allowed beyond what is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excess {
    /// Calls by a pattern.
    Action(String),
    /// Everything, or whatever fits a pattern.
    Resource(String),
    /// Everything but what is named, by one of the keys that begin with `Not`.
    Except(&'static str),
    /// Whoever comes, or comes from any account.
    Everybody,
    /// Whatever a policy that stands elsewhere allows.
    Attached(String),
}

/// An excess, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The property with the policy.
    pub property: String,
    /// What the statement is about; nothing for a policy that is attached.
    pub actions: Vec<String>,
    /// What it is.
    pub excess: Excess,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(action) => write!(f, "the action `{action}`"),
            Self::Resource(resource) => write!(f, "the resource `{resource}`"),
            Self::Except(key) => write!(f, "whatever is no {}", key.trim_start_matches("Not").to_lowercase()),
            Self::Everybody => write!(f, "everybody"),
            Self::Attached(policy) => write!(f, "all that `{policy}` does"),
        }
    }
}

impl Statement {
    /// What it allows beyond what it names. `of_itself`: it is of a resource's own policy, where `*` is that resource.
    pub fn excess(&self, of_itself: bool) -> Vec<Excess> {
        let actions = self.actions.iter().filter(|action| is_pattern(action)).cloned().map(Excess::Action);
        let wide = self.resources.iter().filter(|one| is_wide(one) && !(of_itself && *one == "*"));
        let wide = wide.cloned().map(Excess::Resource);
        let except = self.except.iter().copied().map(Excess::Except);
        let open = self.is_open().then_some(Excess::Everybody);
        actions.chain(wide).chain(except).chain(open).collect()
    }

    /// Whether a principal is a pattern, and no condition says whose call it has to be.
    fn is_open(&self) -> bool {
        principals(&self.principal).iter().any(|one| is_pattern(one)) && !narrows(&self.condition)
    }
}

/// Every principal of a statement, of whatever kind.
fn principals(principal: &Json) -> Vec<String> {
    match principal {
        Json::String(text) => vec![text.clone()],
        Json::Object(kinds) => kinds.values().flat_map(super::texts).collect(),
        _ => Vec::new(),
    }
}

/// Keys of a request that say whose it is.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
const WHOSE: [&str; 11] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "kms:calleraccount",
];
/// Operators that hold only where the key is there and is what is asked for.
const ASK: [&str; 5] = ["ArnEquals", "ArnLike", "StringEquals", "StringEqualsIgnoreCase", "StringLike"];

/// Whether a condition says whose call it has to be.
fn narrows(condition: &Json) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    let mut asked = operators
        .filter(|(operator, _)| ASK.contains(&operator.trim_start_matches("ForAnyValue:")))
        .flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    asked.any(|(key, values)| {
        let values = super::texts(values);
        let anybodys =
            |value: &String| value.rsplit(':').next().is_some_and(|end| end.trim_matches('*').is_empty());
        WHOSE.contains(&&*key.to_lowercase()) && !values.is_empty() && !values.iter().any(anybodys)
    })
}
