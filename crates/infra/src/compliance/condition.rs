//! What a property must be to be evidence, and the way to it through a definition.

use std::fmt;

use recovery::{Deployment, Region};
use serde::Deserialize;
use serde_json::Value;

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// This value; `1` and `"1"` are the same, as they are to CloudFormation.
    Equals(Value),
    /// Anything but this value.
    OtherThan(Value),
    /// A number, or a text that is one, of this or more.
    AtLeast(u64),
    /// A number, or a text that is one, of this or less.
    AtMost(u64),
    /// A text that begins so.
    Begins(String),
    /// A text with this in it.
    Contains(String),
    /// Anything but nothing: not `null`, and not an empty text, list or object.
    Present,
    /// Something that names the pair's other region.
    Peer,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(value) => write!(f, "is `{}`", text(value)),
            Self::OtherThan(value) => write!(f, "is not `{}`", text(value)),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::Begins(beginning) => write!(f, "begins with `{beginning}`"),
            Self::Contains(part) => write!(f, "contains `{part}`"),
            Self::Present => f.write_str("is there"),
            Self::Peer => f.write_str("names the other region"),
        }
    }
}

/// What a value is judged against: the pair, and the region of the stack that the value is in.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'s> {
    /// Whose regions.
    pub deployment: &'s Deployment,
    /// Where the stack is deployed to.
    pub region: &'s str,
}

/// A value at the end of a way, and the way with the places that were taken.
pub type Found = (String, Value);

impl Surroundings<'_> {
    /// The region of the pair that the stack is not in.
    fn peer(&self) -> Option<&Region> {
        self.deployment.pair().into_iter().find(|region| region.as_str() != self.region)
    }
}

impl Condition {
    /// Whether a value is what it must be.
    pub fn holds(&self, value: &Value, surroundings: Surroundings<'_>) -> bool {
        match self {
            Self::Equals(expected) => text(value) == text(expected) && !value.is_null(),
            Self::OtherThan(other) => text(value) != text(other),
            Self::AtLeast(least) => number(value).is_some_and(|number| number >= *least as f64),
            Self::AtMost(most) => number(value).is_some_and(|number| number <= *most as f64),
            Self::Begins(beginning) => value.as_str().is_some_and(|text| text.starts_with(beginning)),
            Self::Contains(part) => value.as_str().is_some_and(|text| text.contains(part)),
            Self::Present => match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty(),
                Value::Bool(_) | Value::Number(_) => true,
            },
            Self::Peer => {
                surroundings.peer().is_some_and(|peer| text(value).contains(peer.as_str()))
                    && !value.is_null()
            }
        }
    }

    /// Follows a way such as `Replicas/*/Region` and judges what is at its end. `*` stands for every part of a
    /// list or an object, of which there must be one, `?` for any one part, and `Key=name` for every part of a list
    /// whose field `Key` is `name`, of which there must be one. A text that holds JSON, such as the definition of a
    /// state machine, is gone through like an object.
    ///
    /// # Errors
    /// The first value that is not what it must be, with the way to it.
    pub fn follow(
        &self,
        value: &Value,
        way: &str,
        surroundings: Surroundings<'_>,
    ) -> Result<Vec<Found>, Found> {
        let parts: Vec<&str> = way.split('/').filter(|part| !part.is_empty()).collect();
        self.step(value, &parts, String::new(), surroundings)
    }

    fn step(
        &self,
        value: &Value,
        way: &[&str],
        taken: String,
        surroundings: Surroundings<'_>,
    ) -> Result<Vec<Found>, Found> {
        let Some((next, rest)) = way.split_first() else {
            let found = (taken, value.clone());
            return if self.holds(value, surroundings) { Ok(vec![found]) } else { Err(found) };
        };
        if let Value::String(text) = value {
            let inner = serde_json::from_str(text).unwrap_or(Value::Null);
            let inner = if inner.is_string() { Value::Null } else { inner };
            return self.step(&inner, way, taken, surroundings);
        }
        let to = |name: &str| if taken.is_empty() { name.to_owned() } else { format!("{taken}/{name}") };
        let branch = |(name, value): (String, &Value)| self.step(value, rest, to(&name), surroundings);
        let every = |meant: &dyn Fn(&Value) -> bool| {
            let meant = parts(value).into_iter().filter(|(_, part)| meant(part));
            let all: Vec<_> = meant.map(branch).collect::<Result<_, _>>()?;
            if all.is_empty() { Err((to(next), Value::Null)) } else { Ok(all.concat()) }
        };
        match *next {
            "*" => every(&|_| true),
            "?" => {
                let found = parts(value).into_iter().find_map(|part| branch(part).ok());
                found.ok_or_else(|| (to("?"), Value::Null))
            }
            name if value.is_array() && name.contains('=') => {
                let (field, expected) = name.split_once('=').expect("it was just seen");
                every(&|part| part[field] == expected)
            }
            name => {
                let at = match name.parse::<usize>() {
                    Ok(index) if value.is_array() => &value[index],
                    _ => &value[name],
                };
                self.step(at, rest, to(name), surroundings)
            }
        }
    }
}

/// The parts of a list or an object, by their names.
fn parts(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests;
