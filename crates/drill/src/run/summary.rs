//! Puts the verdict and everything around it into the report.

mod fleet;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recovery::deployment::{Objectives, Profile};
use recovery::verdict::{Facts, Judgement, Verdict, judge, judge_in_place};

use super::logs::{self, Explained};
use super::rehearsal::{Rehearsed, WORKFLOW};
use super::stage::Stage;
use super::struck::Struck;
use super::watch::seconds_between;
use super::{Drill, DrillError};
use crate::emulator::Recorded;
use crate::fleet::FleetReport;
use crate::report::{
    EnvironmentFacts, Event, Fencing, InPlace, Loss, Orders, Outcome, Recovery, Report, Sessions,
};

/// A load that is this late is no longer the load that was asked for.
const LATE_NOTED: Duration = Duration::from_secs(1);
/// Beyond this, times by the databases' clock and by the history's do not compare.
const DRIFT_NOTED: Duration = Duration::from_millis(100);

/// What no drill on one machine can exercise, whatever the emulator offers.
const NEVER_EXERCISED: [&str; 10] = [
    "latencies of AWS: every figure above was measured on this machine",
    "TLS at the edge and to the database: gateways speak plain HTTP, and this PostgreSQL is built without TLS",
    "IAM: the emulator checks no policy, and the database no authentication token",
    "signatures of the API's callers: all sign, and the emulator only refuses who does not",
    "quorum of the strongly consistent table: one linearizable copy stands in for three replicas",
    "Aurora's own promotion, which takes minutes: a pair of PostgreSQL servers stands in for it",
    "Route 53's control plane: records and checks are read from the templates",
    "a replay of the whole window: this journal holds minutes, where a deployment's window holds twenty",
    "the sweep for orders that were not settled: it looks at orders older than a drill",
    "availability over time: one loss of a region says nothing about a year",
];

/// What a deployment of containers has not: its callers do not sign.
const SIGNATURES: &str = "signatures of the API's callers";

/// The report of a rehearsal and its facts.
pub fn report(
    drill: &Drill<'_>,
    stage: &Stage,
    rehearsed: &Rehearsed,
    facts: &Facts,
) -> Result<Report, DrillError> {
    let objectives = &drill.deployment.objectives;
    let verdict = judged(rehearsed, facts, objectives);
    let mut judged = Judged { failed: verdict.verdict == Judgement::Failed, why: verdict.why.clone() };
    judged.sessions(&verdict, rehearsed);
    judged.logs(logs::unexplained(&stage.emulator, &stage.fleets, &explained(rehearsed, &verdict))?);
    let fleet = fleet::report(stage, rehearsed);
    judged.fleet(drill, fleet.as_ref(), &rehearsed.struck);
    judged.passage(stage);
    judged.limits(&verdict, rehearsed);
    Ok(Report {
        scenario: drill.scenario.name.clone(),
        deployment: drill.deployment.name.clone(),
        deployment_environment: Some(drill.deployment.environment.clone()),
        seed: drill.settings.seed,
        commit: drill.settings.commit.clone(),
        fault_at: Some(recovery::calendar::rfc3339(rehearsed.struck.at_ms() / 1000)),
        environment: environment(drill, stage, rehearsed),
        orders: Orders {
            offered: verdict.orders_offered,
            acknowledged: verdict.orders_acknowledged,
            refused: verdict.orders_refused,
            unknown: verdict.orders_unknown,
        },
        recovery: rehearsed.struck.lost_region().map(|_| recovery(&verdict, objectives)),
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
            checked: verdict.sessions_checked.max(rehearsed.counts.sessions_checked),
            stale_served: verdict.sessions_stale_served.max(rehearsed.counts.sessions_stale_served),
            lost: verdict.sessions_lost,
        },
        in_place: in_place(rehearsed, &verdict),
        fleet,
        timeline: timeline(&rehearsed.struck, &rehearsed.events, facts, &verdict),
        failback: None,
        not_exercised: not_exercised(drill, stage, stage.emulator.recorded()?),
        verdict: if judged.failed { Outcome::Failed } else { Outcome::Passed },
        why: judged.why,
    })
}

