//! Several environments in one file: `[environments.NAME]` holds what is other there.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::Reader;
use super::value::kind;

/// The table of the top level that holds the other environments.
pub(super) const ENVIRONMENTS: &str = "environments";

/// One environment beside the file's own.
pub(super) struct Environment<'a, 't> {
    pub(super) name: &'a str,
    /// Fields and sections that stand in for those of the file.
    pub(super) table: &'a DeTable<'t>,
    /// Of its name.
    pub(super) place: Range<usize>,
}

/// Every other environment of the file; what is none is reported.
pub(super) fn all<'a, 't>(
    root: &'a Spanned<DeTable<'t>>,
    reader: &mut Reader<'t>,
) -> Vec<Environment<'a, 't>> {
    let Some(tables) = root.get_ref().get(ENVIRONMENTS) else { return Vec::new() };
    let hint = "write each as [environments.NAME], with what is other there";
    let DeValue::Table(tables) = tables.get_ref() else {
        let reason = format!("`{ENVIRONMENTS}` must hold sections, not be {}", kind(tables.get_ref()));
        reader.report(&tables.span(), reason, hint);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in tables {
        match value.get_ref().as_table() {
            Some(table) => found.push(Environment { name: name.get_ref(), table, place: name.span() }),
            None => {
                let reason = format!(
                    "`{ENVIRONMENTS}.{}` must be a section, not {}",
                    name.get_ref(),
                    kind(value.get_ref())
                );
                reader.report(&value.span(), reason, hint);
            }
        }
    }
    found
}

/// Refuses a table for the environment that the file is of anyway.
pub(super) fn refuse_twice(other: &Environment<'_, '_>, own: &str, reader: &mut Reader<'_>) {
    if other.name == own {
        let reason = format!("`{ENVIRONMENTS}.{own}` is the file's own environment");
        reader.report(&other.place, reason, "change the fields of the file itself, or the table's name");
    }
}

/// Refuses an environment that the file does not have.
pub(super) fn refuse_unknown(name: &str, own: &str, others: &[Environment<'_, '_>], reader: &mut Reader<'_>) {
    let present: Vec<&str> = [own].into_iter().chain(others.iter().map(|other| other.name)).collect();
    let reason = format!("there is no environment {name:?} in this file");
    let hint = format!("it has {}; add a section [{ENVIRONMENTS}.NAME] for another", present.join(", "));
    reader.report(&(0..0), reason, &hint);
}
