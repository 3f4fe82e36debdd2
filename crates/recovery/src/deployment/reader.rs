//! Reads TOML by hand, so that a wrong field does not hide the next one.

mod optional;

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::{ENVIRONMENTS, Environment};
use super::value::{described, integer, kind};
use super::{Problem, Problems};
use crate::Region;

/// The field that holds the name of the file's own environment.
const NAME: &str = "environment";

/// Collects values and problems. A field that could not be read gets a stand-in
/// value and no place, and every rule that involves it is left out.
pub(super) struct Reader<'t> {
    text: &'t str,
    places: BTreeMap<String, Range<usize>>,
    problems: Vec<(usize, Problem)>,
}

/// One table of the file, and what an environment says instead; `None` inside when it is absent or not
/// a table.
pub(super) struct Section<'a, 't> {
    path: &'static str,
    table: Option<&'a DeTable<'t>>,
    instead: Option<&'a DeTable<'t>>,
    place: Range<usize>,
}

impl<'t> Reader<'t> {
    /// Reads a file that is parsed already.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, places: BTreeMap::new(), problems: Vec::new() }
    }

    /// Parses the file; syntax errors become problems.
    pub(super) fn open(text: &'t str) -> (Spanned<DeTable<'t>>, Self) {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut reader = Self::new(text);
        for error in errors {
            let hint = "this is not TOML; see https://toml.io for its rules";
            reader.report(&error.span().unwrap_or(0..0), error.message().to_owned(), hint);
        }
        (root, reader)
    }

    /// The problems found, or nothing.
    pub(super) fn finish(mut self, file_name: &str) -> Result<(), Problems> {
        if self.problems.is_empty() {
            return Ok(());
        }
        self.problems.sort_by_key(|(start, _)| *start);
        let problems = self.problems.into_iter().map(|(_, problem)| problem).collect();
        Err(Problems { file: file_name.to_owned(), problems })
    }

    /// Reports a problem at the first of `fields`, unless one of them could not be read.
    pub(super) fn refuse(&mut self, fields: &[&str], reason: impl Into<String>, hint: &str) {
        let readable = fields.iter().all(|field| self.places.contains_key(*field));
        let place = fields.first().and_then(|field| self.places.get(*field)).cloned();
        if let (true, Some(place)) = (readable, place) {
            self.report(&place, reason.into(), hint);
        }
    }

    /// Like [`Reader::refuse`], when `broken`.
    pub(super) fn refuse_if(&mut self, broken: bool, fields: &[&str], reason: String, hint: &str) {
        if broken {
            self.refuse(fields, reason, hint);
        }
    }

    /// Adds what another reader of the same file found, each problem once, as `tell` tells it.
    pub(super) fn add(&mut self, other: Self, tell: impl Fn(String) -> String) {
        for (start, mut problem) in other.problems {
            let known = |(at, one): &(usize, Problem)| *at == start && one.reason == problem.reason;
            if !self.problems.iter().any(known) {
                problem.reason = tell(problem.reason);
                self.problems.push((start, problem));
            }
        }
    }

    pub(super) fn report(&mut self, place: &Range<usize>, reason: String, hint: &str) {
        let problem = Problem::at(self.text, place, reason, hint.to_owned());
        self.problems.push((place.start, problem));
    }

    /// The file's top level as one environment has it. `fields` and `sections` are all it may hold,
    /// and [`ENVIRONMENTS`].
    pub(super) fn root<'a>(
        &mut self,
        root: &'a Spanned<DeTable<'t>>,
        environment: Option<&Environment<'a, 't>>,
        fields: &[&str],
        sections: &[&str],
    ) -> Section<'a, 't> {
        let instead = environment.map(|environment| environment.table);
        let section = Section { path: "", table: Some(root.get_ref()), instead, place: 0..0 };
        let known: Vec<&str> = fields.iter().chain(sections).copied().collect();
        let everything: Vec<&str> = known.iter().copied().chain([ENVIRONMENTS]).collect();
        self.refuse_unknown(&section, section.table, &everything);
        let known: Vec<&str> = known.into_iter().filter(|field| *field != NAME).collect();
        self.refuse_unknown(&section, instead, &known);
        section
    }

    /// Name of the environment: that of its table, or else the field.
    pub(super) fn environment(
        &mut self,
        root: &Section<'_, 't>,
        environment: Option<&Environment<'_, 't>>,
    ) -> String {
        let own = self.text(root, NAME, "a text, such as \"production\"");
        let Some(environment) = environment else { return own };
        self.places.insert(NAME.to_owned(), environment.place.clone());
        environment.name.to_owned()
    }

    /// A table of the top level. `fields` are all it may hold.
    pub(super) fn section<'a>(
        &mut self,
        root: &Section<'a, 't>,
        name: &'static str,
        fields: &[&str],
    ) -> Section<'a, 't> {
        let Some((place, table)) = self.table(root.table, name) else {
            let hint = format!("add a section [{name}] with {}", fields.join(", "));
            self.report(&(0..0), format!("section `{name}` is missing"), &hint);
            return Section { path: name, table: None, instead: None, place: 0..0 };
        };
        let instead = self.table(root.instead, name).and_then(|(_, table)| table);
        let section = Section { path: name, table, instead, place };
        self.refuse_unknown(&section, table, fields);
        self.refuse_unknown(&section, instead, fields);
        section
    }

    /// A table within a table, and the place of its name; `None` inside when something else is there.
    fn table<'a>(
        &mut self,
        parent: Option<&'a DeTable<'t>>,
        name: &str,
    ) -> Option<(Range<usize>, Option<&'a DeTable<'t>>)> {
        let (key, value) = parent?.get_key_value(name)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            let reason = format!("`{name}` must be a section, not {}", kind(value.get_ref()));
            self.report(&value.span(), reason, &format!("write it as [{name}]"));
        }
        Some((key.span(), table))
    }

    fn refuse_unknown(&mut self, section: &Section<'_, 't>, table: Option<&DeTable<'t>>, known: &[&str]) {
        let hint = format!("known here: {}", known.join(", "));
        for key in table.into_iter().flat_map(|table| table.keys()) {
            if !known.contains(&key.get_ref().as_ref()) {
                self.report(&key.span(), format!("unknown field `{}`", section.field(key.get_ref())), &hint);
            }
        }
    }

    /// Finds a field and converts it; `expected` completes "must be …".
    fn read<T>(
        &mut self,
        section: &Section<'_, 't>,
        key: &str,
        expected: &str,
        convert: impl FnOnce(&DeValue<'t>) -> Option<T>,
    ) -> Option<T> {
        let table = section.table?;
        let field = section.field(key);
        let instead = section.instead.and_then(|instead| instead.get(key));
        let Some(value) = instead.or_else(|| table.get(key)) else {
            let reason = format!("field `{field}` is missing");
            self.report(&section.place, reason, &format!("it must be {expected}"));
            return None;
        };
        let converted = convert(value.get_ref());
        if converted.is_some() {
            self.places.insert(field, value.span());
        } else {
            let reason = format!("`{field}` is {}", described(value.get_ref()));
            self.report(&value.span(), reason, &format!("it must be {expected}"));
        }
        converted
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, section: &Section<'_, 't>, key: &str, expected: &str) -> String {
        let convert = |value: &DeValue<'t>| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.read(section, key, expected, convert).unwrap_or_default()
    }

    /// A list of texts, which may be empty.
    pub(super) fn texts(&mut self, section: &Section<'_, 't>, key: &str, expected: &str) -> Vec<String> {
        let convert = |value: &DeValue<'t>| {
            value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        };
        self.read(section, key, expected, convert).unwrap_or_default()
    }

    /// A text that is one of `choices`; the first stands in.
    pub(super) fn choice<T: Copy>(
        &mut self,
        section: &Section<'_, 't>,
        key: &str,
        choices: &[(&str, T)],
    ) -> T {
        let named: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let convert = |value: &DeValue<'t>| {
            let text = value.as_str()?;
            choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice)
        };
        self.read(section, key, &named.join(" or "), convert).unwrap_or(choices[0].1)
    }

    /// A region name; `aa-none-1` stands in.
    pub(super) fn region(&mut self, section: &Section<'_, 't>, key: &str) -> Region {
        let convert = |value: &DeValue<'t>| Region::new(value.as_str()?).ok();
        self.read(section, key, "the name of an AWS region, such as \"us-east-1\"", convert)
            .unwrap_or_else(|| Region::new("aa-none-1").expect("the stand-in has the form of a region name"))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, section: &Section<'_, 't>, key: &str) -> bool {
        self.read(section, key, "true or false", DeValue::as_bool).unwrap_or_default()
    }

    /// A whole number; `why` explains its range.
    pub(super) fn number(
        &mut self,
        section: &Section<'_, 't>,
        key: &str,
        range: RangeInclusive<u64>,
        why: &str,
    ) -> u64 {
        let expected = format!("a whole number from {} to {}: {why}", range.start(), range.end());
        let convert = |value: &DeValue<'t>| integer(value).filter(|number| range.contains(number));
        self.read(section, key, &expected, convert).unwrap_or_default()
    }

    /// A whole number that counts something.
    pub(super) fn count(
        &mut self,
        section: &Section<'_, 't>,
        key: &str,
        range: RangeInclusive<u32>,
        why: &str,
    ) -> u32 {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        u32::try_from(self.number(section, key, wide, why)).expect("the range ends within u32")
    }

    /// A share in percent, above 0 and at most 100.
    pub(super) fn percent(&mut self, section: &Section<'_, 't>, key: &str) -> f64 {
        let convert = |value: &DeValue<'t>| {
            let number = match value {
                DeValue::Float(float) => float.as_str().parse::<f64>().ok()?,
                DeValue::Integer(whole) => whole.as_str().parse::<f64>().ok()?,
                _ => return None,
            };
            (number > 0.0 && number < 100.0).then_some(number)
        };
        self.read(section, key, "a number above 0 and below 100, in percent", convert).unwrap_or_default()
    }
}

impl Section<'_, '_> {
    fn field(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
