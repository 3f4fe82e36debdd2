//! What was seen of a run, as far as its scenario expects something of it.

use recovery::history::Facts;
use recovery::verdict::{Expected, MoveVerdict, Seen, expectations};

use super::rehearsal::Rehearsed;
use super::stage::Stage;
use super::{Drill, DrillError, said};
use crate::load::DEADLINE;

/// Every expectation of the scenario, with what was seen.
///
/// # Errors
/// When the functions' log cannot be read.
pub fn judged(
    drill: &Drill<'_>,
    stage: &Stage,
    rehearsed: &Rehearsed,
    facts: &Facts,
    home: Option<&MoveVerdict>,
) -> Result<Vec<Expected>, DrillError> {
    let log = super::logs::read(&stage.emulator.functions_log_file())?;
    let before = &rehearsed.course.before;
    let holds = said::holds(&log).into_iter();
    let holds = holds.filter(|(_, region, _)| region == before.other.as_str());
    let seen = Seen {
        struck_at_ms: before.at_ms,
        ended_at_ms: rehearsed.course.ended_at_ms(),
        owner: (before.epoch, before.owner.clone()),
        owners: rehearsed.lease.first_seen(),
        history: &rehearsed.history,
        settled: facts.settled.iter().map(|row| (row.id, row.settled_at_ms)).collect(),
        writes_refused: facts.writes_refused,
        holds: holds.map(|(at_ms, _, why)| (at_ms, why)).collect(),
        told: Vec::new(),
        went_home: Some(home.is_some_and(|home| home.met)),
        retries_cover_ms: u64::try_from(DEADLINE.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(expectations(&drill.scenario.expected(), &seen, &drill.deployment.objectives))
}
