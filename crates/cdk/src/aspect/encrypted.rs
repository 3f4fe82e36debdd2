//! What holds data is encrypted, as a table says for each type.

use serde_json::{Map, Value};

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Refuses a resource that lacks what its type needs to be encrypted.
#[derive(Clone, Debug)]
pub struct Encrypted {
    /// The table. A type with several rows must satisfy each of them.
    pub rules: Vec<Encryption>,
}

/// One row: a type, and what encrypts it.
#[derive(Clone, Copy, Debug)]
pub struct Encryption {
    /// The type, such as `AWS::SQS::Queue`.
    pub kind: &'static str,
    /// Any one of these is enough.
    pub any_of: &'static [Setting],
}

/// A property, and what it must be.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name; a dot goes into an object, or into every item of a list.
    pub property: &'static str,
    /// What it must be.
    pub must: Must,
}

/// What a property must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Anything, such as the ARN of a key.
    BeGiven,
    /// This.
    Be(bool),
}

impl Encryption {
    /// A row of the table.
    pub const fn new(kind: &'static str, any_of: &'static [Setting]) -> Self {
        Self { kind, any_of }
    }
}

impl Setting {
    /// The property must be there.
    pub const fn given(property: &'static str) -> Self {
        Self { property, must: Must::BeGiven }
    }

    /// The property must be `true`.
    pub const fn on(property: &'static str) -> Self {
        Self { property, must: Must::Be(true) }
    }

    fn holds(self, properties: &Map<String, Value>) -> bool {
        let (first, rest) = self.property.split_once('.').unwrap_or((self.property, ""));
        properties.get(first).is_some_and(|value| self.holds_below(value, rest))
    }

    fn holds_below(self, value: &Value, path: &str) -> bool {
        match (value, path) {
            (Value::Array(items), _) => {
                !items.is_empty() && items.iter().all(|item| self.holds_below(item, path))
            }
            (value, "") => match self.must {
                Must::BeGiven => !value.is_null(),
                Must::Be(wanted) => *value == wanted,
            },
            (Value::Object(fields), path) => {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                fields.get(first).is_some_and(|value| self.holds_below(value, rest))
            }
            _ => false,
        }
    }

    fn missing(self) -> String {
        match self.must {
            Must::BeGiven => format!("{} is not given", self.property),
            Must::Be(wanted) => format!("{} is not {wanted}", self.property),
        }
    }
}

impl Aspect for Encrypted {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        let definition = &node.definition;
        self.rules
            .iter()
            .filter(|rule| rule.kind == definition.type_name)
            .filter(|rule| !rule.any_of.iter().any(|setting| setting.holds(&definition.properties)))
            .map(|rule| {
                let missing: Vec<String> = rule.any_of.iter().map(|setting| setting.missing()).collect();
                format!("is not encrypted as it must be: {}", missing.join(", and "))
            })
            .collect()
    }
}
