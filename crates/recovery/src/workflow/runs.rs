//! Goal: the machines that are deployed run to their good end when every step does its work, and tell people when one
//! fails for good. Method: they are run by the interpreter of `asl`, every task answered at once, time passing only
//! when they wait.

use std::sync::Arc;
use std::time::Duration;

use asl::{Command, Execution, Outcome, Passage, Prepared, StateMachine};
use serde_json::{Value, json};

use super::tests::{ARN, deployment};
use super::*;
use crate::step::error;

/// What an attempt at a step ends with.
type Answer = Result<Value, &'static str>;

/// A run: how it ended, which states were entered, in order, and when it ended.
pub(super) struct Run {
    pub(super) outcome: Outcome,
    pub(super) entered: Vec<String>,
    pub(super) at: Duration,
    /// Events in the history.
    pub(super) events: u32,
}

fn run(machine: &StateMachine, step: impl FnMut(&str, u32, &Value) -> Answer) -> Run {
    run_prepared(&Prepared::new(machine).expect("a machine that can be run"), step)
}

/// Runs a machine; `step` is told state, attempt (from 0) and payload.
pub(super) fn run_prepared(machine: &Prepared, mut step: impl FnMut(&str, u32, &Value) -> Answer) -> Run {
    let input = json!({"context": {"epoch": 2, "region": "us-east-2"}});
    let mut now = Duration::ZERO;
    let mut execution = Execution::begin(machine, input, now, || 0.5);
    let outcome = loop {
        match execution.poll() {
            Command::RunTask { token, state, input, attempt, .. } => {
                match step(state, attempt, &input["Payload"]) {
                    Ok(result) => execution.complete(token, json!({ "Payload": result }), now),
                    Err(error) => execution.fail(token, error, "as asked".to_owned(), now),
                };
            }
            Command::WaitUntil(at) => {
                now = at;
                execution.advance(now);
            }
            Command::Finished(outcome) => break outcome,
        }
    };
    let entered = execution.trace().filter(|visit| visit.passage == Passage::Entered);
    Run {
        entered: entered.map(|visit| visit.state.to_owned()).collect(),
        outcome,
        at: now,
        events: execution.events(),
    }
}

fn done(_: &str, _: u32, _: &Value) -> Answer {
    Ok(json!({"done": true, "cursor": null}))
}

fn passed(run: &Run, state: &str) -> usize {
    run.entered.iter().filter(|entered| *entered == state).count()
}

#[test]
fn each_machine_passes_every_step_once_when_all_goes_well() {
    for (machine, actions, end, unused) in [
        (workflow(&deployment(), ARN), &Action::FAILOVER[..], "Recovered", "Escalate"),
        (failback(&deployment(), ARN), &Action::FAILBACK[..], "AtHome", "EscalateFailback"),
    ] {
        let run = run(&machine, done);
        assert!(matches!(run.outcome, Outcome::Succeeded(_)), "{:?}", run.outcome);
        assert_eq!(run.entered.last().map(String::as_str), Some(end));
        assert_eq!(run.at, Duration::ZERO, "nothing but its steps takes time");
        for action in actions {
            let state = action.account().state;
            let undoes = [unused, "UndoDrain"].contains(&state);
            assert_eq!(passed(&run, state), usize::from(!undoes), "{state}");
        }
    }
}

#[test]
fn the_output_keeps_the_context_and_where_the_pages_ended() {
    let run = run(&workflow(&deployment(), ARN), done);
    let Outcome::Succeeded(output) = run.outcome else { panic!("{:?}", run.outcome) };
    let last = json!({"done": true, "cursor": null});
    let expected = json!({"context": {"epoch": 2, "region": "us-east-2"}, "comparison": last});
    assert_eq!(Arc::unwrap_or_clone(output), expected);
}

