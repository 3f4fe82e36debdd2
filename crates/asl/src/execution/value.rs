//! The fields of a state that read a document or write into one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::ErrorOutput;
use super::error::{NO_CHOICE_MATCHED, PARAMETER_PATH_FAILURE, RESULT_PATH_MATCH_FAILURE, RUNTIME};
use crate::prepared::{Length, Placement, Selection, StateId, Test, Words};
use crate::template::Template;

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
    parameters
        .fill(&input)
        .map(Arc::new)
        .map_err(|path| ErrorOutput::missing(PARAMETER_PATH_FAILURE, "Parameters", path))
}

pub(super) fn place(
    placement: &Placement,
    document: &mut Arc<Value>,
    result: Arc<Value>,
) -> Result<(), ErrorOutput> {
    match placement {
        Placement::Nowhere => {}
        Placement::Whole => *document = result,
        Placement::At(path) => {
            if !path.put(document, Arc::unwrap_or_clone(result)) {
                let cause = format!("ResultPath: the input has no place for a result at `{}`", path.text());
                return Err(ErrorOutput::new(RESULT_PATH_MATCH_FAILURE, cause));
            }
        }
    }
    Ok(())
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
