//! Whether two programs say the same: every property of every resource, whatever its logical id.
//!
//! Logical ids follow from construct paths, by other rules in each library, so resources are matched by what they
//! hold. First a reference counts as the type that it leads to, so that a difference is named where it is; where all
//! that is equal, it counts as all that it leads to. Metadata is not compared, and these are not told apart:
//! the order of tags and of what a resource waits for, the two forms of `Fn::Sub`, white space in JSON within texts,
//! `1.0` and `1`, and the digests of packages.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Longest part of a value that is shown.
const SHOWN: usize = 160;

/// Every difference between two templates; none when they say the same.
pub fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let [own, other] = [Names::of(ours), Names::of(theirs)];
    let with = |name: Naming| {
        let mut found = unmatched(own.forms(name), other.forms(name));
        compare("", &own.sections(ours, name), &other.sections(theirs, name), &mut found);
        found
    };
    let mut found = with(Naming::Kind);
    if found.is_empty() {
        found = with(Naming::Whole);
        found.iter_mut().for_each(|said| said.push_str(" (it refers to something else)"));
    }
    found
}

/// What stands for the logical id of a resource.
#[derive(Clone, Copy)]
enum Naming {
    /// Its type.
    Kind,
    /// A digest of all that it is.
    Whole,
}

/// What a template calls its resources.
struct Names<'t>(Option<&'t Map<String, Value>>);

impl<'t> Names<'t> {
    fn of(template: &'t Value) -> Self {
        Self(template["Resources"].as_object())
    }

    /// What stands for a resource's id; any other id stands for itself. CloudFormation refuses references in a
    /// circle, so that this ends.
    fn name(&self, naming: Naming, id: &str) -> String {
        let Some(resource) = self.0.and_then(|resources| resources.get(id)) else { return id.to_owned() };
        match naming {
            Naming::Kind => format!("<{}>", resource["Type"].as_str().unwrap_or_default()),
            Naming::Whole => {
                let whole = form(resource, &|id| self.name(naming, id)).to_string();
                cdk::content_hash(whole.as_bytes())[..12].to_owned()
            }
        }
    }

    fn forms(&self, name: Naming) -> Vec<Value> {
        let resources = self.0.into_iter().flat_map(Map::values);
        resources.map(|resource| form(resource, &|id| self.name(name, id))).collect()
    }

    /// All but the resources: parameters, outputs and the like.
    fn sections(&self, template: &Value, name: Naming) -> Value {
        let mut rest = template.as_object().cloned().unwrap_or_default();
        rest.remove("Resources");
        canonical(&Value::Object(rest), &|id| self.name(name, id))
    }
}

/// A resource without its id and its metadata.
fn form(resource: &Value, name: &dyn Fn(&str) -> String) -> Value {
    let mut rest = resource.as_object().cloned().unwrap_or_default();
    rest.remove("Metadata");
    let after = rest.remove("DependsOn").unwrap_or_default();
    let after = after.as_array().cloned().unwrap_or_else(|| vec![after]);
    let mut after: Vec<String> = after.iter().filter_map(Value::as_str).map(name).collect();
    after.sort();
    let mut form = canonical(&Value::Object(rest), name);
    form["DependsOn"] = json!(after);
    form
}

/// A value in the one form that all ways to write it have.
fn canonical(value: &Value, name: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) => match fields.iter().next().filter(|_| fields.len() == 1) {
            Some((key, Value::String(id))) if key == "Ref" => json!({ "Ref": name(id) }),
            Some((key, Value::Array(of))) if key == "Fn::GetAtt" => match of.as_slice() {
                [Value::String(id), attribute] => json!({ "Fn::GetAtt": [name(id), attribute] }),
                _ => value.clone(),
            },
            Some((key, Value::Array(of))) if key == "Fn::Sub" => {
                json!({ "Fn::Sub": text(&inlined(of), name) })
            }
            // Sorted by their names, for a digest is of the text.
            _ => json!(
                fields
                    .iter()
                    .map(|(key, of)| (key.clone(), field(key, of, name)))
                    .collect::<BTreeMap<String, Value>>()
            ),
        },
        Value::Array(values) => values.iter().map(|value| canonical(value, name)).collect(),
        Value::String(said) => match serde_json::from_str::<Map<String, Value>>(said) {
            Ok(inner) => canonical(&Value::Object(inner), name),
            Err(_) => Value::String(text(said, name)),
        },
        Value::Number(number) => {
            number.as_f64().map_or_else(|| value.clone(), |number| Value::String(number.to_string()))
        }
        Value::Bool(_) | Value::Null => value.clone(),
    }
}

