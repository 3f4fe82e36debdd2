//! What every generated resource type offers.

use serde::Serialize;

use crate::{Json, Value};

/// A resource type of CloudFormation. Generated; not meant to be written by hand.
pub trait Resource: Serialize {
    /// The type's name, such as `AWS::SQS::Queue`.
    const TYPE: &'static str;
    /// How the type takes tags on itself; `None` if it takes none.
    const TAGGABLE: Option<TagShape>;
    /// Whether losing the resource loses data, as the specification marks it.
    const STATEFUL: bool;

    /// The `Properties` object of the resource.
    ///
    /// # Panics
    /// Never for generated types: all their map keys are strings.
    fn properties(&self) -> Json {
        serde_json::to_value(self).expect("generated types have only string keys")
    }
}

/// Where and in which form a resource takes tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagShape {
    /// Name of the property, mostly `Tags`.
    pub property: &'static str,
    /// Form of the property.
    pub form: TagForm,
}

impl TagShape {
    /// A property that is a list of `{Key, Value}` objects.
    pub const fn list(property: &'static str) -> Self {
        TagShape { property, form: TagForm::List }
    }

    /// A property that is an object from key to value.
    pub const fn map(property: &'static str) -> Self {
        TagShape { property, form: TagForm::Map }
    }
}

/// The form of a tags property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagForm {
    /// A list of `{Key, Value}` objects.
    List,
    /// An object from key to value.
    Map,
}

/// One tag, in the list form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tag {
    /// The key; unique on its resource.
    #[serde(rename = "Key")]
    pub key: String,
    /// The value.
    #[serde(rename = "Value")]
    pub value: Value<String>,
}

impl Tag {
    /// A tag from key and value.
    pub fn new(key: impl Into<String>, value: impl Into<Value<String>>) -> Self {
        Tag { key: key.into(), value: value.into() }
    }
}
