//! Template values that are known without deploying.

use serde_json::{Map, Value};

/// A text: a literal, or a join of literals.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => match sole(object)? {
            ("Fn::Join", Value::Array(parts)) => {
                let [separator, Value::Array(items)] = &parts[..] else { return None };
                let items: Option<Vec<String>> = items.iter().map(text).collect();
                Some(items?.join(separator.as_str()?))
            }
            ("Fn::Sub", Value::String(template)) if !template.contains("${") => Some(template.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, written as one or as a text.
pub(super) fn number<N: TryFrom<u64>>(value: &Value) -> Option<N> {
    N::try_from(text(value)?.parse::<u64>().ok()?).ok()
}

/// The logical id that a reference names: `Ref`, or `Fn::GetAtt` of an id.
pub(super) fn reference(value: &Value) -> Option<String> {
    match sole(value.as_object()?)? {
        ("Ref", Value::String(id)) => Some(id.clone()),
        ("Fn::GetAtt", Value::String(path)) => path.split('.').next().map(str::to_owned),
        ("Fn::GetAtt", Value::Array(path)) => path.first()?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// A DNS name, lower-case and without the final dot.
pub(super) fn name(value: &Value) -> Option<String> {
    let text = text(value)?.to_ascii_lowercase();
    let name = text.strip_suffix('.').unwrap_or(&text);
    (!name.is_empty()).then(|| name.to_owned())
}

fn sole(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}
