//! Context: what the `cdk` command line hands to an app, from `-c key=value` and from `cdk.json`.

use std::collections::BTreeMap;

use serde_json::Value;

/// Beginnings of the keys that are the command line's own: its settings, flags of its library, and what
/// `cdk acknowledge` and `cdk cli-telemetry` remember in `cdk.context.json`.
///
/// Source: the aws-cdk command line, version 2.1148.1, wherever it writes context.
const NOT_OURS: [&str; 6] =
    ["aws:", "aws-cdk", "@aws-cdk", "cdk", "acknowledged-issue-numbers", "cli-telemetry"];

/// What the app was told, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    values: BTreeMap<String, Value>,
}

/// A context that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// Not an object in JSON.
    #[error("the context is not an object in JSON")]
    NoObject,
    /// A key that this app does not know.
    #[error("unknown context `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A value that is no text.
    #[error("the context `{key}` is {value}, not a text")]
    NoText {
        /// Its key.
        key: String,
        /// The value, as JSON.
        value: String,
    },
}

impl Context {
    /// Reads the texts in which the command line hands context over: objects in JSON, of which the
    /// second holds what the first had no room for.
    ///
    /// # Errors
    /// A text that is no object.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, ContextError> {
        let mut values = BTreeMap::new();
        for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
            let more: BTreeMap<String, Value> =
                serde_json::from_str(text).map_err(|_| ContextError::NoObject)?;
            values.extend(more);
        }
        Ok(Self { values })
    }

    /// The texts of these keys, in their order; the command line's own keys are left alone.
    ///
    /// # Errors
    /// A key that is neither one of these nor the command line's, and a value that is no text.
    pub fn texts<const N: usize>(&self, keys: [&str; N]) -> Result<[Option<&str>; N], ContextError> {
        let foreign = |key: &str| NOT_OURS.iter().any(|beginning| key.starts_with(beginning));
        let mut unknown = self.values.keys().filter(|key| !keys.contains(&key.as_str()) && !foreign(key));
        if let Some(key) = unknown.next() {
            return Err(ContextError::UnknownKey { key: key.clone() });
        }
        let mut texts = [None; N];
        for (text, key) in texts.iter_mut().zip(keys) {
            let Some(value) = self.values.get(key) else { continue };
            let no_text = || ContextError::NoText { key: key.to_owned(), value: value.to_string() };
            *text = Some(value.as_str().ok_or_else(no_text)?);
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: what is meant for the app is read, what is the command line's is left alone, and nothing
    //! else passes. Method: texts as the command line writes them.

    use super::*;

    fn texts(all: &[&str]) -> Result<[Option<String>; 2], ContextError> {
        let context = Context::parse(all.iter().copied())?;
        Ok(context.texts(["deployment", "environment"])?.map(|text| text.map(str::to_owned)))
    }

    #[test]
    fn ours_are_read_and_the_command_line_s_are_left_alone() {
        let text = r#"{"environment": "staging", "aws:cdk:bundling-stacks": ["**"],
            "@aws-cdk/core:failSynthOnValidationErrors": false, "cdk-migrate": true,
            "aws-cdk:enableDiffNoFail": true, "acknowledged-issue-numbers": [1], "cli-telemetry": false}"#;
        assert_eq!(texts(&[text]), Ok([None, Some("staging".to_owned())]));
        assert_eq!(texts(&[]), Ok([None, None]));
        assert_eq!(texts(&[""]), Ok([None, None]));
    }

    #[test]
    fn what_had_no_room_is_read_from_the_second_text() {
        let both = [r#"{"environment": "staging"}"#, r#"{"deployment": "mine.toml"}"#];
        assert_eq!(texts(&both), Ok([Some("mine.toml".to_owned()), Some("staging".to_owned())]));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let told = |text| texts(&[text]).expect_err("it cannot be meant").to_string();
        assert_eq!(told(r#"{"enviroment": "staging"}"#), "unknown context `enviroment`");
        assert_eq!(told(r#"{"environment": 3}"#), "the context `environment` is 3, not a text");
        for text in ["[]", "{", "staging", "null"] {
            assert_eq!(told(text), "the context is not an object in JSON");
        }
    }
}
