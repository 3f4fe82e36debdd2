//! The tests of a Choice state.

use serde::{Deserialize, Serialize};

/// One rule of a Choice, or a test inside one. Exactly one test is set; only a rule
/// of the outermost level has a `next`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    /// JSONPath of what is tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// It is this boolean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boolean_equals: Option<bool>,
    /// It is this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_equals: Option<String>,
    /// It is this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numeric_equals: Option<f64>,
    /// It is less than this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numeric_less_than: Option<f64>,
    /// It is greater than this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numeric_greater_than: Option<f64>,
    /// It is there, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_present: Option<bool>,
    /// All of these hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub and: Option<Vec<Rule>>,
    /// One of these holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or: Option<Vec<Rule>>,
    /// This does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Rule>>,
    /// Where to go when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Rule {
    /// `variable` is this boolean.
    pub fn boolean(variable: &str, equals: bool) -> Self {
        Self { variable: Some(variable.to_owned()), boolean_equals: Some(equals), ..Self::default() }
    }

    /// `variable` is there, or not.
    pub fn present(variable: &str, is_present: bool) -> Self {
        Self { variable: Some(variable.to_owned()), is_present: Some(is_present), ..Self::default() }
    }

    /// Goes to `next` when it holds.
    #[must_use]
    pub fn then(mut self, next: &str) -> Self {
        self.next = Some(next.to_owned());
        self
    }

    /// What is wrong with the test, if anything.
    pub(crate) fn flaw(&self, outermost: bool) -> Option<&'static str> {
        let comparisons = [
            self.boolean_equals.is_some(),
            self.string_equals.is_some(),
            self.numeric_equals.is_some(),
            self.numeric_less_than.is_some(),
            self.numeric_greater_than.is_some(),
            self.is_present.is_some(),
        ];
        let comparisons = comparisons.into_iter().filter(|set| *set).count();
        let nested = [self.and.is_some(), self.or.is_some(), self.not.is_some()];
        let nested = nested.into_iter().filter(|set| *set).count();
        if comparisons + nested != 1 {
            return Some("needs exactly one test");
        }
        if (comparisons == 1) != self.variable.is_some() {
            return Some("needs a variable for a comparison, and none for and, or, not");
        }
        if outermost != self.next.is_some() {
            return Some("needs a next at the outermost level, and nowhere else");
        }
        let lists = self.and.iter().chain(&self.or);
        if lists.clone().any(Vec::is_empty) {
            return Some("needs something to combine");
        }
        lists.flatten().chain(self.not.as_deref()).find_map(|inner| inner.flaw(false))
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let variable = self.variable.as_deref().unwrap_or_default();
        let joined = |rules: &[Rule], word: &str| {
            rules.iter().map(|rule| format!("({rule})")).collect::<Vec<_>>().join(word)
        };
        match self {
            Self { boolean_equals: Some(value), .. } => write!(f, "{variable} is {value}"),
            Self { string_equals: Some(value), .. } => write!(f, "{variable} is {value}"),
            Self { numeric_equals: Some(value), .. } => write!(f, "{variable} = {value}"),
            Self { numeric_less_than: Some(value), .. } => write!(f, "{variable} < {value}"),
            Self { numeric_greater_than: Some(value), .. } => write!(f, "{variable} > {value}"),
            Self { is_present: Some(true), .. } => write!(f, "{variable} is present"),
            Self { is_present: Some(false), .. } => write!(f, "{variable} is absent"),
            Self { and: Some(rules), .. } => f.write_str(&joined(rules, " and ")),
            Self { or: Some(rules), .. } => f.write_str(&joined(rules, " or ")),
            Self { not: Some(rule), .. } => write!(f, "not ({rule})"),
            _ => f.write_str("never"),
        }
    }
}
