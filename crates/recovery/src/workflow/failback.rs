//! The way home: its gates, its one point of no return, and what happens on either side of it.
//!
//! Until the database has moved, every failure leaves the system served from where it is: UndoDrain
//! lets it settle again. After that there is no way back, and every failure goes forward: the lease is
//! handed over whatever else failed, and the recovery under the new epoch is home's own failover
//! workflow, which its sentinel starts and starts again.

use asl::{Catch, Fail, StateMachine, Succeed, Task};

use super::comparison;
use super::task::{escalation, task};
use crate::deployment::Deployment;
use crate::step::{Action, error};

/// Longest execution, in seconds: a day of looks at the rejoin, each of which may take as long as its state
/// allows, and some hours for the rest.
const TIMEOUT_S: u64 = 130_000;
const ESCALATE: &str = "EscalateFailback";
const UNDO: &str = "UndoDrain";
const HAND_OVER: &str = "HandOverLease";
const STAYED: &str = "FailbackStopped";
const ERROR_PATH: &str = "$.error";

/// The failback workflow of a deployment. It runs in the region that owns the lease away from home,
/// its steps call `function_arn`, that region's `recovery-step` function, and its input is
/// `{"context": `[`Context`](crate::step::Context)`}`.
pub fn failback(deployment: &Deployment, function_arn: &str) -> StateMachine {
    let comment = format!(
        "Failback of {}: home has been well for {} s, its database has everything, and nothing is lost.",
        deployment.name, deployment.failback.dwell_s
    );
    let machine = StateMachine::new("ConfirmHome").comment(&comment).timeout(TIMEOUT_S);
    let machine = gates(machine, function_arn);
    let machine = database(machine, function_arn);
    let machine = lease(machine, function_arn);
    ends(machine, function_arn)
}

/// Nothing has been changed: a failure is told, and that is all.
fn before(action: Action, function_arn: &str) -> Task {
    Task { catch: vec![Catch::all(ESCALATE, ERROR_PATH)], ..task(action, function_arn) }
}

/// Settlement is stopped, or may be: a failure undoes that. Who lost the lease has nothing to undo.
fn drained(action: Action, function_arn: &str) -> Task {
    let lost = Catch::on(&[error::NOT_OWNER], ESCALATE, ERROR_PATH);
    Task { catch: vec![lost, Catch::all(UNDO, ERROR_PATH)], ..task(action, function_arn) }
}

/// Stable → rejoined → lag under the bound → journal = database.
fn gates(machine: StateMachine, function_arn: &str) -> StateMachine {
    let machine = machine
        .with("ConfirmHome", before(Action::ConfirmHome, function_arn).then("AwaitRejoin"))
        .with("AwaitRejoin", before(Action::AwaitRejoin, function_arn).then("AwaitLag"))
        .with("AwaitLag", before(Action::AwaitLag, function_arn).then(comparison::BEGIN));
    comparison::compared(machine, function_arn, "Drain", Catch::all(ESCALATE, ERROR_PATH))
}

/// Drain → switchover; the way back is open until the writer has moved.
fn database(machine: StateMachine, function_arn: &str) -> StateMachine {
    let undo = Task {
        catch: vec![Catch::on(&[error::MOVED], HAND_OVER, "$.undo"), Catch::all(ESCALATE, "$.undo")],
        ..task(Action::UndoDrain, function_arn)
    };
    machine
        .with("Drain", drained(Action::Drain, function_arn).then("AwaitDrained"))
        .with("AwaitDrained", drained(Action::AwaitDrained, function_arn).then("SwitchOver"))
        .with("SwitchOver", drained(Action::SwitchOver, function_arn).then("AwaitHomeWriter"))
        .with("AwaitHomeWriter", drained(Action::AwaitHomeWriter, function_arn).then(HAND_OVER))
        .with(UNDO, undo.then(ESCALATE))
}

/// The lease follows the database, and home recovers under its own epoch.
fn lease(machine: StateMachine, function_arn: &str) -> StateMachine {
    machine
        .with(HAND_OVER, before(Action::HandOverLease, function_arn).then("AwaitHomeServing"))
        .with("AwaitHomeServing", before(Action::AwaitHomeServing, function_arn).then("ValidateEndToEnd"))
        .with("ValidateEndToEnd", before(Action::ValidateEndToEnd, function_arn).then("AnnounceFailback"))
        .with("AnnounceFailback", before(Action::AnnounceFailback, function_arn).then("AtHome"))
}

fn ends(machine: StateMachine, function_arn: &str) -> StateMachine {
    let escalate = Task {
        catch: vec![Catch::all(STAYED, "$.escalation")],
        ..escalation(Action::EscalateFailback, function_arn)
    };
    let why = "a step failed for good; the runbook says where the system is served from now";
    machine
        .with("AtHome", Succeed::default())
        .with(ESCALATE, escalate.then(STAYED))
        .with(STAYED, Fail::new("FailbackStopped", why))
}
