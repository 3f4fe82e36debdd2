//! Why a scenario cannot be read, or not be run on a deployment.

/// A scenario that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScenario {
    /// Not TOML, or not of the scenario's form; the message names line and column.
    #[error("{file}:{line}:{column}: {reason}")]
    Form {
        /// File the text came from.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Well formed, and yet not to be run.
    #[error("{file}: {reason}")]
    Meaning {
        /// File the text came from.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

/// A scenario about containers, on a deployment that has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scenario {scenario} is about containers, and {deployment} runs functions")]
pub struct Misfit {
    /// The scenario.
    pub scenario: String,
    /// The deployment.
    pub deployment: String,
}
