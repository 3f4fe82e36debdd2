//! One resource in the tree, and the handle through which others refer to it.

use cfn::{Intrinsic, Json, Resource, ResourceDefinition, TagShape};

use crate::token::token;

/// One resource in the tree, as aspects see it.
#[derive(Clone, Debug)]
pub struct Node {
    /// Construct path, the stack's name first.
    pub path: String,
    /// Logical id in the template.
    pub logical_id: String,
    /// How this type carries tags, if it does.
    pub taggable: Option<TagShape>,
    /// Whether losing the resource loses data.
    pub stateful: bool,
    /// What goes into the template; references are still tokens.
    pub definition: ResourceDefinition,
}

impl Node {
    pub(crate) fn new<R: Resource>(path: String, logical_id: String, resource: &R) -> Self {
        let mut definition = ResourceDefinition::of(resource);
        definition.properties.values_mut().for_each(whole_numbers);
        Self { path, logical_id, taggable: R::TAGGABLE, stateful: R::STATEFUL, definition }
    }

    /// Creates this resource after `other`, where no reference says so already.
    pub fn depend_on(&mut self, other: &Handle) -> &mut Self {
        self.definition.depends_on.insert(other.token());
        self
    }

    /// Writes down in the template why something is as it is.
    pub fn because(&mut self, subject: &str, reason: &str) -> &mut Self {
        self.definition.metadata.insert(subject.to_owned(), Json::from(reason));
        self
    }
}

/// Writes `60.0` as `60`: some integer properties are specified as numbers, and
/// services refuse the fraction.
fn whole_numbers(value: &mut Json) {
    match value {
        Json::Number(number) => {
            let whole = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0);
            if let Some(whole) = whole.filter(|whole| whole.abs() < 1e15) {
                // Below 1e15 every whole float is an integer exactly.
                *value = Json::from(whole as i64);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(whole_numbers),
        Json::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

/// Refers to a resource, from its own stack or from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    path: String,
}

impl Handle {
    pub(crate) fn new(path: String) -> Self {
        Self { path }
    }

    /// Construct path, the stack's name first.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What `Ref` gives: mostly the physical name.
    pub fn reference(&self) -> Intrinsic {
        cfn::reference(self.token())
    }

    /// What `Fn::GetAtt` gives, such as `Arn`. Another stack can only read one that is a text.
    pub fn attribute(&self, name: &str) -> Intrinsic {
        cfn::get_att(self.token(), name)
    }

    /// Stands for the logical id inside a text given to `Fn::Sub`.
    pub fn token(&self) -> String {
        token(&self.path)
    }
}
