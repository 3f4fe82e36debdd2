//! Puts the verdict and everything around it into the report.

use recovery::verdict::{Facts, Judgement, judge};

use super::rehearsal::Rehearsed;
use super::stage::Stage;
use super::{Drill, DrillError};
use crate::report::{EnvironmentFacts, Event, Fencing, Loss, Orders, Outcome, Recovery, Report, Sessions};

/// What no drill on one machine can exercise, whatever the emulator offers.
const NEVER_EXERCISED: [&str; 6] = [
    "latencies of AWS: every figure above was measured on this machine",
    "TLS at the edge: gateways speak plain HTTP",
    "IAM: the emulator checks no policy, and the database no authentication token",
    "quorum of the strongly consistent table: one linearizable copy stands in for three replicas",
    "Aurora's own promotion, which takes minutes: a pair of PostgreSQL servers stands in for it",
    "Route 53's control plane: records and checks are read from the templates",
];

/// The report of a rehearsal and its facts.
pub fn report(
    drill: &Drill<'_>,
    stage: &Stage,
    rehearsed: &Rehearsed,
    facts: &Facts,
) -> Result<Report, DrillError> {
    let objectives = &drill.deployment.objectives;
    let verdict = judge(&rehearsed.history, &rehearsed.fault, facts, objectives);
    Ok(Report {
        scenario: drill.scenario.name.clone(),
        deployment: drill.deployment.name.clone(),
        seed: drill.settings.seed,
        commit: drill.settings.commit.clone(),
        environment: environment(drill, stage),
        orders: Orders {
            offered: verdict.orders_offered,
            acknowledged: verdict.orders_acknowledged,
            refused: verdict.orders_refused,
            unknown: verdict.orders_unknown,
        },
        recovery: Recovery {
            accepted_again_s: verdict.accepted_again_s,
            accepted_again_two_endpoints_s: verdict.accepted_again_two_endpoints_s,
            settled_again_s: verdict.settled_again_s,
            objective_s: objectives.recovery_time_s,
            met: verdict.objective_met,
        },
        loss: Loss {
            commits_lost_by_database: verdict.commits_lost_by_database,
            orders_lost: verdict.orders_lost,
            orders_settled_twice: verdict.orders_settled_twice,
            ledger_imbalance: verdict.ledger_imbalance,
        },
        fencing: Fencing {
            writes_refused: verdict.writes_refused,
            writes_below_fence: verdict.writes_below_fence,
            owners_per_epoch_max: verdict.owners_per_epoch_max,
        },
        sessions: Sessions {
            checked: verdict.sessions_checked,
            stale_served: verdict.sessions_stale_served,
            lost: verdict.sessions_lost,
        },
        timeline: timeline(rehearsed, facts, &verdict),
        failback: None,
        not_exercised: not_exercised(stage)?,
        verdict: match verdict.verdict {
            Judgement::Passed => Outcome::Passed,
            Judgement::Failed => Outcome::Failed,
        },
        why: verdict.why,
    })
}

fn environment(drill: &Drill<'_>, stage: &Stage) -> EnvironmentFacts {
    EnvironmentFacts {
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        emulator: stage.parts.emulator.clone(),
        database: stage.parts.database.clone(),
        profile: if cfg!(debug_assertions) { "dev" } else { "release" }.to_owned(),
        wal_delay_ms: drill.scenario.replication.wal_delay_ms,
        orders_per_second: drill.settings.orders_per_second,
    }
}

/// What was watched, with what only the history and the databases tell, from the oldest on.
fn timeline(rehearsed: &Rehearsed, facts: &Facts, verdict: &recovery::verdict::Verdict) -> Vec<Event> {
    let fault = &rehearsed.fault;
    let survivor = Some(fault.surviving_region.to_string());
    let mut events: Vec<Event> = rehearsed
        .events
        .iter()
        .map(|(at_ms, event)| Event {
            at_s: super::watch::seconds_between(fault.at_ms, *at_ms),
            ..event.clone()
        })
        .collect();
    let mut note = |at_s: Option<f64>, event: &str, detail: String| {
        if let Some(at_s) = at_s {
            events.push(Event { at_s, region: survivor.clone(), event: event.to_owned(), detail });
        }
    };
    note(
        verdict.accepted_again_two_endpoints_s,
        "accepted again",
        "first order of a client that knows both regions".to_owned(),
    );
    note(verdict.accepted_again_s, "accepted again", "first order of a client that follows DNS".to_owned());
    let replayed = facts.settled.iter().filter(|row| row.settled_by == "replay").count();
    note(verdict.settled_again_s, "settled again", format!("{replayed} orders were settled by replay"));
    let fence = facts.fence.map(|fence| super::watch::seconds_between(fault.at_ms, fence.raised_at_ms));
    note(fence.filter(|at_s| *at_s > 0.0), "fence raised", "writes of the old epoch are refused".to_owned());
    events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    events
}

fn not_exercised(stage: &Stage) -> Result<Vec<String>, DrillError> {
    let mut by_type = std::collections::BTreeMap::<String, Vec<String>>::new();
    for recorded in stage.emulator.recorded()? {
        by_type.entry(recorded.resource_type).or_default().push(recorded.logical_id);
    }
    let recorded = by_type.into_iter().map(|(kind, ids)| format!("{kind}, by name only: {}", ids.join(", ")));
    Ok(NEVER_EXERCISED.map(str::to_owned).into_iter().chain(recorded).collect())
}
