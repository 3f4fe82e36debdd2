//! The part of the service specification that we read.
//!
//! The database is a set of entity tables plus relations. Properties refer to
//! type definitions by `$ref`, so the relation tables are not needed.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The whole database, as it stands in `db.json.gz`.
#[derive(Deserialize)]
pub struct Database {
    schema: Schema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    resource: Table<Resource>,
    type_definition: Table<TypeDefinition>,
}

#[derive(Deserialize)]
struct Table<T> {
    entities: Vec<T>,
}

/// A resource type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Such as `AWS::SQS::Queue`.
    pub cloud_formation_type: String,
    /// The last part of the type.
    pub name: String,
    /// Markdown.
    pub documentation: Option<String>,
    /// What `Fn::GetAtt` can read.
    pub attributes: BTreeMap<String, Attribute>,
    /// Properties by name.
    pub properties: BTreeMap<String, Property>,
    /// How it is tagged.
    pub tag_information: Option<TagInformation>,
    /// Whether it holds data.
    #[serde(default)]
    pub is_stateful: bool,
}

/// What `Fn::GetAtt` can read.
#[derive(Deserialize)]
pub struct Attribute {
    /// Markdown.
    pub documentation: Option<String>,
}

/// How a resource is tagged.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagInformation {
    /// Name of the property.
    pub tag_property_name: String,
    /// `standard`, `map` or `asg`.
    pub variant: String,
}

/// A nested type of one resource.
#[derive(Deserialize)]
pub struct TypeDefinition {
    #[serde(rename = "$id")]
    id: String,
    /// Unique within its resource.
    pub name: String,
    /// Markdown.
    pub documentation: Option<String>,
    /// Properties by name.
    pub properties: BTreeMap<String, Property>,
}

/// A property of a resource or nested type.
#[derive(Deserialize)]
pub struct Property {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Markdown.
    pub documentation: Option<String>,
    /// Whether CloudFormation insists on it.
    #[serde(default)]
    pub required: bool,
}

/// A property's type.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Kind {
    /// Text.
    String,
    /// A point in time, written as text.
    DateTime,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Number,
    /// True or false.
    Boolean,
    /// Anything.
    Json,
    /// `{Key, Value}`.
    Tag,
    /// A nested type.
    Ref {
        /// Which one.
        reference: Reference,
    },
    /// A list.
    Array {
        /// Of what.
        element: Box<Kind>,
    },
    /// A map from text.
    Map {
        /// To what.
        element: Box<Kind>,
    },
    /// One of several.
    Union {
        /// The alternatives.
        types: Vec<Kind>,
    },
}

/// The id of a type definition.
#[derive(Deserialize, Clone, PartialEq, Debug)]
pub struct Reference {
    /// The id.
    #[serde(rename = "$ref")]
    pub id: String,
}

impl Database {
    /// Parses the decompressed database.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The resource of a CloudFormation type.
    pub fn resource(&self, cloud_formation_type: &str) -> Option<&Resource> {
        let mut all = self.schema.resource.entities.iter();
        all.find(|resource| resource.cloud_formation_type == cloud_formation_type)
    }

    /// All type definitions by id.
    pub fn definitions(&self) -> BTreeMap<&str, &TypeDefinition> {
        self.schema.type_definition.entities.iter().map(|one| (one.id.as_str(), one)).collect()
    }
}
