//! Tokens: a reference is written as the construct path of its target until the
//! whole tree is known, and then lowered to a logical id.
//!
//! `Token[Stack/Queue]` may stand wherever a logical id may: in `Ref`,
//! `Fn::GetAtt`, inside `${…}` of `Fn::Sub`, and in `DependsOn`.

use cfn::Intrinsic;
use serde_json::Value;

const OPEN: &str = "Token[";
const CLOSE: char = ']';

/// The token of the construct at `path`.
pub(crate) fn token(path: &str) -> String {
    format!("{OPEN}{path}{CLOSE}")
}

/// Replaces every token in `value` by what `resolve` makes of its path.
pub(crate) fn lower(value: &mut Value, resolve: &mut dyn FnMut(&str) -> String) {
    match value {
        Value::String(text) => {
            if text.contains(OPEN) {
                *text = lower_text(text, resolve);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| lower(item, resolve)),
        Value::Object(fields) => fields.values_mut().for_each(|field| lower(field, resolve)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces every token in a typed value.
pub(crate) fn lower_value(value: &mut cfn::Value<String>, resolve: &mut dyn FnMut(&str) -> String) {
    let cfn::Value::Intrinsic(intrinsic) = value else { return };
    match intrinsic {
        Intrinsic::Ref { logical_id } | Intrinsic::GetAtt { logical_id, .. } => {
            *logical_id = lower_text(logical_id, resolve);
        }
        Intrinsic::Sub { text, variables } => {
            *text = lower_text(text, resolve);
            variables.values_mut().for_each(|variable| lower_value(variable, resolve));
        }
        Intrinsic::Join { values, .. } => values.iter_mut().for_each(|part| lower_value(part, resolve)),
        Intrinsic::Select { list, .. } => {
            if let cfn::Value::Literal(items) = list.as_mut() {
                items.iter_mut().for_each(|item| lower_value(item, resolve));
            }
        }
        Intrinsic::GetAzs { .. } | Intrinsic::StackOutput { .. } => {}
    }
}

/// Replaces every token in a text.
pub(crate) fn lower_text(text: &str, resolve: &mut dyn FnMut(&str) -> String) -> String {
    let mut lowered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let after = &rest[start + OPEN.len()..];
        let Some(end) = after.find(CLOSE) else { break };
        lowered.push_str(&rest[..start]);
        lowered.push_str(&resolve(&after[..end]));
        rest = &after[end + CLOSE.len_utf8()..];
    }
    lowered + rest
}

#[cfg(test)]
mod tests {
    //! Goal: a token is found wherever a logical id may stand, and nothing else changes.
    //! Method: one value with a token in every position.

    use super::*;
    use serde_json::json;

    #[test]
    fn lowers_everywhere() {
        let mut value = json!({
            "a": { "Ref": token("S/Q") },
            "b": { "Fn::GetAtt": [token("S/Q"), "Arn"] },
            "c": { "Fn::Sub": format!("x${{{}.Arn}}-${{{}}}y", token("S/Q"), token("S/P")) },
            "d": ["Token[ is no token", 1, null],
        });
        lower(&mut value, &mut |path| path.replace('/', "_"));
        assert_eq!(
            value,
            json!({
                "a": { "Ref": "S_Q" },
                "b": { "Fn::GetAtt": ["S_Q", "Arn"] },
                "c": { "Fn::Sub": "x${S_Q.Arn}-${S_P}y" },
                "d": ["Token[ is no token", 1, null],
            })
        );
    }
}
