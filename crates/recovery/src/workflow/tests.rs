//! Goal: the workflow is a sound state machine that uses every action, validates what it
//! does and escalates what fails. Method: the shipped deployment's workflow is checked,
//! walked and kept as a snapshot.

use std::collections::BTreeMap;

use asl::{State, StateMachine, States};
use serde_json::json;

use super::*;
use crate::step::{Context, Outcome, Request, error};
use crate::{Epoch, Lease, Region};

pub(super) const ARN: &str =
    "arn:aws:lambda:us-east-2:111122223333:function:function-recovery-step-production";

pub(super) fn deployment() -> Deployment {
    let text = include_str!("../../../../deployments/trading.toml");
    Deployment::parse(text, "trading.toml").expect("the shipped file is valid")
}

fn machine() -> StateMachine {
    workflow(&deployment(), ARN)
}

/// Every state of the machine and its branches, in order.
pub(super) fn flat(states: &States) -> Vec<(String, State)> {
    let mut all = Vec::new();
    for (name, state) in states {
        if let State::Parallel(parallel) = state {
            all.extend(parallel.branches.iter().flat_map(|branch| flat(&branch.states)));
        } else {
            all.push((name.clone(), state.clone()));
        }
    }
    all
}

/// Position and follower of every action's state.
pub(super) fn actions(machine: &StateMachine) -> BTreeMap<String, (usize, Option<String>)> {
    let named = flat(&machine.states).into_iter().enumerate().filter_map(|(position, (name, state))| {
        let State::Task(task) = state else { return None };
        let payload = task.parameters.as_ref().and_then(|given| given.get("Payload")).cloned();
        let payload = payload.expect("every task calls the function with a payload");
        let action: Action = serde_json::from_value(payload["action"].clone()).expect("a known action");
        assert_eq!(action.account().state, name, "a state is named after its action");
        Some((name, (position, task.next)))
    });
    named.collect()
}

#[test]
fn the_state_machine_is_as_reviewed() {
    insta::assert_snapshot!(machine().to_json());
}

#[test]
fn the_runbook_is_as_reviewed() {
    insta::assert_snapshot!(runbook(&deployment()));
}

#[test]
fn the_runbook_gives_commands_that_can_be_run() {
    let page = runbook(&deployment());
    let starting =
        |beginning: &str| page.lines().filter(|line| line.starts_with(beginning)).collect::<Vec<_>>();
    let promotions = starting("aws rds failover-global-cluster ");
    let starts = starting("aws stepfunctions start-execution ");
    for (index, (own, lost)) in [("us-east-2", "us-east-1"), ("us-east-1", "us-east-2")].iter().enumerate() {
        assert_eq!(
            promotions[index],
            format!(
                "aws rds failover-global-cluster --region {own} \
                 --global-cluster-identifier global-cluster-orders-production \
                 --target-db-cluster-identifier arn:aws:rds:{own}:ACCOUNT:cluster:cluster-orders-{own}-production \
                 --allow-data-loss"
            )
        );
        let machine = format!("arn:aws:states:{own}:ACCOUNT:stateMachine:workflow-failover-production ");
        assert!(starts[index].contains(&machine), "{}", starts[index]);
        let input = starts[index].split('\'').nth(1).expect("the input is quoted");
        let input: serde_json::Value = serde_json::from_str(input).expect("the input is JSON");
        let context: Context = serde_json::from_value(input["context"].clone()).expect("a context");
        assert_eq!((context.region.as_str(), context.lost_region.as_str()), (*own, *lost));
    }
}

#[test]
fn no_state_waits_much_longer_than_a_step_may_take() {
    for action in Action::FAILOVER.into_iter().chain(Action::FAILBACK) {
        assert!(task::timeout_s(action) <= task::STEP_LIMIT_S + 5, "{action:?}");
    }
    assert!(!runbook(&deployment()).contains("takes at most 25 s"));
}

#[test]
fn both_variants_are_sound_and_survive_json() {
    for machine in [machine(), workflow_without_replay(&deployment(), ARN)] {
        assert_eq!(machine.check(), []);
        assert_eq!(machine.lint(), []);
        assert_eq!(serde_json::from_str::<StateMachine>(&machine.to_json()).expect("its own JSON"), machine);
    }
}

#[test]
fn every_action_is_used_and_only_the_replay_is_left_out() {
    let all: Vec<&str> = Action::FAILOVER.iter().map(|action| action.account().state).collect();
    let (complete, without) = (machine(), workflow_without_replay(&deployment(), ARN));
    let (complete, without) = (actions(&complete), actions(&without));
    for state in &all {
        assert!(complete.contains_key(*state), "{state}");
        let left_out = ["ReplayJournal", "CompareJournal"].contains(state);
        assert_eq!(without.contains_key(*state), !left_out, "what was not replayed is not compared: {state}");
    }
    assert_eq!(complete.len(), all.len());
}

