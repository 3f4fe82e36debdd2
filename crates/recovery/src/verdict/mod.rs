//! The verdict on a run, from the history and the databases alone.

mod expected;
mod measure;
mod planned;
mod struck;

pub use expected::{Expected, Seen, expectations};
pub use planned::{MoveVerdict, PlannedMove, judge_move};
pub use struck::{Expectation, Fault, Harm};

use serde::{Deserialize, Serialize};

use crate::checker::{self, Invariant, Violation};
use crate::deployment::Objectives;
use crate::history::{Facts, Operation};

/// What a run showed. Seconds are from the fault; `None` means that it never came to that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// To the first order that the surviving region acknowledged to a client that follows DNS. The
    /// others may have waited longer: see `longest_wait_s`.
    pub accepted_again_s: Option<f64>,
    /// The same for a client that knows both regions.
    pub accepted_again_two_endpoints_s: Option<f64>,
    /// To the first settlement, in the promoted database and under a new epoch, of an order
    /// that was acknowledged after the fault.
    pub settled_again_s: Option<f64>,
    /// What settled that order: `replay` or `queue`.
    pub settled_again_by: Option<String>,
    /// Longest wait of a client that follows DNS, in seconds: from its first attempt, or from the fault
    /// if that came later, to its acknowledgement after the fault. Not judged against an objective,
    /// for a client's own retry policy has its share in it.
    pub longest_wait_s: Option<f64>,
    /// The same for a client that knows both regions.
    pub longest_wait_two_endpoints_s: Option<f64>,
    /// Whether each time, and the recovery point where one is asked for, kept to its objective.
    pub objective_met: bool,
    /// Orders that clients placed.
    pub orders_offered: u64,
    /// Orders that the system acknowledged.
    pub orders_acknowledged: u64,
    /// Orders that the system refused for good.
    pub orders_refused: u64,
    /// Orders whose client never learnt what became of them.
    pub orders_unknown: u64,
    /// Acknowledged orders that are absent from the surviving database.
    pub orders_lost: u64,
    /// Orders that were settled more than once.
    pub orders_settled_twice: u64,
    /// Orders and assets whose ledger does not sum to zero.
    pub ledger_imbalance: u64,
    /// Settlements that the dead database had and the promoted one did not, before any replay.
    pub commits_lost_by_database: u64,
    /// How far the promoted database was behind when the fault struck, in seconds: the age that the newest
    /// settlement had which it kept of the epochs before. This much of the past the database alone would
    /// have lost, at most; the journal gives it back. `None` when it kept nothing.
    #[serde(default)]
    pub recovery_point_s: Option<f64>,
    /// Writes that the database refused because of their epoch.
    pub writes_refused: u64,
    /// Rows with an older epoch that were written after the fence was raised.
    pub writes_below_fence: u64,
    /// Most owners seen under one epoch.
    pub owners_per_epoch_max: u64,
    /// Session reads that were compared with the client's token.
    pub sessions_checked: u64,
    /// Answers older than the client's token.
    pub sessions_stale_served: u64,
    /// Sessions that a client had a token for and that were said not to exist.
    pub sessions_lost: u64,
    /// Whether everything held.
    pub verdict: Judgement,
    /// What did not hold, and what limits the proof.
    pub why: Vec<String>,
}

/// Whether everything held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Every objective was met and every invariant held.
    Passed,
    /// Something did not; the reasons are in `why`.
    Failed,
}

/// Judges a run by what is expected of it.
pub fn judge_expected(
    history: &[Operation],
    expectation: &Expectation,
    facts: &Facts,
    objectives: &Objectives,
) -> Verdict {
    match expectation {
        Expectation::Moves(fault) => judge(history, fault, facts, objectives),
        Expectation::Stays(harm) => judge_in_place(history, harm, facts, objectives),
    }
}

/// Judges a run: its history, the fault and what was found in the databases afterwards,
/// against those objectives of the deployment that the fault asks to be kept.
pub fn judge(history: &[Operation], fault: &Fault, facts: &Facts, objectives: &Objectives) -> Verdict {
    let violations = checker::check(history, facts);
    let mut verdict = measure::measure(history, fault, facts, &violations);
    let mut why = Vec::new();
    recovery_times(&mut verdict, history, fault, objectives, &mut why);
    recovery_point(&mut verdict, objectives, &mut why);
    data(&verdict, &violations, objectives, &mut why);
    let owners = facts.owners();
    if !owners.iter().any(|(epoch, owner)| *epoch > fault.epoch && *owner == fault.surviving_region) {
        let (survivor, lost_region) = (&fault.surviving_region, &fault.lost_region);
        why.push(format!("{survivor} never took the lease from {lost_region}"));
    }
    verdict.verdict = if why.is_empty() { Judgement::Passed } else { Judgement::Failed };
    if verdict.commits_lost_by_database == 0 {
        why.push(
            "the database lost no commit, so this run proves nothing about the loss of orders".to_owned(),
        );
    }
    if verdict.writes_refused == 0 {
        why.push("no old writer tried to write, so this run proves nothing about the fence".to_owned());
    }
    verdict.why = why;
    verdict
}

