//! Every physical name ends with the environment suffix.

use serde_json::Value;

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Refuses a physical name that does not end with the suffix or have it as a path component.
#[derive(Clone, Debug)]
pub struct NameSuffix {
    /// The suffix, without its hyphen.
    pub suffix: String,
    /// Which property of which type is its physical name.
    pub names: Vec<(&'static str, &'static str)>,
}

impl NameSuffix {
    fn holds(&self, name: &str) -> bool {
        name.strip_suffix(&self.suffix).is_some_and(|rest| rest.ends_with('-'))
            || name.split('/').any(|component| component == self.suffix)
    }
}

impl Aspect for NameSuffix {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        self.names
            .iter()
            .filter(|(kind, _)| *kind == node.definition.type_name)
            .filter_map(|(_, property)| match node.definition.properties.get(*property) {
                Some(Value::String(name)) if self.holds(name) => None,
                Some(Value::String(name)) => {
                    Some(format!("{property} `{name}` does not end with `-{}`", self.suffix))
                }
                Some(_) => None,
                None => Some(format!("has no {property}, so its name would not end with `-{}`", self.suffix)),
            })
            .collect()
    }
}