#[test]
fn what_was_replayed_is_compared_once_orders_are_settled_again_and_before_people_are_told() {
    let machine = machine();
    let State::Task(validated) = &machine.states["ValidateEndToEnd"] else { panic!("a task") };
    assert_eq!(validated.next.as_deref(), Some("BeginComparison"));
    let State::Task(compare) = &machine.states["CompareJournal"] else { panic!("a task") };
    assert!(compare.catch.iter().all(|catch| catch.next == "Escalate"), "a difference is told");
    let State::Choice(all) = &machine.states["ComparedAll"] else { panic!("a choice") };
    assert_eq!(all.default.as_deref(), Some("CompareJournal"));
    assert_eq!(all.choices[0].next.as_deref(), Some("Announce"));
    let cost = crate::budget::Step::of("CompareJournal", compare);
    assert!(cost.patience_s >= 600, "the sweep needs eight minutes for an order without a message");
}

#[test]
fn each_acting_step_is_followed_by_its_validation() {
    let actions = actions(&machine());
    for action in Action::FAILOVER {
        let Some(validation) = action.account().validated_by else { continue };
        let (position, next) = &actions[action.account().state];
        let validation = validation.account().state;
        assert!(actions[validation].0 > *position, "{action:?} is validated later");
        if matches!(
            action,
            Action::PromoteDatabase
                | Action::PrepareCompute
                | Action::SteerTraffic
                | Action::EnableSettlement
        ) {
            assert_eq!(next.as_deref(), Some(validation), "{action:?}");
        }
    }
    let acting = [
        Action::PromoteDatabase,
        Action::RaiseFence,
        Action::PrepareCompute,
        Action::SteerTraffic,
        Action::ReplayJournal,
        Action::EnableSettlement,
    ];
    assert!(acting.iter().all(|action| action.account().validated_by.is_some()));
}

#[test]
fn what_stays_so_is_never_retried_and_everything_else_is() {
    let failback = failback(&deployment(), ARN);
    for (name, state) in flat(&machine().states).into_iter().chain(flat(&failback.states)) {
        let State::Task(task) = state else { continue };
        let decides = |wanted: &str| {
            let matches =
                |names: &[String]| names.iter().any(|name| name == wanted || name == asl::ALL_ERRORS);
            task.retry.iter().find(|retry| matches(&retry.error_equals)).and_then(|retry| retry.max_attempts)
        };
        assert_eq!(decides(error::NOT_OWNER), Some(0), "{name}");
        assert_eq!(decides(error::NOT_CONFIRMED), Some(0), "{name}");
        assert_eq!(decides(error::INVALID), Some(0), "{name}");
        assert!(decides(error::TRANSIENT).is_some_and(|attempts| attempts >= 2), "{name}");
        assert!(decides(asl::TIMEOUT).is_some_and(|attempts| attempts >= 2), "{name}");
    }
}

#[test]
fn the_function_understands_what_the_states_send() {
    let home = Region::new("us-east-1").expect("a valid name");
    let lease = Lease::first(&home, 0).successor(&Region::new("us-east-2").expect("a valid name"), "test", 7);
    let context = Context::of(&lease, &home);
    assert_eq!((context.epoch, context.taken_at_ms), (Epoch(2), 7));
    for (name, state) in flat(&machine().states) {
        let State::Task(task) = state else { continue };
        let mut payload = task.parameters.expect("every task has parameters")["Payload"].clone();
        let fields = payload.as_object_mut().expect("a payload is an object");
        for (path, value) in [
            ("context", json!(context)),
            ("cursor", json!(null)),
            ("error", json!({"Error": "NotYet", "Cause": "{}"})),
        ] {
            if fields.shift_remove(&format!("{path}.$")).is_some() {
                fields.insert(path.to_owned(), value);
            }
        }
        let request: Request =
            serde_json::from_value(payload).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(request.context, context);
        assert_eq!(request.error.is_some(), name == "Escalate");
        assert!(task.timeout_seconds.is_some_and(|limit| limit <= function_timeout_s()));
    }
}

#[test]
fn an_outcome_always_has_a_cursor_for_the_loop_to_read() {
    let outcome = Outcome {
        action: Action::ReplayJournal,
        done: true,
        cursor: None,
        detail: "nothing to replay".to_owned(),
        replayed: 0,
    };
    assert!(json!(outcome).as_object().expect("an object").contains_key("cursor"));
}