/// Judges a run in which both regions stayed: what the containers of one suffered must have cost no
/// order and moved nothing.
pub fn judge_in_place(history: &[Operation], harm: &Harm, facts: &Facts, objectives: &Objectives) -> Verdict {
    let violations = checker::check(history, facts);
    let mut verdict = measure::measure_from(history, harm.at_ms, facts, &violations);
    let mut why = Vec::new();
    data(&verdict, &violations, objectives, &mut why);
    if let Some((epoch, owner)) = facts.owners().iter().find(|(epoch, owner)| harm.is_move(*epoch, owner)) {
        why.push(format!("the lease moved to {owner} under epoch {epoch}, and nothing was to move"));
    }
    let acknowledged_after =
        history.iter().any(|order| order.is_acknowledged_order() && order.completed_ms > Some(harm.at_ms));
    if !acknowledged_after {
        why.push("no order was acknowledged after what happened".to_owned());
    }
    verdict.objective_met = why.is_empty();
    verdict.verdict = if why.is_empty() { Judgement::Passed } else { Judgement::Failed };
    verdict.why = why;
    verdict
}

fn recovery_times(
    verdict: &mut Verdict,
    history: &[Operation],
    fault: &Fault,
    objectives: &Objectives,
    failures: &mut Vec<String>,
) {
    let accepted = fault.accepted_again;
    let two_endpoints =
        accepted && history.iter().any(|op| op.client == crate::history::ClientKind::KnowsBothRegions);
    let objective_s = objectives.recovery_time_s;
    let times = [
        (
            "orders accepted again for clients that follow DNS",
            verdict.accepted_again_s,
            accepted,
            objective_s,
        ),
        (
            "orders accepted again for clients that know both regions",
            verdict.accepted_again_two_endpoints_s,
            two_endpoints,
            objectives.two_endpoints_recovery_time_s,
        ),
        ("orders settled again", verdict.settled_again_s, fault.settled_again, objectives.settlement_time_s),
    ];
    let before = failures.len();
    for (what, measured, applies, objective_s) in times {
        match measured {
            None if applies => failures.push(format!("{what}: never (objective {objective_s} s)")),
            Some(measured) if applies && measured > objective_s as f64 => {
                failures.push(format!("{what}: after {measured:.1} s (objective {objective_s} s)"));
            }
            _ => {}
        }
    }
    verdict.objective_met = failures.len() == before;
}

/// Judged where the deployment has an objective for it.
fn recovery_point(verdict: &mut Verdict, objectives: &Objectives, failures: &mut Vec<String>) {
    let Some(objective_s) = objectives.recovery_point_s else { return };
    let failure = match verdict.recovery_point_s {
        None => format!("recovery point: the promoted database kept nothing (objective {objective_s} s)"),
        Some(point_s) if point_s > objective_s as f64 => {
            format!("recovery point: {point_s:.1} s before the fault (objective {objective_s} s)")
        }
        Some(_) => return,
    };
    verdict.objective_met = false;
    failures.push(failure);
}

/// What holds of every run.
fn data(verdict: &Verdict, violations: &[Violation], objectives: &Objectives, failures: &mut Vec<String>) {
    if verdict.orders_acknowledged == 0 {
        failures.push("nothing was acknowledged".to_owned());
    }
    if verdict.owners_per_epoch_max == 0 {
        failures.push("no lease was seen".to_owned());
    }
    for invariant in Invariant::ALL {
        let (count, bearable) = (measure::broken(violations, *invariant), objectives.orders_lost);
        match invariant {
            Invariant::AcknowledgedIsSettled if count > bearable => {
                failures.push(format!("{} (objective {bearable})", invariant.broken(count)));
            }
            Invariant::AcknowledgedIsSettled => {}
            Invariant::OneOwnerPerEpoch if count > 0 => {
                let owners = verdict.owners_per_epoch_max;
                failures.push(format!("{owners} regions owned the lease under one epoch"));
            }
            _ if count > 0 => failures.push(invariant.broken(count)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
