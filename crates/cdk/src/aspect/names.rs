//! Every physical name ends with the environment suffix.

use serde_json::Value;

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Key of the tag that is the name of a resource without another.
const NAME_TAG: &str = "Name";

/// Refuses a physical name of which no path component is the suffix or ends with it.
#[derive(Clone, Debug)]
pub struct NameSuffix {
    /// The suffix, without its hyphen.
    pub suffix: String,
    /// Which property of which type is its physical name.
    pub names: Vec<(&'static str, &'static str)>,
    /// Types whose only name is their tag `Name`.
    pub named_by_tag: Vec<&'static str>,
}

impl NameSuffix {
    fn holds(&self, name: &str) -> bool {
        let ends = |name: &str| name.strip_suffix(&self.suffix).is_some_and(|rest| rest.ends_with('-'));
        name.split('/').any(|component| component == self.suffix || ends(component))
    }

    /// Why this value is no name, if it is none.
    fn problem(&self, what: &str, value: Option<&Value>) -> Option<String> {
        match value {
            Some(Value::String(name)) if self.holds(name) => None,
            Some(Value::String(name)) => {
                Some(format!("{what} `{name}` does not end with `-{}`", self.suffix))
            }
            Some(_) => None,
            None => Some(format!("has no {what}, so its name would not end with `-{}`", self.suffix)),
        }
    }
}

impl Aspect for NameSuffix {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        let (kind, properties) = (node.definition.type_name.as_str(), &node.definition.properties);
        let by_property = self
            .names
            .iter()
            .filter(|(named, _)| *named == kind)
            .filter_map(|(_, property)| self.problem(property, properties.get(*property)));
        let by_tag = self.named_by_tag.iter().filter(|named| **named == kind).filter_map(|_| {
            let tags = node.taggable.and_then(|shape| properties.get(shape.property));
            let tag = tags.and_then(Value::as_array).into_iter().flatten().find(|tag| tag["Key"] == NAME_TAG);
            self.problem("tag Name", tag.and_then(|tag| tag.get("Value")))
        });
        by_property.chain(by_tag).collect()
    }
}
