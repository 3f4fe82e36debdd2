//! One question, its time, and its answer.

use std::future::Future;
use std::time::{Duration, Instant};

use recovery::preflight::{Check, Finding, State};
use tokio::time::timeout;

use super::LIMIT;
use crate::aws::{CallFailed, cause};
use crate::database::DatabaseError;
use crate::lease_store::LeaseStoreError;
use crate::probe::ProbeError;

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// The answer is no.
    Failed(String),
    /// There is no answer.
    Unknown(String),
    /// It could not be asked because of what another check found.
    Blocked(Check),
}

/// What was found, in words, or why not.
pub(super) type Answer = Result<String, Gap>;

impl Gap {
    /// In these words: a no if there was an answer, else no answer.
    pub(super) fn told(answered: bool, words: String) -> Self {
        if answered { Self::Failed(words) } else { Self::Unknown(words) }
    }
}

impl From<CallFailed> for Gap {
    fn from(error: CallFailed) -> Self {
        Self::told(error.refused, cause(&error))
    }
}

impl From<LeaseStoreError> for Gap {
    fn from(error: LeaseStoreError) -> Self {
        let unread = matches!(&error, LeaseStoreError::Read(error) if !error.refused);
        Self::told(!unread, cause(&error))
    }
}

impl From<DatabaseError> for Gap {
    fn from(error: DatabaseError) -> Self {
        Self::told(!error.is_unanswered(), cause(&error))
    }
}

impl From<ProbeError> for Gap {
    fn from(error: ProbeError) -> Self {
        Self::told(!error.is_unanswered(), cause(&error))
    }
}

/// `Ok` with the words when it is so, else a failure with the other words.
pub(super) fn judge(well: bool, good: impl Into<String>, bad: impl Into<String>) -> Answer {
    if well { Ok(good.into()) } else { Err(Gap::Failed(bad.into())) }
}

/// What is there, or the check that should have found it.
pub(super) fn from_check<T>(known: Option<T>, check: Check) -> Result<T, Gap> {
    known.ok_or(Gap::Blocked(check))
}

/// Asks for at most [`LIMIT`].
pub(super) async fn ask(check: Check, question: impl Future<Output = Answer>) -> Finding {
    ask_within(LIMIT, check, question).await
}

/// Asks for at most `limit`.
pub(super) async fn ask_within(
    limit: Duration,
    check: Check,
    question: impl Future<Output = Answer>,
) -> Finding {
    let begun = Instant::now();
    // Boxed: a future of all checks at once is more than the compiler lays out.
    let answer = timeout(limit, Box::pin(question)).await;
    let answer = answer.unwrap_or_else(|_| Err(late(limit)));
    let (state, detail) = match answer {
        Ok(detail) => (State::Passed, detail),
        Err(Gap::Failed(detail)) => (State::Failed, detail),
        Err(Gap::Unknown(detail)) => (State::Unknown, detail),
        Err(Gap::Blocked(by)) => (State::Blocked(by), format!("`{}` did not pass", by.name())),
    };
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Finding { check, state, detail, took_ms }
}

/// There was no answer in time.
pub(super) fn late(limit: Duration) -> Gap {
    Gap::Unknown(format!("no answer within {} s", limit.as_secs()))
}
