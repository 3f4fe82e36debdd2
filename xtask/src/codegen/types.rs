//! How a specification type is held in a field and taken by a setter.

use std::collections::{BTreeMap, BTreeSet};

use super::spec::{Kind, TypeDefinition};

/// All type definitions by id.
pub type Definitions<'a> = BTreeMap<&'a str, &'a TypeDefinition>;

/// The Rust side of one property's type.
#[derive(Debug, PartialEq)]
pub struct RustType {
    /// Type of the field, without `Option`.
    pub held: String,
    /// Type of a setter's argument.
    pub taken: String,
    /// Expression that turns the argument `{}` into the field.
    pub convert: String,
}

/// What the code needs to know about its surroundings.
pub struct Scope<'a> {
    /// All type definitions.
    pub definitions: &'a Definitions<'a>,
    /// Path in front of nested types: empty inside their module.
    pub prefix: String,
    /// Id of the type definition that the property belongs to.
    pub owner: Option<&'a str>,
}

impl Scope<'_> {
    /// The Rust type of a property.
    pub fn rust_type(&self, kind: &Kind) -> RustType {
        match kind {
            Kind::Array { element } => self.list(element),
            Kind::Map { element } => self.map(element),
            Kind::Ref { .. } | Kind::Tag => {
                let name = self.structure(kind).expect("both are structures");
                let (held, convert) = match self.contains_owner(kind) {
                    true => (format!("Box<{name}>"), "Box::new({})"),
                    false => (name.clone(), "{}"),
                };
                RustType { held, taken: name, convert: convert.into() }
            }
            _ => {
                let held = format!("Value<{}>", scalar(kind));
                RustType { taken: format!("impl Into<{held}>"), held, convert: "{}.into()".into() }
            }
        }
    }

    fn list(&self, element: &Kind) -> RustType {
        match (self.structure(element), element) {
            (Some(name), _) => RustType {
                held: format!("Vec<{name}>"),
                taken: format!("impl IntoIterator<Item = {name}>"),
                convert: "{}.into_iter().collect()".into(),
            },
            (None, Kind::Array { .. } | Kind::Map { .. }) => {
                let item = self.rust_type(element).held;
                let taken = format!("impl IntoIterator<Item = {item}>");
                RustType { held: format!("Vec<{item}>"), taken, convert: "{}.into_iter().collect()".into() }
            }
            (None, _) => {
                let held = format!("List<{}>", scalar(element));
                RustType { taken: format!("impl Into<{held}>"), held, convert: "{}.into()".into() }
            }
        }
    }

    fn map(&self, element: &Kind) -> RustType {
        let inner = self.rust_type(element);
        let taken = format!("impl IntoIterator<Item = (impl Into<String>, {})>", inner.taken);
        let value = inner.convert.replace("{}", "value");
        let convert = format!("{{}}.into_iter().map(|(key, value)| (key.into(), {value})).collect()");
        RustType { held: format!("Map<{}>", inner.held), taken, convert }
    }

    fn structure(&self, kind: &Kind) -> Option<String> {
        match kind {
            Kind::Tag => Some("Tag".into()),
            Kind::Ref { reference } => {
                Some(format!("{}{}", self.prefix, self.definitions[reference.id.as_str()].name))
            }
            _ => None,
        }
    }

    /// Whether a value of this kind directly holds another of the owner, so that it needs a box.
    fn contains_owner(&self, kind: &Kind) -> bool {
        let (Some(owner), Kind::Ref { reference }) = (self.owner, kind) else { return false };
        let mut pending = vec![reference.id.as_str()];
        let mut seen = BTreeSet::new();
        while let Some(id) = pending.pop() {
            if id == owner {
                return true;
            }
            if !seen.insert(id) {
                continue;
            }
            for property in self.definitions[id].properties.values() {
                if let Kind::Ref { reference } = &property.kind {
                    pending.push(&reference.id);
                }
            }
        }
        false
    }
}

fn scalar(kind: &Kind) -> &'static str {
    match kind {
        Kind::String | Kind::DateTime => "String",
        Kind::Integer => "i64",
        Kind::Number => "f64",
        Kind::Boolean => "bool",
        _ => "Json",
    }
}

/// Ids of all type definitions that properties reach, in the order of their names.
pub fn reachable<'a>(
    properties: impl Iterator<Item = &'a Kind>,
    definitions: &Definitions<'a>,
) -> Vec<&'a str> {
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    let mut pending: Vec<&Kind> = properties.collect();
    while let Some(kind) = pending.pop() {
        match kind {
            Kind::Array { element } | Kind::Map { element } => pending.push(element),
            Kind::Ref { reference } => {
                let definition = definitions[reference.id.as_str()];
                if found.insert(&definition.name, &reference.id).is_none() {
                    pending.extend(definition.properties.values().map(|property| &property.kind));
                }
            }
            _ => {}
        }
    }
    found.into_values().collect()
}