fn judged(rehearsed: &Rehearsed, facts: &Facts, objectives: &Objectives) -> Verdict {
    match &rehearsed.struck {
        Struck::Lost(fault) => judge(&rehearsed.history, fault, facts, objectives),
        Struck::Harmed(harm) => judge_in_place(&rehearsed.history, harm, facts, objectives),
    }
}

fn recovery(verdict: &Verdict, objectives: &Objectives) -> Recovery {
    Recovery {
        accepted_again_s: verdict.accepted_again_s,
        accepted_again_two_endpoints_s: verdict.accepted_again_two_endpoints_s,
        settled_again_s: verdict.settled_again_s,
        objective_s: objectives.recovery_time_s,
        settlement_objective_s: objectives.settlement_time_s,
        met: verdict.objective_met,
    }
}

/// None where a region was lost.
fn in_place(rehearsed: &Rehearsed, verdict: &Verdict) -> Option<InPlace> {
    let Struck::Harmed(harm) = &rehearsed.struck else { return None };
    Some(InPlace {
        lease_moves: harm.moves(&rehearsed.lease.owners()),
        longest_wait_s: verdict.longest_wait_s,
        longest_wait_two_endpoints_s: verdict.longest_wait_two_endpoints_s,
    })
}

fn environment(drill: &Drill<'_>, stage: &Stage, rehearsed: &Rehearsed) -> EnvironmentFacts {
    EnvironmentFacts {
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        emulator: stage.parts.emulator.clone(),
        database: stage.parts.database.clone(),
        profile: if cfg!(debug_assertions) { "dev" } else { "release" }.to_owned(),
        wal_delay_ms: drill.scenario.replication.wal_delay_ms,
        orders_per_second: drill.settings.orders_per_second,
        arrival_late_max_ms: milliseconds(rehearsed.counts.late_max),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn explained(rehearsed: &Rehearsed, verdict: &Verdict) -> Explained {
    let struck = &rehearsed.struck;
    let both = verdict.accepted_again_s.zip(verdict.settled_again_s);
    let steps = rehearsed.events.iter().filter(|(_, event)| event.event == WORKFLOW).map(|(at_ms, _)| *at_ms);
    Explained {
        fault_at_ms: struck.at_ms(),
        recovered_at_ms: both.map(|(accepted_s, settled_s)| {
            let served =
                struck.at_ms() + milliseconds(Duration::from_secs_f64(accepted_s.max(settled_s).max(0.0)));
            steps.max().map_or(served, |last| served.max(last))
        }),
        lost_region: struck.lost_region().cloned(),
    }
}

/// The verdict, with what only the drill can add to it.
struct Judged {
    failed: bool,
    why: Vec<String>,
}

impl Judged {
    fn fail(&mut self, reason: String) {
        self.failed = true;
        self.why.push(reason);
    }

    /// The history holds versions only; the load also compared what they contain.
    fn sessions(&mut self, verdict: &Verdict, rehearsed: &Rehearsed) {
        let seen = rehearsed.counts.sessions_stale_served;
        if seen > verdict.sessions_stale_served {
            let more = seen - verdict.sessions_stale_served;
            self.fail(format!("{more} sessions were served with the right version and another content"));
        }
    }

    fn logs(&mut self, unexplained: Option<String>) {
        if let Some(sentence) = unexplained {
            self.fail(sentence);
        }
    }

    fn fleet(&mut self, drill: &Drill<'_>, fleet: Option<&FleetReport>, struck: &Struck) {
        let Some(fleet) = fleet else { return };
        for reason in fleet::missed(&drill.scenario, fleet, struck.lost_region()) {
            self.fail(reason);
        }
    }

    fn passage(&mut self, stage: &Stage) {
        let counts = stage.topology.regions.iter().filter_map(|at| stage.gateway.counts(&at.region));
        let lost: u64 = counts.map(|counts| counts.not_forwarded).sum();
        if lost > 0 {
            self.fail(format!("{lost} calls were lost by the drill's own gateways, which no fault explains"));
        }
    }

    /// What limits the figures without making them wrong.
    fn limits(&mut self, verdict: &Verdict, rehearsed: &Rehearsed) {
        let open = verdict.orders_refused + verdict.orders_unknown;
        if open > 0 {
            self.why.push(format!(
                "{open} of {} orders were refused or never sent, or their client gave up: at a rate that this \
                 machine carries, a recovery within the objective leaves none",
                verdict.orders_offered
            ));
        }
        if !rehearsed.well_before {
            self.why.push(
                "not every health checker saw both regions well before the fault: the recovery may have had a start"
                    .to_owned(),
            );
        }
        let late_max = rehearsed.counts.late_max;
        if late_max > LATE_NOTED {
            self.why.push(format!(
                "the load fell up to {:.1} s behind its schedule: this machine was too busy for the rate",
                late_max.as_secs_f64()
            ));
        }
        if rehearsed.drift > DRIFT_NOTED {
            self.why.push(format!(
                "the system's clock moved by {} ms during the run; times that a database told are off by as much",
                rehearsed.drift.as_millis()
            ));
        }
    }
}

/// What was watched, with what only the history and the databases tell, from the oldest on.
fn timeline(struck: &Struck, watched: &[(u64, Event)], facts: &Facts, verdict: &Verdict) -> Vec<Event> {
    let survivor = Some(struck.settles().to_string());
    let at_s = |at_ms| seconds_between(struck.at_ms(), at_ms);
    let mut events: Vec<Event> =
        watched.iter().map(|(at_ms, event)| Event { at_s: at_s(*at_ms), ..event.clone() }).collect();
    let mut note = |at_s: Option<f64>, event: &str, detail: String| {
        if let Some(at_s) = at_s {
            events.push(Event { at_s, region: survivor.clone(), event: event.to_owned(), detail });
        }
    };
    for (first_s, wait_s, client) in [
        (verdict.accepted_again_two_endpoints_s, verdict.longest_wait_two_endpoints_s, "knows both regions"),
        (verdict.accepted_again_s, verdict.longest_wait_s, "follows DNS"),
    ] {
        let wait = wait_s.map(|wait_s| format!("; the longest wait of one was {wait_s:.1} s"));
        let wait = wait.unwrap_or_default();
        note(first_s, "accepted again", format!("first order of a client that {client}{wait}"));
    }
    let replayed = facts.settled.iter().filter(|row| row.settled_by == "replay").count();
    let by = verdict.settled_again_by.as_deref().unwrap_or("nobody");
    note(
        verdict.settled_again_s,
        "settled again",
        format!("by {by}; {replayed} orders were settled by replay"),
    );
    let fence = facts.fence.map(|fence| at_s(fence.raised_at_ms));
    note(
        fence.filter(|at_s| *at_s > 0.0),
        "fence raised",
        "from here the database takes no write of an older epoch".to_owned(),
    );
    events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    events
}

/// The resources that were only recorded, each name once however many regions have it.
fn not_exercised(drill: &Drill<'_>, stage: &Stage, recorded: Vec<Recorded>) -> Vec<String> {
    let containers = drill.deployment.compute.profile == Profile::Containers;
    let never = NEVER_EXERCISED.into_iter().filter(|what| !containers || !what.starts_with(SIGNATURES));
    let mut all: Vec<String> = never.map(str::to_owned).collect();
    if containers {
        all.extend(fleet::not_exercised(stage));
    }
    all.extend(by_name_only(recorded));
    all
}

fn by_name_only(recorded: Vec<Recorded>) -> Vec<String> {
    let mut by_type = BTreeMap::<String, BTreeSet<String>>::new();
    for one in recorded {
        by_type.entry(one.resource_type).or_default().insert(one.logical_id);
    }
    let names = |ids: BTreeSet<String>| ids.into_iter().collect::<Vec<_>>().join(", ");
    by_type.into_iter().map(|(kind, ids)| format!("{kind}, by name only: {}", names(ids))).collect()
}

#[cfg(test)]
mod tests;
