//! Replays the journal: settles what the promoted database lacks, page by page.
//!
//! The window is fixed when the replay begins and travels in the cursor. A replay
//! that is killed goes on from its last cursor, or begins anew: orders that are
//! settled already stay as they are.

use std::time::Duration;

use recovery::order::journal_partitions;
use recovery::step::{Action, Context, Outcome};
use recovery::window;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{SERVICE, StepContext, StepError};
use crate::database::settlement::{self, Settlement, Source};
use crate::journal::{Entry, Page};
use crate::telemetry::{self, Metric, now_ms};

/// Each partition of the journal holds one minute, in so many shards.
const MINUTE_MS: u64 = 60_000;
/// Partitions read at once.
const WIDTH: usize = 8;
/// Entries of one page of a partition.
const PAGE_MAX: u32 = 200;
/// A call that has taken longer begins no further round; it returns its cursor.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(8);

/// Partitions that were begun: their number, and the id they go on after.
pub(super) type Open = Vec<(u64, Option<String>)>;

/// Where a replay stands. Opaque to the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// Ids made from here, in milliseconds since the Unix epoch.
    pub(super) from_ms: u64,
    /// Ids made up to here.
    pub(super) to_ms: u64,
    /// The first partition that was not begun, counted from the window's first.
    pub(super) next: u64,
    /// Partitions that were begun and have more.
    pub(super) open: Open,
}

impl Cursor {
    pub(super) fn parse(text: &str) -> Result<Self, StepError> {
        let invalid = |why: String| StepError::Invalid(format!("the cursor: {why}"));
        let cursor: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if cursor.from_ms <= cursor.to_ms {
            Ok(cursor)
        } else {
            Err(invalid("its window is empty".to_owned()))
        }
    }

    /// How many partitions the window has.
    pub(super) fn partitions(&self, shards: u32) -> u64 {
        (self.to_ms / MINUTE_MS - self.from_ms / MINUTE_MS + 1) * u64::from(shards.max(1))
    }

    /// A partition by its number in the window; `None` beyond it.
    fn partition(&self, number: u64, shards: u32) -> Option<String> {
        let at_ms = self.from_ms.checked_add((number / u64::from(shards.max(1))).checked_mul(MINUTE_MS)?)?;
        if number >= self.partitions(shards) {
            return None;
        }
        let shard = usize::try_from(number % u64::from(shards.max(1))).ok()?;
        journal_partitions(at_ms, at_ms, shards).nth(shard)
    }

    /// Begins as many partitions as are read at once; false when none is left.
    pub(super) fn advance(&mut self, shards: u32) -> bool {
        while self.open.len() < WIDTH && self.next < self.partitions(shards) {
            self.open.push((self.next, None));
            self.next += 1;
        }
        !self.open.is_empty()
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("a cursor has only text keys")
    }
}

/// Settles as many pages as fit into one call.
pub(super) async fn replay(
    steps: &StepContext,
    context: &Context,
    cursor: Option<&str>,
) -> Result<Outcome, StepError> {
    let begun = Instant::now();
    steps.require_leave(context).await?;
    let mut cursor = match cursor {
        Some(text) => Cursor::parse(text)?,
        None => begin(steps, context).await?,
    };
    let shards = steps.journal.shards();
    let partitions = cursor.partitions(shards);
    let (mut replayed, mut seen) = (0, 0);
    let done = loop {
        if !cursor.advance(shards) {
            break true;
        }
        if begun.elapsed() >= CALL_LIMIT {
            break false;
        }
        let (entries, open) = round(steps, &cursor).await?;
        seen += entries.len();
        replayed += settle(steps, context, &entries).await?;
        cursor.open = open;
    };
    telemetry::count(SERVICE, Metric::OrdersReplayed, replayed);
    let through = cursor.next.saturating_sub(cursor.open.len() as u64);
    let detail = format!(
        "{replayed} of {seen} acknowledged orders were missing; {through} of {partitions} partitions are through"
    );
    let cursor = (!done).then(|| cursor.text());
    Ok(Outcome { action: Action::ReplayJournal, done, cursor, detail, replayed })
}

