//! Why a step did not succeed, under the names that the workflow's retries and catches match.

use std::error::Error;

use lambda_runtime::Diagnostic;
use recovery::step::error;

use crate::aws::CallFailed;
use crate::database::DatabaseError;
use crate::lease_store::LeaseStoreError;

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Not so far yet.
    #[error("not yet: {0}")]
    NotYet(String),
    /// The lease belongs to somebody else.
    #[error("not the owner: {0}")]
    NotOwner(String),
    /// The outage cannot be confirmed.
    #[error("outage not confirmed: {0}")]
    NotConfirmed(String),
    /// The database has gone home.
    #[error("the database has moved: {0}")]
    Moved(String),
    /// A call failed in a way that may pass.
    #[error("{what}{}", causes(.source.as_ref()))]
    Transient {
        /// What was tried.
        what: &'static str,
        /// What came of it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The input is no request, or asks for what cannot be.
    #[error("invalid request: {0}")]
    Invalid(String),
}

impl StepError {
    /// `what` was tried, and `source` came of it.
    pub fn transient(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Transient { what, source: source.into() }
    }

    /// The name that Step Functions sees.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotYet(_) => error::NOT_YET,
            Self::NotOwner(_) => error::NOT_OWNER,
            Self::NotConfirmed(_) => error::NOT_CONFIRMED,
            Self::Moved(_) => error::MOVED,
            Self::Transient { .. } => error::TRANSIENT,
            Self::Invalid(_) => error::INVALID,
        }
    }
}

/// Every cause in a row: a state machine's history shows the message alone.
fn causes(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let mut text = format!(": {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        Self { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}

impl From<LeaseStoreError> for StepError {
    fn from(error: LeaseStoreError) -> Self {
        Self::transient("the lease", error)
    }
}

impl From<CallFailed> for StepError {
    fn from(error: CallFailed) -> Self {
        Self::transient("an AWS call", error)
    }
}

impl From<DatabaseError> for StepError {
    fn from(error: DatabaseError) -> Self {
        match error {
            // The endpoint still leads to a replica, or to nobody.
            DatabaseError::ReadOnly | DatabaseError::NoSchema => Self::NotYet(error.to_string()),
            error => Self::transient("the database", error),
        }
    }
}
