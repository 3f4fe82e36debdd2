//! Paths that name one place in a document.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A JSONPath that names at most one place: `$`, `$.a.b`, `$['a']`, `$.list[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl Reference {
    /// Reads a path.
    ///
    /// # Errors
    /// What the interpreter cannot do with it: the context object, wildcards, filters, slices, or no path at all.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix('$').ok_or("does not begin with $")?;
        if rest.starts_with('$') {
            return Err("reads the context object, which is not supported");
        }
        let mut steps = Vec::new();
        let mut rest = rest;
        while !rest.is_empty() {
            let (step, after) = if let Some(name) = rest.strip_prefix('.') {
                let end = name.find(['.', '[']).unwrap_or(name.len());
                (plain(&name[..end])?, &name[end..])
            } else {
                let inner = rest.strip_prefix('[').ok_or("has something after $ that is no step")?;
                bracket(inner)?
            };
            steps.push(step);
            rest = after;
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// The path as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names the whole document.
    pub(crate) fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// What is there.
    pub(crate) fn get<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(document, |value, step| match step {
            Step::Field(name) => value.get(name.as_str()),
            Step::Index(index) => value.get(*index),
        })
    }

    /// Puts a value there and makes the objects on the way that are missing. False, and nothing is changed, when
    /// there is something else on the way, or no such element of a list. A document that nobody else holds is
    /// changed in place.
    pub(crate) fn put(&self, document: &mut Arc<Value>, value: Value) -> bool {
        if !self.fits(document) {
            return false;
        }
        let mut place = Arc::make_mut(document);
        for step in &self.steps {
            place = match (step, place) {
                (Step::Field(name), Value::Object(fields)) => {
                    fields.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new()))
                }
                (Step::Index(index), Value::Array(list)) if *index < list.len() => &mut list[*index],
                _ => return false,
            };
        }
        *place = value;
        true
    }

    fn fits(&self, document: &Value) -> bool {
        let mut place = Some(document);
        for step in &self.steps {
            place = match (step, place) {
                // A field that is missing becomes an object, which takes fields and has no elements.
                (Step::Field(_), None) => None,
                (Step::Field(name), Some(Value::Object(fields))) => fields.get(name),
                (Step::Index(index), Some(Value::Array(list))) if *index < list.len() => list.get(*index),
                _ => return false,
            };
        }
        true
    }
}

fn plain(name: &str) -> Result<Step, &'static str> {
    if name.is_empty() {
        return Err("has an empty step, or the operator `..`, which is not supported");
    }
    if name.contains(['*', '?', '(', ')', '@', '\'', '"', ']', ',', ' ']) {
        return Err("has a step with characters that need brackets and quotes");
    }
    Ok(Step::Field(name.to_owned()))
}

/// A step in brackets, after the opening one: `'name']` or `0]`.
fn bracket(inner: &str) -> Result<(Step, &str), &'static str> {
    const OPEN: &str = "has a bracket that is not closed";
    for quote in ['\'', '"'] {
        let Some(quoted) = inner.strip_prefix(quote) else { continue };
        let (name, after) = quoted.split_once(quote).ok_or(OPEN)?;
        let after = after.strip_prefix(']').ok_or(OPEN)?;
        return Ok((Step::Field(name.to_owned()), after));
    }
    let (index, after) = inner.split_once(']').ok_or(OPEN)?;
    if !index.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("has a wildcard, filter or slice, which are not supported");
    }
    let index = index.parse().map_err(|_| "has an index that is no number")?;
    Ok((Step::Index(index), after))
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
