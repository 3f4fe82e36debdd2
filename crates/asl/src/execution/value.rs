//! The fields of a state that read a document or write into one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::ErrorOutput;
use super::error::{
    DATA_LIMIT_EXCEEDED, NO_CHOICE_MATCHED, PARAMETER_PATH_FAILURE, RESULT_PATH_MATCH_FAILURE, RUNTIME,
};
use crate::prepared::{Length, Placement, Selection, StateId, Test, Words};
use crate::template::Template;

/// Bytes that the input or output of a state may have as JSON.
/// Source: AWS Step Functions Developer Guide, "Quotas".
const SIZE_MAX: usize = 256 * 1024;
/// Objects and lists inside one another. Ours: a loop that puts its document into itself ends before the stack does.
const DEPTH_MAX: usize = 256;

/// Whether a value is small enough to be handed on, its size being counted without escapes in texts.
fn limited(value: &Value) -> Result<(), ErrorOutput> {
    if left(value, DEPTH_MAX, SIZE_MAX).is_some() {
        return Ok(());
    }
    let cause = format!("data of more than {SIZE_MAX} bytes, or nested deeper than {DEPTH_MAX}");
    Err(ErrorOutput::new(DATA_LIMIT_EXCEEDED, cause))
}

/// What is left of so many bytes when the value has taken its own.
fn left(value: &Value, depth: usize, bytes: usize) -> Option<usize> {
    // Brackets, quotes or the digits of a number; separators are counted with what they follow.
    let bytes = bytes.checked_sub(2)?;
    match value {
        Value::Null => bytes.checked_sub(2),
        Value::Bool(_) => bytes.checked_sub(3),
        Value::Number(number) => {
            let digits = number.as_u64().map_or(20, |number| number.checked_ilog10().unwrap_or_default());
            bytes.checked_sub(usize::try_from(digits).ok()?)
        }
        Value::String(text) => bytes.checked_sub(text.len()),
        Value::Array(list) => {
            let depth = depth.checked_sub(1)?;
            list.iter().try_fold(bytes, |bytes, element| left(element, depth, bytes.checked_sub(1)?))
        }
        Value::Object(fields) => {
            let depth = depth.checked_sub(1)?;
            let mut fields = fields.iter();
            fields.try_fold(bytes, |bytes, (name, field)| {
                left(field, depth, bytes.checked_sub(name.len() + 4)?)
            })
        }
    }
}

/// Part of a document; the whole is shared, not copied.
pub(super) fn select(
    selection: &Selection,
    document: &Arc<Value>,
    field: &str,
) -> Result<Arc<Value>, ErrorOutput> {
    match selection {
        Selection::All => Ok(Arc::clone(document)),
        Selection::Nothing => Ok(Arc::new(Value::Object(Map::new()))),
        Selection::At(path) => path
            .get(document)
            .map(|value| Arc::new(value.clone()))
            .ok_or_else(|| ErrorOutput::missing(RUNTIME, field, path)),
    }
}

pub(super) fn fill(parameters: Option<&Template>, input: Arc<Value>) -> Result<Arc<Value>, ErrorOutput> {
    let Some(parameters) = parameters else { return Ok(input) };
    let filled = parameters
        .fill(&input)
        .map_err(|path| ErrorOutput::missing(PARAMETER_PATH_FAILURE, "Parameters", path))?;
    limited(&filled)?;
    Ok(Arc::new(filled))
}

pub(super) fn place(
    placement: &Placement,
    document: &mut Arc<Value>,
    result: Arc<Value>,
) -> Result<(), ErrorOutput> {
    match placement {
        Placement::Nowhere => return Ok(()),
        Placement::Whole => *document = result,
        Placement::At(path) => {
            if !path.put(document, Arc::unwrap_or_clone(result)) {
                let cause = format!("ResultPath: the input has no place for a result at `{}`", path.text());
                return Err(ErrorOutput::new(RESULT_PATH_MATCH_FAILURE, cause));
            }
        }
    }
    limited(document)
}

pub(super) fn choose(
    rules: &[(Test, StateId)],
    default: Option<StateId>,
    input: &Value,
) -> Result<StateId, ErrorOutput> {
    for (test, next) in rules {
        match test.holds(input) {
            Ok(true) => return Ok(*next),
            Ok(false) => {}
            Err(path) => return Err(ErrorOutput::missing(RUNTIME, "Variable", path)),
        }
    }
    default.ok_or_else(|| ErrorOutput::new(NO_CHOICE_MATCHED, "no rule holds, and there is no default"))
}

pub(super) fn wait(length: &Length, input: &Value) -> Result<Duration, ErrorOutput> {
    match length {
        Length::Fixed(length) => Ok(*length),
        Length::At(path) => {
            let seconds =
                path.get(input).ok_or_else(|| ErrorOutput::missing(RUNTIME, "SecondsPath", path))?;
            seconds.as_u64().map(Duration::from_secs).ok_or_else(|| {
                let cause = format!("SecondsPath: `{}` has no whole number of seconds", path.text());
                ErrorOutput::new(RUNTIME, cause)
            })
        }
    }
}

pub(super) fn words(words: &Words, input: &Value, field: &str) -> Result<Option<String>, ErrorOutput> {
    match words {
        Words::None => Ok(None),
        Words::Fixed(words) => Ok(Some(words.clone())),
        Words::At(path) => match path.get(input) {
            Some(Value::String(words)) => Ok(Some(words.clone())),
            _ => Err(ErrorOutput::missing(RUNTIME, field, path)),
        },
    }
}
