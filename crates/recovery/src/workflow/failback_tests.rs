//! Goal: the failback is a sound state machine that validates what it does, undoes what can be undone
//! and goes forward from where nothing can. Method: the shipped deployment's machine is checked, its
//! transitions are walked, and it is kept as a snapshot.

use std::collections::BTreeSet;

use asl::{State, StateMachine, Task};

use super::tests::{ARN, actions, deployment, flat};
use super::*;
use crate::budget::Step;
use crate::step::error;

fn machine() -> StateMachine {
    failback(&deployment(), ARN)
}

fn task_of(machine: &StateMachine, name: &str) -> Task {
    match machine.states.get(name) {
        Some(State::Task(task)) => task.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Where an error of a state leads.
fn caught(machine: &StateMachine, name: &str, wanted: &str) -> String {
    let matches = |names: &[String]| names.iter().any(|name| name == wanted || name == asl::ALL_ERRORS);
    let task = task_of(machine, name);
    let catch = task.catch.iter().find(|catch| matches(&catch.error_equals));
    catch.map(|catch| catch.next.clone()).expect("everything is caught")
}

#[test]
fn the_failback_machine_is_as_reviewed() {
    insta::assert_snapshot!(machine().to_json());
}

#[test]
fn the_failback_runbook_is_as_reviewed() {
    insta::assert_snapshot!(failback_runbook(&deployment()));
}

#[test]
fn the_failback_is_sound_and_survives_json() {
    let machine = machine();
    assert_eq!((machine.check(), machine.lint()), (Vec::new(), Vec::new()));
    assert_eq!(serde_json::from_str::<StateMachine>(&machine.to_json()).expect("its own JSON"), machine);
}

#[test]
fn the_failback_uses_its_actions_and_no_other() {
    let expected: BTreeSet<&str> = Action::FAILBACK.iter().map(|action| action.account().state).collect();
    let actions = actions(&machine());
    assert_eq!(actions.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    assert!(
        Action::FAILBACK
            .iter()
            .filter(|action| ![Action::ValidateEndToEnd, Action::CompareJournal].contains(action))
            .all(|action| !Action::FAILOVER.contains(action))
    );
}

#[test]
fn each_acting_step_of_the_failback_is_followed_by_its_validation() {
    let actions = actions(&machine());
    for action in [Action::Drain, Action::SwitchOver, Action::HandOverLease] {
        let account = action.account();
        let validation = account.validated_by.expect("an acting step is validated").account().state;
        assert_eq!(actions[account.state].1.as_deref(), Some(validation), "{action:?}");
    }
    assert!(actions["AwaitHomeServing"].0 < actions["ValidateEndToEnd"].0);
}

#[test]
fn every_gate_is_passed_before_settlement_is_stopped() {
    let mut passed = Vec::new();
    let machine = machine();
    let mut at = machine.start_at.clone();
    while at != "AtHome" {
        passed.push(at.clone());
        at = match &machine.states[&at] {
            State::Task(task) => task.next.clone().expect("a task goes on"),
            State::Pass(pass) => pass.next.clone().expect("it goes on"),
            State::Choice(_) => "Drain".to_owned(),
            other => panic!("{at} is {other:?}"),
        };
    }
    let order = [
        "ConfirmHome",
        "AwaitRejoin",
        "AwaitLag",
        "BeginComparison",
        "CompareJournal",
        "ComparedAll",
        "Drain",
        "AwaitDrained",
        "SwitchOver",
        "AwaitHomeWriter",
        "HandOverLease",
        "AwaitHomeServing",
        "ValidateEndToEnd",
        "AnnounceFailback",
    ];
    assert_eq!(passed, order);
}

#[test]
fn a_failed_gate_changes_nothing() {
    for gate in ["ConfirmHome", "AwaitRejoin", "AwaitLag", "CompareJournal"] {
        for error in [error::NOT_YET, error::NOT_OWNER, error::TRANSIENT, asl::TIMEOUT] {
            assert_eq!(caught(&machine(), gate, error), "EscalateFailback", "{gate} {error}");
        }
    }
}

#[test]
fn what_fails_before_the_database_has_moved_is_undone() {
    for step in ["Drain", "AwaitDrained", "SwitchOver", "AwaitHomeWriter"] {
        for error in [error::NOT_YET, error::TRANSIENT, asl::TIMEOUT] {
            assert_eq!(caught(&machine(), step, error), "UndoDrain", "{step} {error}");
        }
    }
    assert_eq!(task_of(&machine(), "UndoDrain").next.as_deref(), Some("EscalateFailback"));
}

#[test]
fn what_fails_after_the_database_has_moved_goes_forward() {
    assert_eq!(caught(&machine(), "UndoDrain", error::MOVED), "HandOverLease");
    let undo = task_of(&machine(), "UndoDrain");
    let moved = undo.retry.iter().find(|retry| retry.error_equals.iter().any(|name| name == error::MOVED));
    assert_eq!(moved.and_then(|retry| retry.max_attempts), Some(0), "it is no use to try that again");
    for step in ["HandOverLease", "AwaitHomeServing", "ValidateEndToEnd", "AnnounceFailback"] {
        assert_eq!(caught(&machine(), step, error::TRANSIENT), "EscalateFailback", "{step}: no way back");
    }
}

#[test]
fn a_lost_lease_stops_the_failback_at_once() {
    for (name, state) in flat(&machine().states) {
        let State::Task(task) = state else { continue };
        let first = task.retry.first().expect("it has retries");
        assert!(first.error_equals.iter().any(|name| name == error::NOT_OWNER), "{name}");
        assert_eq!(first.max_attempts, Some(0), "{name}");
        if name != "EscalateFailback" {
            assert_eq!(caught(&machine(), &name, error::NOT_OWNER), "EscalateFailback", "{name}");
        }
    }
}

#[test]
fn what_escalates_carries_the_first_error_even_when_the_undoing_failed() {
    let undo = task_of(&machine(), "UndoDrain");
    assert!(undo.catch.iter().all(|catch| catch.result_path == Some(asl::Path::at("$.undo"))));
    let told = task_of(&machine(), "EscalateFailback").parameters.expect("it is told what failed");
    assert_eq!(told["Payload"]["error.$"], "$.error");
}

/// One look of a polling step, connections to both databases included, in seconds.
const CALL_S: u64 = 3;

/// What a step costs that uses up its patience, and how often it looks then.
fn costs(name: &str) -> (Step, u64) {
    let task = task_of(&machine(), name);
    let polling = task.retry.iter().find(|retry| retry.error_equals == [error::NOT_YET]);
    let polls = polling.and_then(|retry| retry.max_attempts).unwrap_or_default();
    (Step::of(name, &task), 1 + u64::from(polls))
}

#[test]
fn the_longest_way_from_the_drain_to_its_undoing_ends_before_the_sentinel_undoes_it() {
    let steps = ["Drain", "AwaitDrained", "SwitchOver", "AwaitHomeWriter", "UndoDrain"].map(costs);
    let polling: u64 = steps.iter().map(|(step, looks)| step.patience_s + CALL_S * looks).sum();
    let repeated = steps.iter().map(|(step, _)| step.pauses_s + CALL_S * (step.attempts - 1)).max();
    let longest = polling + repeated.unwrap_or_default();
    assert!(polling > 600, "the polls are counted: {polling} s");
    assert!(longest < crate::lease::DRAIN_LIMIT.as_secs(), "{longest} s: {steps:?}");
}

#[test]
fn the_longest_gates_fit_into_an_execution() {
    let gates = ["ConfirmHome", "AwaitRejoin", "AwaitLag", "CompareJournal"].map(costs);
    let looks: u64 = gates.iter().map(|(gate, looks)| gate.patience_s + gate.timeout_s * looks).sum();
    let limit = machine().timeout_seconds.expect("it has a limit");
    assert!(looks + 2 * 3600 < limit, "{looks} s of {limit} s: {gates:?}");
}
