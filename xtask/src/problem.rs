//! What went wrong, and what to do about it.

use std::fmt;
use std::path::Path;

/// A failure of a task, with a hint for the person who typed it.
#[derive(Debug)]
pub struct Problem {
    what: String,
    hint: String,
}

impl Problem {
    /// What failed, on what value; and what to type or change next.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Problem { what: what.into(), hint: hint.into() }
    }

    /// A file that cannot be read or written.
    pub fn file(path: &Path, error: impl fmt::Display) -> Self {
        Problem::new(
            format!("`{}`: {error}", path.display()),
            "check that it exists and that you may access it",
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}\nhint: {}", self.what, self.hint)
    }
}