fn field(key: &str, value: &Value, name: &dyn Fn(&str) -> String) -> Value {
    let mut value = canonical(value, name);
    if let (true, Some(tags)) = (key.ends_with("Tags"), value.as_array_mut()) {
        tags.sort_by_key(Value::to_string);
    }
    value
}

/// The text of an `Fn::Sub` with variables of its own, with references in their places.
fn inlined(of: &[Value]) -> String {
    let [Value::String(text), Value::Object(variables)] = of else { return json!(of).to_string() };
    variables.iter().fold(text.clone(), |text, (variable, value)| {
        let to = match value["Fn::GetAtt"].as_array().map(Vec::as_slice) {
            Some([Value::String(id), Value::String(attribute)]) => format!("{id}.{attribute}"),
            _ => value["Ref"].as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        text.replace(&format!("${{{variable}}}"), &format!("${{{to}}}"))
    })
}

/// A text with names for the ids in it, and without the digests of packages.
fn text(said: &str, name: &dyn Fn(&str) -> String) -> String {
    let mut parts = said.split("${");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['.', '}']).unwrap_or(part.len());
        whole.push_str(&format!("${{{}{}", name(&part[..end]), &part[end..]));
    }
    let is_digest = |word: &str| word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words = whole.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let shown = words.map(|word| {
        let letters = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_digest(letters) { word.replace(letters, "<digest>") } else { word.to_owned() }
    });
    shown.collect()
}

/// Takes away what both have, and compares each that is left with the one of its type that is most like it.
fn unmatched(ours: Vec<Value>, theirs: Vec<Value>) -> Vec<String> {
    let mut left: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for form in theirs {
        left.entry(form.to_string()).or_default().push(form);
    }
    let taken = |form: &Value, left: &mut BTreeMap<String, Vec<Value>>| {
        left.get_mut(&form.to_string()).and_then(Vec::pop).is_some()
    };
    let own: Vec<Value> = ours.into_iter().filter(|form| !taken(form, &mut left)).collect();
    let mut others: Vec<Value> = left.into_values().flatten().collect();
    let mut found = Vec::new();
    for form in own {
        let compared = |other: &Value| {
            let mut said = Vec::new();
            compare(form["Type"].as_str().unwrap_or_default(), &form, other, &mut said);
            said
        };
        let alike = others.iter().enumerate().filter(|(_, other)| other["Type"] == form["Type"]);
        match alike.map(|(at, other)| (compared(other), at)).min_by_key(|(said, _)| said.len()) {
            Some((said, at)) => {
                others.remove(at);
                found.extend(said);
            }
            None => found.push(format!("the peer has no such {}", form["Type"])),
        }
    }
    found.extend(others.iter().map(|other| format!("only the peer has such a {}", other["Type"])));
    found
}

/// Where two values differ, and in what.
fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    let shown = |value: &Value| value.to_string().chars().take(SHOWN).collect::<String>();
    match (ours, theirs) {
        (Value::Object(own), Value::Object(other)) => {
            let mut keys: Vec<&String> = own.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            let of = |fields: &Map<String, Value>, key: &str| fields.get(key).cloned().unwrap_or_default();
            for key in keys {
                compare(&format!("{path}.{key}"), &of(own, key), &of(other, key), found);
            }
        }
        (Value::Array(own), Value::Array(other)) if own.len() == other.len() => {
            for (at, (one, two)) in own.iter().zip(other).enumerate() {
                compare(&format!("{path}[{at}]"), one, two, found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}: {}, the peer {}", shown(ours), shown(theirs))),
    }
}
