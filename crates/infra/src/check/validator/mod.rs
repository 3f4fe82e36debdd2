//! What other people's validators say, read from what they print. The command line runs them.

pub mod asl_validator;
pub mod cfn_guard;
pub mod cfn_lint;

use std::fmt;

use serde::{Deserialize, Serialize};

/// A validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// CloudFormation's linter.
    CfnLint,
    /// A validator of Amazon States Language.
    AslValidator,
    /// CloudFormation Guard, with Control Tower's rules.
    CfnGuard,
}

/// One thing that a validator objects to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The tool's name of its rule.
    pub rule: String,
    /// Construct path; a stack or a file where the tool names no resource.
    pub path: String,
    /// What is wrong, in the tool's words.
    pub what: String,
}

/// Output that is not what the tool is known to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its output cannot be understood: {0}")]
pub struct Garbled(pub String);

impl Tool {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::CfnLint, Self::AslValidator, Self::CfnGuard];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CfnLint => "cfn-lint",
            Self::AslValidator => "asl-validator",
            Self::CfnGuard => "cfn-guard",
        }
    }

    /// The version whose findings our list of acceptances is about.
    pub fn pinned(self) -> &'static str {
        match self {
            Self::CfnLint => "1.58.0",
            Self::AslValidator => "4.0.0",
            Self::CfnGuard => "3.1.1, rules of 0.0.62",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Name of the file of a stack's template, and back.
pub fn template_file(stack: &str) -> String {
    format!("{stack}{TEMPLATE}")
}

const TEMPLATE: &str = ".template.json";

/// The stack whose template lies in this file.
fn stack_of(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(TEMPLATE).unwrap_or(name)
}

#[cfg(test)]
mod tests;
