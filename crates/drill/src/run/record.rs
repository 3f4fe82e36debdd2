//! The history of a drill as a file: what its verdict was taken from.

use recovery::Region;
use recovery::history::{CLOCK_ERROR_MS_MAX, Facts, FaultTold, Header, Recorded, Run, VERSION};

use super::Drill;
use super::rehearsal::Rehearsed;

/// Everything that the verdict on a rehearsal is taken from.
pub fn recorded(drill: &Drill<'_>, rehearsed: &Rehearsed, facts: Facts) -> Recorded {
    let faults =
        rehearsed.events.iter().filter(|(_, event)| ["fault", "burst"].contains(&event.event.as_str()));
    let faults = faults.map(|(at_ms, event)| FaultTold {
        at_ms: *at_ms,
        region: event.region.as_ref().and_then(|region| Region::new(region.as_str()).ok()),
        kind: event.detail.clone(),
        ended_ms: None,
    });
    Recorded {
        header: Header {
            version: VERSION,
            source: "standfast drill".to_owned(),
            run: Some(Run {
                scenario: drill.scenario.name.clone(),
                deployment: drill.deployment.name.clone(),
                seed: drill.settings.seed,
                commit: drill.settings.commit.clone(),
            }),
            objectives: Some(drill.deployment.objectives.clone()),
            // A clock that is further off makes the times wrong, and the report says so.
            clock_error_ms: facts.clock_error_ms.min(CLOCK_ERROR_MS_MAX),
            writes_refused: facts.writes_refused,
            balances: facts.balances.is_some(),
            outbox: facts.outbox.is_some(),
        },
        operations: rehearsed.history.clone(),
        faults: faults.collect(),
        expectation: Some(rehearsed.struck.expectation()),
        facts,
    }
}
