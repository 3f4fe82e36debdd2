//! What can go wrong at the database, told apart as far as a caller acts differently.

use std::error::Error;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::settings::Endpoint;

/// Raised by the schema when a writer's epoch lies below the fence.
const BELOW_FENCE: &str = "SF001";

/// Why the database could not do what it was asked. None of these carries a password or a token.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The host or user could not be put into an authentication token.
    #[error("`{0}` cannot be a database host or user: only letters, digits, `.`, `-` and `_` are")]
    Name(String),
    /// The authorities of the database's certificate cannot be used.
    #[error("the certificate authorities in {from} cannot be used")]
    Authorities {
        /// The file, or what stands in for one.
        from: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No password could be made, mostly for want of AWS credentials.
    #[error("no authentication token for the database at {endpoint}")]
    Token {
        /// The database.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database refused the connection or cannot be reached.
    #[error("no connection to the database at {endpoint}")]
    Connect {
        /// The database.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The database was silent for too long.
    #[error("the database at {endpoint} did not answer within {limit:?}")]
    Silent {
        /// The database.
        endpoint: Endpoint,
        /// How long it had.
        limit: Duration,
    },
    /// The database is a replica, or was demoted.
    #[error("the database takes no writes")]
    ReadOnly,
    /// The schema is not there yet.
    #[error("the database has no settlement schema yet")]
    NoSchema,
    /// The epoch of a write lies below the fence.
    #[error("the database's fence refuses this epoch")]
    BelowFence,
    /// A statement failed for another reason.
    #[error("a statement failed")]
    Statement(#[source] tokio_postgres::Error),
    /// A migration failed; the schema is as the last successful one left it.
    #[error("the schema cannot be brought up to date")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
    /// A stored value is outside of what the schema promises.
    #[error("column `{0}` holds an impossible value")]
    Impossible(&'static str),
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Self::ReadOnly,
            Some(&SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_FUNCTION) => Self::NoSchema,
            Some(code) if code.code() == BELOW_FENCE => Self::BelowFence,
            _ => Self::Statement(error),
        }
    }
}

impl DatabaseError {
    /// Whether the database said nothing, so that how it stands is not known.
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Silent { .. } => true,
            Self::Connect { source, .. } | Self::Statement(source) => source.as_db_error().is_none(),
            _ => false,
        }
    }

    /// In words, when a row itself is to blame and no repetition can help: a data exception
    /// (class 22) or a violated constraint (class 23). Leaves out the row's content.
    pub(super) fn fault_of_row(&self) -> Option<String> {
        let Self::Statement(error) = self else { return None };
        let refusal = error.as_db_error()?;
        let code = refusal.code().code();
        let faulty = code.starts_with("22") || code.starts_with("23");
        faulty.then(|| format!("{} ({code})", refusal.message()))
    }
}
