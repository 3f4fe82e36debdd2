//! Why a benchmark came to no figure.

use std::error::Error;
use std::fmt::{self, Display};

/// What failed, on what, and why.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// Something that failed for this reason.
    pub fn new(what: impl Display, reason: impl Error) -> Self {
        let mut said = format!("{what}: {reason}");
        let mut source = reason.source();
        while let Some(cause) = source {
            said = format!("{said}: {cause}");
            source = cause.source();
        }
        Self(said)
    }

    /// Something that failed for no other reason.
    pub fn plain(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
