//! Templates: resources, parameters and outputs by logical id.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Serialize;

use crate::{Json, Resource, Value};

/// A CloudFormation template. Entries keep the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    /// What the stack is for; CloudFormation limits it to 1024 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free-form information about the template.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub metadata: IndexMap<String, Json>,
    /// Values given at deployment, by logical id.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub parameters: IndexMap<String, Parameter>,
    /// Assertions about parameters, by name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub rules: IndexMap<String, Json>,
    /// Named conditions that resources and outputs may depend on.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub conditions: IndexMap<String, Json>,
    /// Resources by logical id.
    pub resources: IndexMap<String, ResourceDefinition>,
    /// What the stack tells others, by logical id.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Output>,
}

/// One resource of a template.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceDefinition {
    /// The resource type, such as `AWS::SQS::Queue`.
    #[serde(rename = "Type")]
    pub type_name: String,
    /// Its properties, in CloudFormation's spelling.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub properties: serde_json::Map<String, Json>,
    /// Logical ids that must exist before it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub depends_on: BTreeSet<String>,
    /// Free-form information about the resource.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub metadata: IndexMap<String, Json>,
    /// What becomes of it when it leaves the stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// What becomes of the old one when an update replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_replace_policy: Option<DeletionPolicy>,
    /// Name of the condition under which it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// What CloudFormation does with a resource that it no longer manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DeletionPolicy {
    /// Delete it.
    Delete,
    /// Leave it in the account.
    Retain,
    /// Leave it, unless its own creation is being rolled back.
    RetainExceptOnCreate,
    /// Take a snapshot, then delete it; only for types that have snapshots.
    Snapshot,
}

/// A value given at deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// The parameter type, such as `String` or `AWS::SSM::Parameter::Value<String>`.
    #[serde(rename = "Type")]
    pub type_name: String,
    /// The value when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A value that the stack makes known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    /// The value, as CloudFormation JSON like the properties of a resource.
    pub value: Json,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Export, by which other stacks of the region import it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,
    /// Name of the condition under which it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// The export of an [`Output`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Export {
    /// Name, unique in account and region.
    pub name: Value<String>,
}

/// A reference to a logical id that the template does not define.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DanglingReference {
    /// Where it stands: a resource's or output's logical id.
    pub from: String,
    /// The logical id that is missing.
    pub to: String,
}

impl Template {
    /// An empty template.
    pub fn new() -> Self {
        Template::default()
    }

    /// Adds a resource under a logical id and returns it for further settings.
    ///
    /// # Panics
    /// If the logical id is taken: two resources under one id are a programming error.
    pub fn add<R: Resource>(
        &mut self,
        logical_id: impl Into<String>,
        resource: &R,
    ) -> &mut ResourceDefinition {
        match self.resources.entry(logical_id.into()) {
            indexmap::map::Entry::Occupied(taken) => panic!("logical id `{}` is taken", taken.key()),
            indexmap::map::Entry::Vacant(free) => free.insert(ResourceDefinition::of(resource)),
        }
    }

    /// The template as JSON.
    ///
    /// # Panics
    /// Never: all map keys are strings.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).expect("templates have only string keys")
    }

    /// References to logical ids that are neither resources nor parameters here.
    pub fn dangling_references(&self) -> BTreeSet<DanglingReference> {
        let mut found = BTreeSet::new();
        for (id, definition) in &self.resources {
            let mut targets = definition.depends_on.clone();
            definition.properties.values().for_each(|value| collect_references(value, &mut targets));
            self.keep_dangling(id, targets, &mut found);
        }
        for (id, output) in &self.outputs {
            let mut targets = BTreeSet::new();
            collect_references(&output.value, &mut targets);
            self.keep_dangling(id, targets, &mut found);
        }
        found
    }

    fn keep_dangling(&self, from: &str, targets: BTreeSet<String>, found: &mut BTreeSet<DanglingReference>) {
        let known = |id: &str| self.resources.contains_key(id) || self.parameters.contains_key(id);
        for to in targets.into_iter().filter(|to| !to.starts_with("AWS::") && !known(to)) {
            found.insert(DanglingReference { from: from.to_owned(), to });
        }
    }
}

impl ResourceDefinition {
    /// The definition of a typed resource, with its properties and nothing else set.
    ///
    /// # Panics
    /// Never for generated types: they are structs, which serialise to objects.
    pub fn of<R: Resource>(resource: &R) -> Self {
        let Json::Object(properties) = resource.properties() else {
            panic!("`{}` does not serialise to an object", R::TYPE)
        };
        ResourceDefinition { properties, ..ResourceDefinition::untyped(R::TYPE) }
    }

    /// A definition without properties, for a type that is not generated.
    pub fn untyped(type_name: impl Into<String>) -> Self {
        ResourceDefinition {
            type_name: type_name.into(),
            properties: serde_json::Map::new(),
            depends_on: BTreeSet::new(),
            metadata: IndexMap::new(),
            deletion_policy: None,
            update_replace_policy: None,
            condition: None,
        }
    }
}

impl Output {
    /// An output with nothing but its value.
    pub fn new(value: impl Into<Value<String>>) -> Self {
        Output { value: value.into().to_json(), description: None, export: None, condition: None }
    }
}

impl Parameter {
    /// A parameter of a type, without default.
    pub fn new(type_name: impl Into<String>) -> Self {
        Parameter { type_name: type_name.into(), default: None, description: None }
    }
}

/// Collects the logical ids that `Ref`, `Fn::GetAtt` and `Fn::Sub` name, at any depth.
fn collect_references(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::Object(object) => {
            if let (1, Some((function, argument))) = (object.len(), object.iter().next()) {
                collect_from_function(function, argument, found);
            }
            object.values().for_each(|value| collect_references(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

fn collect_from_function(function: &str, argument: &Json, found: &mut BTreeSet<String>) {
    match function {
        "Ref" => found.extend(argument.as_str().map(str::to_owned)),
        "Fn::GetAtt" => found.extend(argument[0].as_str().map(str::to_owned)),
        "Fn::Sub" => {
            let text = argument.as_str().or_else(|| argument[0].as_str()).unwrap_or_default();
            let own = argument[1].as_object();
            let names = placeholders(text).filter(|name| !own.is_some_and(|own| own.contains_key(*name)));
            found.extend(names.map(|name| name.split('.').next().unwrap_or(name).to_owned()));
        }
        _ => {}
    }
}

/// The names in `${…}`; `${!…}` is a literal and is left out.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let candidates = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    candidates.map(|(name, _)| name).filter(|name| !name.starts_with('!'))
}

#[cfg(test)]
mod tests;
