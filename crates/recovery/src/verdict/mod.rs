//! The verdict on a run, from the history and the databases alone.

mod expected;
mod facts;
mod measure;
mod planned;

pub use expected::{Expectation, Seen, expectations};
pub use facts::{DeadRow, Facts, Fault, FenceRow, Harm, SettledRow};
pub use planned::{MoveVerdict, PlannedMove, judge_move};

use serde::{Deserialize, Serialize};

use crate::deployment::Objectives;
use crate::history::Operation;
use crate::scenario::{AcceptedExpected, Expect};

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
    /// Whether each of the three that applies kept to the objective.
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

/// Judges a run: its history, the fault and what was found in the databases afterwards,
/// against those objectives of the deployment that the scenario expects to be kept.
pub fn judge(
    history: &[Operation],
    fault: &Fault,
    facts: &Facts,
    objectives: &Objectives,
    expect: &Expect,
) -> Verdict {
    let mut verdict = measure::measure(history, fault, facts);
    let mut why = Vec::new();
    recovery_times(&mut verdict, history, objectives, expect, &mut why);
    data(&verdict, objectives, &mut why);
    if !facts
        .lease_history
        .iter()
        .any(|(epoch, owner)| *epoch > fault.epoch && *owner == fault.surviving_region)
    {
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
    let mut verdict = measure::measure_from(history, harm.at_ms, facts);
    let mut why = Vec::new();
    data(&verdict, objectives, &mut why);
    if let Some((epoch, owner)) =
        facts.lease_history.iter().find(|(epoch, owner)| harm.is_move(*epoch, owner))
    {
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
    objectives: &Objectives,
    expect: &Expect,
    failures: &mut Vec<String>,
) {
    let accepted = expect.accepted == Some(AcceptedExpected::Again);
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
        (
            "orders settled again",
            verdict.settled_again_s,
            expect.settled.is_some(),
            objectives.settlement_time_s,
        ),
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

/// What holds of every run.
fn data(verdict: &Verdict, objectives: &Objectives, failures: &mut Vec<String>) {
    let mut refuse_if = |broken: bool, reason: String| {
        if broken {
            failures.push(reason);
        }
    };
    refuse_if(verdict.orders_acknowledged == 0, "nothing was acknowledged".to_owned());
    let (lost, bearable) = (verdict.orders_lost, objectives.orders_lost);
    refuse_if(lost > bearable, format!("{lost} acknowledged orders were lost (objective {bearable})"));
    let twice = verdict.orders_settled_twice;
    refuse_if(twice > 0, format!("{twice} orders were settled twice"));
    let imbalance = verdict.ledger_imbalance;
    refuse_if(imbalance > 0, format!("{imbalance} orders or assets have a ledger that does not sum to zero"));
    let below = verdict.writes_below_fence;
    refuse_if(below > 0, format!("{below} rows of an older epoch were written after the fence was raised"));
    let owners = verdict.owners_per_epoch_max;
    refuse_if(owners == 0, "no lease was seen".to_owned());
    refuse_if(owners > 1, format!("{owners} regions owned the lease under one epoch"));
    let stale = verdict.sessions_stale_served;
    refuse_if(stale > 0, format!("{stale} sessions were served older than their client had seen them"));
    let gone = verdict.sessions_lost;
    refuse_if(gone > 0, format!("{gone} sessions were gone without a word"));
}

#[cfg(test)]
mod tests;
