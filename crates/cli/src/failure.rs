//! How a command fails: what happened, why, and what to type next.

use std::error::Error;

use anstyle::{AnsiColor, Style};

use crate::screen::{RED, say};

/// Exit code of a command that ran and found its objectives missed.
pub const OBJECTIVES_MISSED: u8 = 3;

const CYAN: Style = AnsiColor::Cyan.on_default().bold();

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    /// 1: failed or refused. 2: usage or invalid file.
    pub code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A command that failed or was refused.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// A file or an argument that cannot be meant.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::failed(message) }
    }

    /// Adds the error behind it, and every error behind that one.
    #[must_use]
    pub fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.causes.last().is_none_or(|last| !last.ends_with(&text)) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What there is to say, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{RED}error{RED:#}: {}", self.message)];
        lines.extend(self.causes.iter().map(|cause| format!("  because: {cause}")));
        lines.extend(self.hint.iter().map(|hint| format!("{CYAN}hint{CYAN:#}: {hint}")));
        lines
    }

    /// Says it on standard error.
    pub fn print(&self) {
        self.lines().iter().for_each(|line| say(line));
    }
}
