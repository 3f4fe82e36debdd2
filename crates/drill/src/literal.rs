//! Template values that are known without deploying.
//!
//! What a template leaves to the place it is deployed in is settled first, by [`settled`].

use recovery::Region;
use serde_json::{Map, Value};

use crate::ACCOUNT;

/// A text: a literal, or a join of literals.
pub(crate) fn text(value: &Value) -> Option<String> {
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
pub(crate) fn number<N: TryFrom<u64>>(value: &Value) -> Option<N> {
    N::try_from(text(value)?.parse::<u64>().ok()?).ok()
}

/// The logical id that a reference names: `Ref`, or `Fn::GetAtt` of an id.
pub(crate) fn reference(value: &Value) -> Option<String> {
    match sole(value.as_object()?)? {
        ("Ref", Value::String(id)) => Some(id.clone()),
        ("Fn::GetAtt", Value::String(path)) => path.split('.').next().map(str::to_owned),
        ("Fn::GetAtt", Value::Array(path)) => path.first()?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// A DNS name, lower-case and without the final dot.
pub(crate) fn name(value: &Value) -> Option<String> {
    let text = text(value)?.to_ascii_lowercase();
    let name = text.strip_suffix('.').unwrap_or(&text);
    (!name.is_empty()).then(|| name.to_owned())
}

fn sole(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}

/// The template as it reads once it is deployed to `region`: pseudo parameters have their values.
pub(crate) fn settled(template: &Value, region: &Region) -> Value {
    match template {
        Value::Object(object) => match sole(object) {
            Some(("Ref", Value::String(name))) => match pseudo(name, region) {
                Some(value) => Value::String(value),
                None => template.clone(),
            },
            Some(("Fn::Sub", Value::String(text))) => {
                let names = ["AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"];
                let text = names.iter().fold(text.clone(), |text, name| {
                    let value = pseudo(name, region).expect("each of these is known");
                    text.replace(&format!("${{{name}}}"), &value)
                });
                let open = text.contains("${");
                if open { serde_json::json!({ "Fn::Sub": text }) } else { Value::String(text) }
            }
            _ => object.iter().map(|(key, value)| (key.clone(), settled(value, region))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| settled(item, region)).collect(),
        other => other.clone(),
    }
}

fn pseudo(name: &str, region: &Region) -> Option<String> {
    match name {
        "AWS::AccountId" => Some(ACCOUNT.to_owned()),
        "AWS::Partition" => Some("aws".to_owned()),
        "AWS::Region" => Some(region.to_string()),
        "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    // Goal: what is known before a deployment is a text, and what is not stays as it was.
    use super::*;
    use serde_json::json;

    #[test]
    fn pseudo_parameters_have_their_values_and_references_stay() {
        let region = Region::new("us-west-2").expect("a region");
        let template = json!({
            "Joined": {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, {"Ref": "AWS::Region"}]]},
            "Inserted": {"Fn::Sub": "role-${AWS::Region}-${AWS::AccountId}"},
            "Open": {"Fn::Sub": "${AWS::Region}/${Key}"},
            "Reference": {"Ref": "Queue"},
        });
        let settled = settled(&template, &region);
        assert_eq!(text(&settled["Joined"]).as_deref(), Some("arn:aws:us-west-2"));
        assert_eq!(text(&settled["Inserted"]).as_deref(), Some("role-us-west-2-000000000000"));
        assert_eq!(settled["Open"], json!({"Fn::Sub": "us-west-2/${Key}"}));
        assert_eq!(text(&settled["Reference"]), None);
        assert_eq!(reference(&settled["Reference"]).as_deref(), Some("Queue"));
    }
}
