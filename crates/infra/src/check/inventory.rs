//! Every resource of a set of templates, findable by type, name and reference.
//!
//! Made from an assembly in memory or from the files of one, so that what is judged
//! is the template and not the code that made it.

use cdk::assembly::Assembly;
use recovery::Region;
use serde_json::Value;

/// One stack: where it is deployed to, and its template.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Account number it is deployed to.
    pub account: String,
    /// Region it is deployed to.
    pub region: String,
    /// Its template.
    pub template: Value,
}

/// The stacks of one deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory {
    /// In the order of their deployment.
    pub stacks: Vec<Stack>,
}

/// One resource of a stack.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'i> {
    /// Whose it is.
    pub stack: &'i Stack,
    /// Its logical id.
    pub id: &'i str,
    definition: &'i Value,
}

/// A directory that holds no cloud assembly.
#[derive(Debug, thiserror::Error)]
pub enum NoAssembly {
    /// A file that cannot be read.
    #[error("cannot read {file}")]
    Unreadable {
        /// Name of the file in the directory.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error("{file} is no JSON of a cloud assembly")]
    Malformed {
        /// Name of the file in the directory.
        file: String,
    },
}

impl Inventory {
    /// The stacks of an assembly.
    pub fn of(assembly: &Assembly) -> Self {
        let stack = |stack: &cdk::assembly::SynthesisedStack| Stack {
            name: stack.name.clone(),
            account: stack.environment.account.clone(),
            region: stack.environment.region.clone(),
            template: stack.template.to_json(),
        };
        Self { stacks: assembly.stacks.iter().map(stack).collect() }
    }

    /// The stacks of an assembly that was written; `read` gives the text of one of its files.
    ///
    /// # Errors
    /// The first file that cannot be read, or is not what it should be.
    pub fn read(read: impl Fn(&str) -> std::io::Result<String>) -> Result<Self, NoAssembly> {
        let file = |name: &str| {
            let text =
                read(name).map_err(|source| NoAssembly::Unreadable { file: name.to_owned(), source })?;
            serde_json::from_str::<Value>(&text).map_err(|_| NoAssembly::Malformed { file: name.to_owned() })
        };
        let malformed = || NoAssembly::Malformed { file: MANIFEST.to_owned() };
        let manifest = file(MANIFEST)?;
        let artifacts = manifest["artifacts"].as_object().ok_or_else(malformed)?;
        let mut stacks = Vec::new();
        for artifact in artifacts.values().filter(|artifact| artifact["type"] == "aws:cloudformation:stack") {
            let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(malformed);
            let environment = text(&artifact["environment"])?;
            let place = environment.strip_prefix("aws://").and_then(|place| place.split_once('/'));
            let (account, region) = place.ok_or_else(malformed)?;
            stacks.push(Stack {
                name: text(&artifact["properties"]["stackName"])?,
                account: account.to_owned(),
                region: region.to_owned(),
                template: file(&text(&artifact["properties"]["templateFile"])?)?,
            });
        }
        Ok(Self { stacks })
    }

    /// Every resource.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.stacks.iter().flat_map(Stack::resources)
    }

    /// Every resource of a type.
    pub fn all<'i>(&'i self, kind: &'i str) -> impl Iterator<Item = Resource<'i>> {
        self.resources().filter(move |resource| resource.kind() == kind)
    }

    /// Every resource of a type in a region.
    pub fn in_region<'i>(&'i self, region: &'i Region, kind: &'i str) -> impl Iterator<Item = Resource<'i>> {
        self.all(kind).filter(move |resource| resource.stack.region == region.as_str())
    }

    /// The resource of a type in a region with this text in a property.
    pub fn named(&self, region: &Region, kind: &str, property: &str, name: &str) -> Option<Resource<'_>> {
        let stacks = self.stacks.iter().filter(|stack| stack.region == region.as_str());
        let mut found = stacks.flat_map(Stack::resources).filter(|resource| resource.kind() == kind);
        found.find(|resource| resource.text(property) == Some(name))
    }

    /// The construct path of a logical id in a template, by the template's stack; the id itself where it is unknown.
    pub fn path(&self, stack: &str, id: &str) -> String {
        let stack = self.stacks.iter().find(|candidate| candidate.name == stack);
        let found = stack.and_then(|stack| stack.resource(id));
        found.map_or_else(|| id.to_owned(), |resource| resource.path().to_owned())
    }
}

const MANIFEST: &str = "manifest.json";

impl Stack {
    /// What kind it is: `Compute` of `TapStack-Compute-us-east-1-production`.
    pub fn kind(&self) -> &str {
        self.name.split('-').nth(1).unwrap_or(&self.name)
    }

    /// Its resources.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let all = self.template["Resources"].as_object().into_iter().flatten();
        all.map(|(id, definition)| Resource { stack: self, id, definition })
    }

    /// One of its resources.
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.id == id)
    }
}

impl<'i> Resource<'i> {
    /// Its type.
    pub fn kind(&self) -> &'i str {
        self.definition["Type"].as_str().unwrap_or_default()
    }

    /// Its construct path; its logical id where the template does not say.
    pub fn path(&self) -> &'i str {
        self.metadata("aws:cdk:path").unwrap_or(self.id)
    }

    /// A text of its metadata.
    pub fn metadata(&self, key: &str) -> Option<&'i str> {
        self.definition["Metadata"][key].as_str()
    }

    /// A part of its definition beside its properties, such as `DeletionPolicy`.
    pub fn attribute(&self, key: &str) -> &'i Value {
        &self.definition[key]
    }

    /// Its properties.
    pub fn properties(&self) -> &'i Value {
        &self.definition["Properties"]
    }

    /// A property at a path such as `HealthCheckConfig/Type`; null where there is none.
    pub fn get(&self, path: &str) -> &'i Value {
        path.split('/').fold(self.properties(), |value, part| match part.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[part],
        })
    }

    /// A property that is a text.
    pub fn text(&self, path: &str) -> Option<&'i str> {
        self.get(path).as_str()
    }

    /// A property that is a whole number, written as one or as a text.
    pub fn number(&self, path: &str) -> Option<u64> {
        let value = self.get(path);
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether a property is `true`, written as a boolean or as a text.
    pub fn is(&self, path: &str) -> bool {
        let value = self.get(path);
        value.as_bool() == Some(true) || value.as_str() == Some("true")
    }

    /// The items of a property that is a list.
    pub fn list(&self, path: &str) -> &'i [Value] {
        self.get(path).as_array().map_or(&[], Vec::as_slice)
    }

    /// The resource of the same stack that a value refers to by `Ref` or `Fn::GetAtt`.
    pub fn referred(&self, value: &Value) -> Option<Resource<'i>> {
        let id = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str())?;
        self.stack.resource(id)
    }
}

/// Every value inside another, itself included.
pub fn inside(value: &Value) -> Vec<&Value> {
    let mut all = vec![value];
    match value {
        Value::Array(items) => all.extend(items.iter().flat_map(inside)),
        Value::Object(fields) => all.extend(fields.values().flat_map(inside)),
        _ => {}
    }
    all
}

/// Every text inside a value, at its path, such as `Rules/0/Id`.
pub fn texts(value: &Value) -> Vec<(String, &str)> {
    fn collect<'v>(value: &'v Value, path: &str, found: &mut Vec<(String, &'v str)>) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
        match value {
            Value::String(text) => found.push((path.to_owned(), text)),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, item)| collect(item, &below(&index.to_string()), found));
            }
            Value::Object(fields) => {
                fields.iter().for_each(|(key, field)| collect(field, &below(key), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}
