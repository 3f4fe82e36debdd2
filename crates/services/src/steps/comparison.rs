//! Journal = database: what was acknowledged is settled as it was acknowledged, and nothing else is. The
//! failover asks this of what it has replayed, the failback before the database moves.

use recovery::Region;
use recovery::reconcile::{Kind, Report, SETTLING_MS, Surroundings};
use recovery::step::{Action, Context, Outcome};
use recovery::window::replay_start;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::replay::CALL_LIMIT;
use super::{StepContext, StepError, failback};
use crate::database::Database;
use crate::reconciler::minute::{self, CompareError, MINUTE_MS};
use crate::telemetry::now_ms;

/// A take-over that is older does not say where a comparison begins: its replay was compared then.
const RECENT_MS: u64 = 60 * MINUTE_MS;

/// Where a comparison stands. Opaque to the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    /// The next minute, in milliseconds since the Unix epoch.
    next_ms: u64,
    /// Ids made up to here.
    to_ms: u64,
}

/// Compares as many minutes as fit into one call.
///
/// A difference that nothing explains is an error, and the cursor stays where this call began. `NotYet` where
/// waiting may help: the sweep queues the order again and it is settled, or the copy arrives.
pub(super) async fn compare_journal(
    steps: &StepContext,
    context: &Context,
    cursor: Option<&str>,
) -> Result<Outcome, StepError> {
    let begun = Instant::now();
    let outcome = |cursor: Option<&Cursor>, detail: String| {
        let text = |cursor| serde_json::to_string(cursor).expect("a cursor has only text keys");
        let (done, cursor) = (cursor.is_none(), cursor.map(text));
        Ok(Outcome { action: Action::CompareJournal, done, cursor, detail, replayed: 0 })
    };
    let lease = steps.require_ownership(context).await?;
    if failback::has_moved(steps, &lease).await? {
        return outcome(None, failback::MOVED.to_owned());
    }
    let mut cursor = match cursor {
        Some(text) => {
            serde_json::from_str(text).map_err(|error| StepError::Invalid(format!("the cursor: {error}")))?
        }
        None => window(steps, context, now_ms()),
    };
    let replica = failback::copy_there(steps, context, &lease).await?;
    let mut equal = 0;
    while cursor.next_ms <= cursor.to_ms {
        if begun.elapsed() >= CALL_LIMIT {
            return outcome(Some(&cursor), format!("{equal} orders of this page are equal"));
        }
        equal += compare_minute(steps, replica, cursor.next_ms).await?;
        cursor.next_ms += MINUTE_MS;
    }
    let and_replica =
        if replica.is_some() { ", and so is the other region's database but for its lag" } else { "" };
    outcome(
        None,
        format!("the journal and the database are equal{and_replica}; {equal} orders of the last page"),
    )
}

/// How many orders of the minute are equal; an error where one is not, and nothing explains it.
async fn compare_minute(
    steps: &StepContext,
    replica: Option<(&Database, Option<u64>)>,
    minute_ms: u64,
) -> Result<u64, StepError> {
    // What a queue holds explains nothing here: a step waits for it to be settled.
    let seen = Surroundings { now_ms: now_ms(), ..Surroundings::default() };
    let compared = minute::compare(&steps.journal, &steps.database, replica, minute_ms, &seen).await;
    let compared = compared.map_err(|error| refused(error, &steps.regions.peer))?;
    let report = Report::of(&compared.differences);
    if report.unexplained_count() > 0 {
        return Err(told(&report));
    }
    let absent = compared.differences.iter().filter(|one| one.kind == Kind::NotSettled).count() as u64;
    Ok(compared.orders.saturating_sub(absent))
}

fn told(report: &Report) -> StepError {
    let first = report.unexplained().next();
    let words = match first {
        Some(finding) if finding.kind == Kind::NotSettled && report.unexplained().count() == 1 => {
            let example = finding.examples.first().map_or("", String::as_str);
            format!("{} acknowledged orders are not settled, such as {example}", finding.count)
        }
        _ => format!("nothing explains {}", report.words()),
    };
    if report.unexplained().all(|finding| finding.kind.may_pass()) {
        StepError::NotYet(words)
    } else {
        StepError::transient("the comparison", words)
    }
}

fn refused(error: CompareError, peer: &Region) -> StepError {
    match error {
        CompareError::Replica(error) => {
            StepError::NotYet(format!("the database in {peer}: {}", crate::aws::cause(&error)))
        }
        CompareError::Writer(error) => error.into(),
        error @ CompareError::Journal(_) => StepError::transient("a page of the journal", error),
    }
}

/// From a replay margin before the take-over, or before now when that is long ago, to what may be under way.
fn window(steps: &StepContext, context: &Context, now_ms: u64) -> Cursor {
    let recent = now_ms.saturating_sub(context.taken_at_ms) < RECENT_MS;
    let back_from_ms = if recent { context.taken_at_ms } else { now_ms };
    let from_ms = replay_start(None, back_from_ms, steps.replay.margin);
    Cursor { next_ms: from_ms / MINUTE_MS * MINUTE_MS, to_ms: now_ms.saturating_sub(SETTLING_MS) }
}
