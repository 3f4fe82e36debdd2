//! Values with places to be filled in: `Parameters` and `ResultSelector`.

use serde_json::{Map, Value};

use crate::reference::Reference;

/// A value in which fields that end in `.$` are taken from a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Template {
    /// Nothing to fill in.
    Fixed(Value),
    /// From the document.
    From(Reference),
    /// Field by field.
    Object(Vec<(String, Template)>),
    /// Element by element.
    List(Vec<Template>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The text that should have been a path, and why it is none that the interpreter knows.
    pub(crate) fn parse(value: &Value) -> Result<Self, (String, &'static str)> {
        match value {
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| match name.strip_suffix(".$") {
                        Some(name) => Ok((name.to_owned(), Self::From(path(value)?))),
                        None => Ok((name.clone(), Self::parse(value)?)),
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let fixed = fields.iter().all(|(_, field)| matches!(field, Self::Fixed(_)));
                Ok(if fixed { Self::Fixed(value.clone()) } else { Self::Object(fields) })
            }
            Value::Array(list) => {
                let list = list.iter().map(Self::parse).collect::<Result<Vec<_>, _>>()?;
                let fixed = list.iter().all(|element| matches!(element, Self::Fixed(_)));
                Ok(if fixed { Self::Fixed(value.clone()) } else { Self::List(list) })
            }
            other => Ok(Self::Fixed(other.clone())),
        }
    }

    /// The value filled in.
    ///
    /// # Errors
    /// The path at which the document has nothing.
    pub(crate) fn fill<'t>(&'t self, document: &Value) -> Result<Value, &'t Reference> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::From(path) => path.get(document).cloned().ok_or(path),
            Self::Object(fields) => {
                let mut filled = Map::with_capacity(fields.len());
                for (name, field) in fields {
                    filled.insert(name.clone(), field.fill(document)?);
                }
                Ok(Value::Object(filled))
            }
            Self::List(list) => list.iter().map(|element| element.fill(document)).collect(),
        }
    }
}

fn path(value: &Value) -> Result<Reference, (String, &'static str)> {
    let text = value.as_str().ok_or_else(|| (value.to_string(), "is not a text"))?;
    if text.starts_with("States.") {
        return Err((text.to_owned(), "is an intrinsic function, which is not supported"));
    }
    Reference::parse(text).map_err(|reason| (text.to_owned(), reason))
}