/// The window: from the database's watermark less the margin and the oldest id that was still
/// taken then, to the youngest id that any region can have taken by now.
async fn begin(steps: &StepContext, context: &Context) -> Result<Cursor, StepError> {
    let connection = steps.database.connect().await?;
    let watermark = match settlement::watermark(&connection).await {
        Ok(watermark) => watermark,
        Err(error) => {
            connection.discard();
            return Err(error.into());
        }
    };
    let now_ms = now_ms();
    Ok(Cursor {
        from_ms: window::replay_start(watermark, context.taken_at_ms, steps.replay.margin),
        to_ms: window::replay_end(watermark, now_ms.max(context.taken_at_ms)),
        next: 0,
        open: Vec::new(),
    })
}

/// Reads one page of every open partition; returns the entries, and what is still open after them.
pub(super) async fn round(steps: &StepContext, cursor: &Cursor) -> Result<(Vec<Entry>, Open), StepError> {
    let mut reads = JoinSet::new();
    for (number, after) in cursor.open.clone() {
        let journal = steps.journal.clone();
        let partition = cursor
            .partition(number, journal.shards())
            .ok_or_else(|| StepError::Invalid(format!("the cursor: there is no partition {number}")))?;
        reads.spawn(async move { (number, journal.page(&partition, after.as_deref(), PAGE_MAX).await) });
    }
    let (mut entries, mut still_open) = (Vec::new(), Vec::new());
    while let Some(read) = reads.join_next().await {
        let (number, page) = read.map_err(|error| StepError::transient("a page of the journal", error))?;
        let Page { entries: mut found, next } =
            page.map_err(|error| StepError::transient("a page of the journal", error))?;
        entries.append(&mut found);
        if next.is_some() {
            still_open.push((number, next));
        }
    }
    still_open.sort();
    Ok((entries, still_open))
}

/// Settles those of `entries` that are missing and says how many those were.
async fn settle(steps: &StepContext, context: &Context, entries: &[Entry]) -> Result<u64, StepError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let mut connection = steps.database.connect().await?;
    let settled =
        settlement::settle(&mut connection, context.epoch, &context.region, Source::Replay, entries).await;
    match settled {
        Ok(Settlement::Settled(outcome)) => {
            for rejected in &outcome.rejected {
                tracing::error!(order = %rejected.id, reason = rejected.reason, "an order cannot be replayed");
            }
            Ok(u64::try_from(outcome.settled.len()).unwrap_or(u64::MAX))
        }
        Ok(Settlement::Refused { fence, mine }) if fence > mine => {
            Err(StepError::NotOwner(format!("the fence stands at epoch {fence}, above {mine}")))
        }
        Ok(Settlement::Refused { fence, mine }) => {
            Err(StepError::NotYet(format!("the fence stands at epoch {fence}, below {mine}")))
        }
        Err(error) => {
            connection.discard();
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a replay reads each partition of its window, and a cursor survives the workflow or is
    //! refused. Method: round trips and damaged texts.

    use super::*;

    #[test]
    fn numbered_partitions_are_those_of_the_window() {
        let cursor = Cursor { from_ms: 1_000_059_999, to_ms: 1_000_181_000, next: 0, open: Vec::new() };
        for shards in [1, 4] {
            let all: Vec<_> = journal_partitions(cursor.from_ms, cursor.to_ms, shards).collect();
            let count = cursor.partitions(shards);
            let numbered: Vec<_> = (0..count).filter_map(|number| cursor.partition(number, shards)).collect();
            assert_eq!(numbered, all);
            assert_eq!(cursor.partition(count, shards), None);
        }
        let whole = Cursor { from_ms: 0, to_ms: 1, next: 0, open: Vec::new() };
        assert_eq!(whole.partition(u64::MAX, 1), None);
    }

    #[test]
    fn a_cursor_survives_the_workflow_and_a_damaged_one_is_refused() {
        let cursor =
            Cursor { from_ms: 1, to_ms: 9, next: 3, open: vec![(1, None), (2, Some("id".to_owned()))] };
        assert_eq!(Cursor::parse(&cursor.text()).expect("its own text"), cursor);
        for text in ["", "7", "{}", r#"{"from_ms":9,"to_ms":1,"next":0,"open":[]}"#] {
            assert!(matches!(Cursor::parse(text), Err(StepError::Invalid(_))), "{text}");
        }
    }
}
