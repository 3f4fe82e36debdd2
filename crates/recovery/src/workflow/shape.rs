//! The order of the steps, what runs side by side and where errors go.

use asl::{Branch, Catch, Choice, Fail, Parallel, Pass, Path, Rule, StateMachine, Succeed, Task};
use serde_json::json;

use super::comparison;
use super::task::{escalation, paged_task, task};
use crate::deployment::Deployment;
use crate::step::Action;

/// Longest execution, in seconds: waiting for the database, then the replay, then for what the comparison finds to
/// be settled.
const TIMEOUT_S: u64 = 5400;
const ESCALATE: &str = "Escalate";
const FAILED: &str = "Failed";
const ERROR_PATH: &str = "$.error";

/// Whether the journal is replayed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Replay {
    /// As deployed.
    Included,
    /// To prove that a loss is noticed.
    LeftOut,
}

/// Confirm → own → {settle ∥ steer} → validate → compare → announce; any error escalates. The comparison comes when
/// orders are settled again: a difference is for people, and no reason to let clients wait.
pub(super) fn build(deployment: &Deployment, function_arn: &str, replay: Replay) -> StateMachine {
    let step =
        |action: Action| Task { catch: vec![Catch::all(ESCALATE, ERROR_PATH)], ..task(action, function_arn) };
    let comment = format!(
        "Failover of {}: from the loss of a region to orders settled again, objective {} s.",
        deployment.name, deployment.objectives.settlement_time_s
    );
    let recover = Parallel {
        comment: Some("Settlement is restored while traffic is steered.".to_owned()),
        ..Parallel::new(vec![settlement(function_arn, replay), traffic(function_arn)])
    };
    let escalate = Task {
        catch: vec![Catch::all(FAILED, "$.escalation")],
        ..escalation(Action::Escalate, function_arn)
    };
    let (validated, compares) = match replay {
        Replay::Included => (comparison::BEGIN, true),
        Replay::LeftOut => ("Announce", false),
    };
    let machine = StateMachine::new("ConfirmOutage")
        .comment(&comment)
        .timeout(TIMEOUT_S)
        .with("ConfirmOutage", step(Action::ConfirmOutage).then("OwnLease"))
        .with("OwnLease", step(Action::OwnLease).then("Recover"))
        .with("Recover", recover.catching(Catch::all(ESCALATE, ERROR_PATH)).then("ValidateEndToEnd"))
        .with("ValidateEndToEnd", step(Action::ValidateEndToEnd).then(validated));
    let machine = if compares {
        comparison::compared(machine, function_arn, "Announce", Catch::all(ESCALATE, ERROR_PATH))
    } else {
        machine
    };
    machine
        .with("Announce", step(Action::Announce).then("Recovered"))
        .with("Recovered", Succeed::default())
        .with(ESCALATE, escalate.then(FAILED))
        .with(
            FAILED,
            Fail::new(
                "RecoveryFailed",
                "a step failed for good; the runbook says how to finish the recovery",
            ),
        )
}

/// {promote → wait → fence ∥ compute} → replay → enable → validate.
fn settlement(function_arn: &str, replay: Replay) -> Branch {
    let step = |action: Action| task(action, function_arn);
    let database = Branch::new("PromoteDatabase")
        .with("PromoteDatabase", step(Action::PromoteDatabase).then("AwaitWriter"))
        .with("AwaitWriter", step(Action::AwaitWriter).then("RaiseFence"))
        .with("RaiseFence", step(Action::RaiseFence).end());
    let compute = Branch::new("PrepareCompute")
        .with("PrepareCompute", step(Action::PrepareCompute).then("VerifyCompute"))
        .with("VerifyCompute", step(Action::VerifyCompute).end());
    let ready = Parallel {
        comment: Some("The database takes writes under the fence, and compute has its size.".to_owned()),
        ..Parallel::new(vec![database, compute])
    };
    let branch = Branch::new("MakeReady");
    let branch = match replay {
        Replay::Included => replayed(branch, ready, function_arn),
        Replay::LeftOut => branch.with("MakeReady", ready.then("EnableSettlement")),
    };
    branch
        .with("EnableSettlement", step(Action::EnableSettlement).then("ValidateSettlement"))
        .with("ValidateSettlement", step(Action::ValidateSettlement).end())
}

fn replayed(branch: Branch, ready: Parallel, function_arn: &str) -> Branch {
    let begin = Pass {
        comment: Some("The first page has no cursor.".to_owned()),
        result: Some(json!({"done": false, "cursor": null})),
        result_path: Some(Path::at("$.replay")),
        ..Pass::default()
    };
    let done = Choice {
        comment: Some("Goes on with the next page until there is none.".to_owned()),
        ..Choice::new(vec![Rule::boolean("$.replay.done", true).then("EnableSettlement")], "ReplayJournal")
    };
    branch
        .with("MakeReady", ready.then("BeginReplay"))
        .with("BeginReplay", begin.then("ReplayJournal"))
        .with(
            "ReplayJournal",
            paged_task(Action::ReplayJournal, function_arn, "$.replay").then("ReplayedAll"),
        )
        .with("ReplayedAll", done)
}

/// Steer → verify; neither can fail the recovery, for health checks steer as well and
/// ValidateEndToEnd goes through the public name.
fn traffic(function_arn: &str) -> Branch {
    let steer = Task {
        catch: vec![Catch::all("VerifyTraffic", "$.steering_error")],
        ..task(Action::SteerTraffic, function_arn)
    };
    let verify = Task {
        catch: vec![Catch::all("TrafficUnverified", "$.traffic_error")],
        ..task(Action::VerifyTraffic, function_arn)
    };
    let unverified = Pass {
        comment: Some("Recorded in the execution; ValidateEndToEnd decides.".to_owned()),
        end: true,
        ..Pass::default()
    };
    Branch::new("SteerTraffic")
        .with("SteerTraffic", steer.then("VerifyTraffic"))
        .with("VerifyTraffic", verify.end())
        .with("TrafficUnverified", unverified)
}