#[test]
fn pages_are_asked_for_with_the_cursor_of_the_one_before_until_there_is_none() {
    let mut cursors = Vec::new();
    let run = run(&workflow(&deployment(), ARN), |state, _, payload| {
        if state != "ReplayJournal" {
            return done(state, 0, payload);
        }
        cursors.push(payload["cursor"].clone());
        let page = cursors.len();
        Ok(
            json!({"done": page == 3, "cursor": if page == 3 { Value::Null } else { json!(format!("page {page}")) }}),
        )
    });
    assert!(matches!(run.outcome, Outcome::Succeeded(_)));
    assert_eq!(cursors, [Value::Null, json!("page 1"), json!("page 2")]);
}

#[test]
fn a_step_that_is_not_so_far_is_asked_again_for_as_long_as_it_says() {
    // From 1 s, 2 % slower each time up to 5 s: 198.6 s for 81 polls, then 80 of 5 s.
    let run = run(&workflow(&deployment(), ARN), |state, attempt, payload| {
        if state == "AwaitWriter" && attempt < 161 {
            Err(error::NOT_YET)
        } else {
            done(state, attempt, payload)
        }
    });
    assert!(matches!(run.outcome, Outcome::Succeeded(_)));
    assert_eq!(run.at.as_secs(), 598, "{:?}", run.at);
}

#[test]
fn a_step_that_fails_for_good_is_told_with_its_error_and_ends_the_run() {
    for (machine, escalation, failed) in [
        (workflow(&deployment(), ARN), "Escalate", "RecoveryFailed"),
        (failback(&deployment(), ARN), "EscalateFailback", "FailbackStopped"),
    ] {
        let states = super::tests::actions(&machine);
        let best_effort = ["SteerTraffic", "VerifyTraffic"];
        for broken in states.keys().filter(|state| !best_effort.contains(&state.as_str())) {
            let mut told = None;
            let run = run(&machine, |state, attempt, payload| {
                if state == escalation {
                    told = Some(payload["error"].clone());
                }
                if state == broken { Err(error::INVALID) } else { done(state, attempt, payload) }
            });
            if ["UndoDrain", escalation].contains(&broken.as_str()) {
                assert_eq!(passed(&run, broken), 0, "nothing failed before it");
                continue;
            }
            let Outcome::Failed(end) = &run.outcome else { panic!("{broken}: {:?}", run.outcome) };
            let undone =
                ["Drain", "AwaitDrained", "SwitchOver", "AwaitHomeWriter"].contains(&broken.as_str());
            assert_eq!(end.error, failed);
            assert_eq!(passed(&run, "UndoDrain"), usize::from(undone), "{broken}");
            assert_eq!(told, Some(json!({"Error": error::INVALID, "Cause": "as asked"})), "{broken}");
        }
    }
}

#[test]
fn steering_may_fail_and_the_recovery_succeeds() {
    let run = run(&workflow(&deployment(), ARN), |state, attempt, payload| match state {
        "SteerTraffic" | "VerifyTraffic" => Err(error::TRANSIENT),
        _ => done(state, attempt, payload),
    });
    assert!(matches!(run.outcome, Outcome::Succeeded(_)));
    assert_eq!((passed(&run, "VerifyTraffic"), passed(&run, "TrafficUnverified")), (1, 1));
}

#[test]
fn the_longest_wait_stays_far_below_the_events_that_a_history_may_have() {
    let machine = failback(&deployment(), ARN);
    let run = run(&machine, |state, attempt, payload| {
        let waits = ["AwaitRejoin", "AwaitLag"].contains(&state) && attempt < 360;
        let waits = waits || (state == "AwaitRejoin" && attempt < 1440);
        if waits { Err(error::NOT_YET) } else { done(state, attempt, payload) }
    });
    assert!(matches!(run.outcome, Outcome::Succeeded(_)), "{:?}", run.outcome);
    assert!((5_000..12_500).contains(&run.events), "{}", run.events);
    assert!(run.at > Duration::from_secs(86_400), "a day: {:?}", run.at);
}
