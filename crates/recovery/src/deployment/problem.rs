//! What is wrong with a deployment file, and where.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

/// Everything that is wrong with one file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{}:{}: {}", self.file, problem.line, problem.column, problem.reason)?;
            if !problem.hint.is_empty() {
                write!(f, "\n  hint: {}", problem.hint)?;
            }
        }
        Ok(())
    }
}

impl Problem {
    /// A problem at the start of a byte range of `text`.
    pub(super) fn at(text: &str, span: &Range<usize>, reason: String, hint: String) -> Self {
        let before = text.as_bytes().get(..span.start.min(text.len())).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        Self { line, column, reason, hint }
    }
}
