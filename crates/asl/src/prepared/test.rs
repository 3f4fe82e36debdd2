//! The rules of a Choice state, ready to be tried.

use serde_json::Value;

use crate::Rule;
use crate::reference::Reference;

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Compare(Reference, Comparison),
    Present(Reference, bool),
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
}

#[derive(Clone, Debug)]
pub(crate) enum Comparison {
    Boolean(bool),
    Text(String),
    Equal(f64),
    Less(f64),
    Greater(f64),
}

impl Test {
    /// Reads a rule in which [`Rule::flaw`] found nothing.
    ///
    /// # Errors
    /// The path that cannot be read, and why.
    pub(super) fn read(rule: &Rule) -> Result<Self, (String, &'static str)> {
        let all = |rules: &[Rule]| rules.iter().map(Self::read).collect::<Result<Vec<_>, _>>();
        if let Some(rules) = &rule.and {
            return Ok(Self::And(all(rules)?));
        }
        if let Some(rules) = &rule.or {
            return Ok(Self::Or(all(rules)?));
        }
        if let Some(inner) = &rule.not {
            return Ok(Self::Not(Box::new(Self::read(inner)?)));
        }
        let path = rule.variable.as_deref().unwrap_or_default();
        let path = Reference::parse(path).map_err(|reason| (path.to_owned(), reason))?;
        if let Some(present) = rule.is_present {
            return Ok(Self::Present(path, present));
        }
        let comparison = match rule {
            Rule { boolean_equals: Some(value), .. } => Comparison::Boolean(*value),
            Rule { string_equals: Some(value), .. } => Comparison::Text(value.clone()),
            Rule { numeric_equals: Some(value), .. } => Comparison::Equal(*value),
            Rule { numeric_less_than: Some(value), .. } => Comparison::Less(*value),
            Rule { numeric_greater_than: Some(value), .. } => Comparison::Greater(*value),
            _ => return Err((path.text().to_owned(), "is compared with nothing")),
        };
        Ok(Self::Compare(path, comparison))
    }

    /// Whether it holds. A value of another type than what it is compared with is not equal, less or greater.
    ///
    /// # Errors
    /// The path of a comparison at which the input has nothing.
    pub(crate) fn holds(&self, input: &Value) -> Result<bool, &Reference> {
        match self {
            Self::Present(path, present) => Ok(path.get(input).is_some() == *present),
            Self::Compare(path, comparison) => {
                path.get(input).map(|value| comparison.holds(value)).ok_or(path)
            }
            Self::Not(inner) => inner.holds(input).map(|holds| !holds),
            Self::And(tests) => {
                for test in tests {
                    if !test.holds(input)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(tests) => {
                for test in tests {
                    if test.holds(input)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

impl Comparison {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Boolean(wanted) => value.as_bool() == Some(*wanted),
            Self::Text(wanted) => value.as_str() == Some(wanted),
            Self::Equal(wanted) => value.as_f64().is_some_and(|value| value == *wanted),
            Self::Less(wanted) => value.as_f64().is_some_and(|value| value < *wanted),
            Self::Greater(wanted) => value.as_f64().is_some_and(|value| value > *wanted),
        }
    }
}
