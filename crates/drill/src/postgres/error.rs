//! What can go wrong with a server.

use std::io;

use super::{Lsn, START_LIMIT};

/// What can go wrong with a server.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// A file or process could not be made.
    #[error("cannot {action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A PostgreSQL program failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The end of what it wrote.
        output: String,
    },
    /// The server ended while starting.
    #[error("the database server `{name}` ended while starting: {log}")]
    Ended {
        /// Which one.
        name: String,
        /// The end of its log.
        log: String,
    },
    /// The server did not become ready.
    #[error("the database server `{name}` was not ready after {} s", START_LIMIT.as_secs())]
    NotReady {
        /// Which one.
        name: String,
    },
    /// A query failed.
    #[error("cannot {action} on the database server")]
    Query {
        /// What was being done.
        action: &'static str,
        /// What the server or the connection said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A server did not end in order.
    #[error("the database server `{name}` did not stop within {limit_s} s")]
    NotStopped {
        /// Which one.
        name: String,
        /// How long was waited, in seconds.
        limit_s: u64,
    },
    /// A standby did not get everything that its primary had written.
    #[error(
        "the database server `{name}` has replayed up to {replayed} and not to {wanted} within {limit_s} s"
    )]
    NotCaughtUp {
        /// The standby.
        name: String,
        /// How far it is.
        replayed: Lsn,
        /// How far it had to be.
        wanted: Lsn,
        /// How long was waited, in seconds.
        limit_s: u64,
    },
    /// A standby did not begin to stream.
    #[error("the database server `{name}` did not stream within {limit_s} s")]
    NotStreaming {
        /// The standby.
        name: String,
        /// How long was waited, in seconds.
        limit_s: u64,
    },
    /// A program or a server said something that could not be read.
    #[error("`{said}` is no place in the log of the database server `{name}`")]
    NoPlace {
        /// Which one.
        name: String,
        /// What was said.
        said: String,
    },
    /// A standby did not become a primary.
    #[error("the database server `{name}` was not promoted within {limit_s} s")]
    NotPromoted {
        /// Which one.
        name: String,
        /// How long was waited, in seconds.
        limit_s: u64,
    },
}

pub(super) fn io(action: &'static str) -> impl FnOnce(io::Error) -> PostgresError {
    move |source| PostgresError::Io { action, source }
}

pub(super) fn query(action: &'static str) -> impl FnOnce(tokio_postgres::Error) -> PostgresError {
    move |source| PostgresError::Query { action, source }
}
