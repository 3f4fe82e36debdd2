//! What a file may leave out, and what lies within a section.

use std::ops::Range;

use toml::de::DeValue;

use super::{Reader, Section};
use crate::deployment::TimeOfDay;

impl<'t> Reader<'t> {
    /// Whether a section of the top level is in the file, or in the environment.
    pub(in crate::deployment) fn has_section(root: &Section<'_, 't>, name: &str) -> bool {
        [root.table, root.instead].into_iter().flatten().any(|table| table.contains_key(name))
    }

    /// Place of a section's name; of the top of the file when it is not there.
    pub(in crate::deployment) fn place_of(root: &Section<'_, 't>, name: &str) -> Range<usize> {
        let tables = [root.table, root.instead].into_iter().flatten();
        tables.filter_map(|table| table.get_key_value(name)).map(|(key, _)| key.span()).next().unwrap_or(0..0)
    }

    /// Whether an optional field is there.
    pub(in crate::deployment) fn has(&self, section: &Section<'_, 't>, key: &str) -> bool {
        section.table.is_some()
            && [section.table, section.instead].into_iter().flatten().any(|table| table.contains_key(key))
    }

    /// A table within a section, by its name and its path from the top; `fields` are all it may hold.
    pub(in crate::deployment) fn inner<'a>(
        &mut self,
        section: &Section<'a, 't>,
        (name, path): (&str, &'static str),
        fields: &[&str],
    ) -> Section<'a, 't> {
        let own = self.table(section.table, name);
        let place = own.as_ref().map_or_else(|| section.place.clone(), |(place, _)| place.clone());
        let table = own.and_then(|(_, table)| table);
        let instead = self.table(section.instead, name).and_then(|(_, table)| table);
        let (table, instead) = if table.is_some() { (table, instead) } else { (instead, None) };
        let inner = Section { path, table, instead, place };
        self.refuse_unknown(&inner, table, fields);
        self.refuse_unknown(&inner, instead, fields);
        inner
    }

    /// A time of day; midnight stands in.
    pub(in crate::deployment) fn time_of_day(&mut self, section: &Section<'_, 't>, key: &str) -> TimeOfDay {
        let convert = |value: &DeValue<'t>| TimeOfDay::parse(value.as_str()?);
        self.read(section, key, "a time of day in UTC, such as \"12:00\"", convert)
            .unwrap_or(TimeOfDay::MIDNIGHT)
    }
}
