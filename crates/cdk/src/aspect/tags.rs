//! The tags every taggable resource carries.

use cfn::{TagForm, TagShape};
use serde_json::{Map, Value, json};

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Adds tags to every resource whose type can carry them; a tag set by hand stays.
#[derive(Clone, Debug)]
pub struct Tags {
    /// Key and value of each tag.
    pub tags: Vec<(String, String)>,
    /// Key under which the stack's region is added.
    pub region_key: String,
}

impl Aspect for Tags {
    fn visit(&self, node: &mut Node, environment: &Environment) -> Vec<String> {
        let Some(shape) = node.taggable else { return Vec::new() };
        let region = (self.region_key.clone(), environment.region.clone());
        for (key, value) in self.tags.iter().chain([&region]) {
            set(&mut node.definition.properties, shape, key, value);
        }
        Vec::new()
    }
}

fn set(properties: &mut Map<String, Value>, shape: TagShape, key: &str, value: &str) {
    match shape.form {
        TagForm::Map => {
            let tags = properties.entry(shape.property).or_insert_with(|| json!({}));
            if let Value::Object(tags) = tags {
                tags.entry(key).or_insert_with(|| json!(value));
            }
        }
        TagForm::List => {
            let tags = properties.entry(shape.property).or_insert_with(|| json!([]));
            let Value::Array(tags) = tags else { return };
            if tags.iter().any(|tag| tag["Key"] == key) {
                return;
            }
            tags.push(json!({ "Key": key, "Value": value }));
        }
    }
}
