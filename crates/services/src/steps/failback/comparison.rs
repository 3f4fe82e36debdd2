//! Journal = database: no acknowledged order of the last while is missing, before the database moves.

use recovery::OrderId;
use recovery::step::{Action, Context, Outcome};
use tokio::time::Instant;

use super::super::replay::{CALL_LIMIT, Cursor, round, window_start};
use super::super::{StepContext, StepError};
use super::{MOVED, ask, standing};
use crate::database::settlement::missing;
use crate::telemetry::now_ms;

/// Time that an order has for its ordinary settlement: younger ones are not compared, but for them the
/// window is that of a replay.
const ORDINARY_MS: u64 = 60_000;

/// Compares as many pages as fit into one call.
///
/// An order that is missing is an error, and the cursor stays where this call began: the workflow asks
/// again until the sweep has queued that order once more and it is settled.
pub(in super::super) async fn compare_journal(
    steps: &StepContext,
    context: &Context,
    cursor: Option<&str>,
) -> Result<Outcome, StepError> {
    let begun = Instant::now();
    let outcome = |cursor: Option<String>, detail: String| {
        let done = cursor.is_none();
        Ok(Outcome { action: Action::CompareJournal, done, cursor, detail, replayed: 0 })
    };
    if let (_, true) = standing(steps, context).await? {
        return outcome(None, MOVED.to_owned());
    }
    let mut cursor = match cursor {
        Some(text) => Cursor::parse(text)?,
        None => window(now_ms(), steps),
    };
    let shards = steps.journal.shards();
    let mut compared = 0;
    while cursor.advance(shards) {
        if begun.elapsed() >= CALL_LIMIT {
            let detail = format!("{compared} orders of this page are in the database");
            return outcome(Some(cursor.text()), detail);
        }
        let (entries, open) = round(steps, &cursor).await?;
        // An id may be minutes older than its acknowledgement.
        let old = entries.iter().filter(|entry| entry.acknowledged_at_ms <= cursor.to_ms);
        let ids: Vec<OrderId> = old.map(|entry| entry.order.id).collect();
        let absent = ask(&steps.database, async |client| missing(client, &ids).await).await?;
        if let Some(first) = absent.first() {
            let count = absent.len();
            return Err(StepError::NotYet(format!(
                "{count} acknowledged orders are not settled, such as {first}"
            )));
        }
        compared += ids.len();
        cursor.open = open;
    }
    outcome(None, format!("the journal and the database are equal; {compared} orders of the last page"))
}

fn window(now_ms: u64, steps: &StepContext) -> Cursor {
    Cursor {
        from_ms: window_start(None, now_ms, steps.replay.margin),
        to_ms: now_ms.saturating_sub(ORDINARY_MS),
        next: 0,
        open: Vec::new(),
    }
}
