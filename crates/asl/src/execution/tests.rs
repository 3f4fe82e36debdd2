//! Goal: what depends on time comes at its time, and what comes too late changes nothing. Method: small machines, their
//! tasks answered by hand; the rules without time are the corpus's.

use serde_json::{Value, json};

use super::*;
use crate::StateMachine;

fn prepared(machine: Value) -> Prepared {
    let machine: StateMachine = serde_json::from_value(machine).expect("a machine");
    Prepared::new(&machine).expect("a sound machine")
}

/// A machine of one task with these fields beside, and a state for what it catches.
fn one(fields: Value) -> Prepared {
    let mut task = json!({"Type": "Task", "Resource": "r", "End": true});
    let given = fields.as_object().expect("an object").clone();
    task.as_object_mut().expect("an object").extend(given);
    prepared(json!({"StartAt": "Only", "States": {"Only": task, "Caught": {"Type": "Succeed"}}}))
}

fn begin(machine: &Prepared) -> Execution<'_> {
    Execution::begin(machine, json!({"a": 1}), s(0), || 0.25)
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn task(execution: &mut Execution<'_>) -> Token {
    match execution.poll() {
        Command::RunTask { token, .. } => token,
        other => panic!("not a task but {other:?}"),
    }
}

fn failed(execution: &Execution<'_>) -> String {
    match execution.outcome() {
        Some(Outcome::Failed(error)) => error.error.clone(),
        other => panic!("not failed but {other:?}"),
    }
}

#[test]
fn a_task_is_asked_for_once_and_told_until_when() {
    let machine = one(json!({"Parameters": {"x.$": "$.a"}, "TimeoutSeconds": 7, "ResultPath": "$.b"}));
    let mut execution = Execution::begin(&machine, json!({"a": 1}), s(100), || 0.5);
    let Command::RunTask { token, state: "Only", resource: "r", input, attempt: 0, at, deadline } =
        execution.poll()
    else {
        panic!("a task")
    };
    assert_eq!((&*input, at, deadline), (&json!({"x": 1}), s(100), s(107)));
    assert_eq!(execution.poll(), Command::WaitUntil(s(107)));
    assert!(execution.complete(token, json!(2), s(101)));
    assert_eq!(execution.poll(), Command::Finished(Outcome::Succeeded(json!({"a": 1, "b": 2}).into())));
    assert!(!execution.complete(token, json!(3), s(102)));
    let visits: Vec<_> = execution.trace().map(|visit| (visit.state, visit.passage, visit.at)).collect();
    assert_eq!(visits, [("Only", Passage::Entered, s(100)), ("Only", Passage::Exited, s(101))]);
    assert_eq!(execution.events(), 6, "started, entered, scheduled, task started, succeeded, exited");
}

#[test]
fn a_result_at_the_deadline_is_in_time_and_after_it_is_ignored() {
    let machine = one(json!({"TimeoutSeconds": 5}));
    let mut execution = begin(&machine);
    let token = task(&mut execution);
    assert!(execution.complete(token, json!(1), s(5)));
    assert_eq!(execution.outcome(), Some(&Outcome::Succeeded(json!(1).into())));
    for late in [Duration::from_millis(5001), s(9)] {
        let mut execution = begin(&machine);
        let token = task(&mut execution);
        assert!(!execution.complete(token, json!(1), late));
        assert_eq!(failed(&execution), "States.Timeout");
    }
}

#[test]
fn an_attempt_that_was_given_up_cannot_answer_for_the_next_one() {
    let machine =
        one(json!({"TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}]}));
    let mut execution = begin(&machine);
    let first = task(&mut execution);
    execution.advance(s(6));
    let second = task(&mut execution);
    assert!(!execution.complete(first, json!("late"), s(7)));
    assert!(!execution.fail(first, "Late", None, s(7)));
    assert!(execution.outcome().is_none());
    assert!(execution.complete(second, json!("in time"), s(11)));
    assert_eq!(execution.outcome(), Some(&Outcome::Succeeded(json!("in time").into())));
}

/// Seconds between a failure and the attempt that follows, one after the other.
fn delays(retry: Value, jitter: f64) -> Vec<f64> {
    let machine = one(json!({"Retry": [retry]}));
    let mut execution = Execution::begin(&machine, json!({}), s(0), move || jitter);
    let mut delays = Vec::new();
    let mut now = s(0);
    loop {
        let token = task(&mut execution);
        assert!(execution.fail(token, "Broken", None, now));
        match execution.poll() {
            Command::WaitUntil(at) => {
                delays.push((at - now).as_secs_f64());
                now = at;
                execution.advance(at);
            }
            other => {
                assert!(matches!(other, Command::Finished(_)), "{other:?}");
                return delays;
            }
        }
    }
}

#[test]
fn retries_wait_for_as_long_as_they_say() {
    let all = json!(["States.ALL"]);
    assert_eq!(delays(json!({"ErrorEquals": all}), 0.5), [1.0, 2.0, 4.0]);
    let every = json!({"ErrorEquals": all, "IntervalSeconds": 3, "BackoffRate": 1.0, "MaxAttempts": 2});
    assert_eq!(delays(every, 0.5), [3.0, 3.0]);
    let mut bounded = json!({"ErrorEquals": all, "IntervalSeconds": 2, "BackoffRate": 1.5, "MaxAttempts": 4});
    bounded["MaxDelaySeconds"] = json!(4);
    assert_eq!(delays(bounded.clone(), 0.5), [2.0, 3.0, 4.0, 4.0]);
    bounded["JitterStrategy"] = json!("FULL");
    assert_eq!(delays(bounded.clone(), 0.25), [0.5, 0.75, 1.0, 1.0]);
    assert_eq!(delays(bounded.clone(), 0.0), [0.0; 4]);
    assert_eq!(delays(bounded, f64::NAN), [0.0; 4], "a number that is none delays nothing");
    let many =
        json!({"ErrorEquals": all, "IntervalSeconds": 99_999_999, "BackoffRate": 1e300, "MaxAttempts": 3});
    assert_eq!(delays(many, 0.5), [31_622_400.0; 3], "no delay is longer than a year");
}

#[test]
fn a_retry_after_parameters_that_cannot_be_filled_tries_them_again_and_ends() {
    let machine =
        one(json!({"Parameters": {"x.$": "$.missing"}, "Retry": [{"ErrorEquals": ["States.ALL"]}]}));
    let mut execution = begin(&machine);
    assert_eq!(execution.poll(), Command::WaitUntil(s(1)));
    execution.advance(s(60));
    assert_eq!(failed(&execution), "States.ParameterPathFailure");
}

#[test]
fn a_heartbeat_keeps_a_task_alive_and_its_absence_ends_it() {
    let catch = json!([{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]);
    let machine = one(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 10, "Catch": catch}));
    let mut execution = begin(&machine);
    let token = task(&mut execution);
    assert_eq!(execution.poll(), Command::WaitUntil(s(10)));
    assert!(execution.heartbeat(token, s(8)));
    assert_eq!(execution.poll(), Command::WaitUntil(s(18)));
    execution.advance(s(30));
    let error = json!({"Error": "States.HeartbeatTimeout"});
    assert_eq!(execution.outcome(), Some(&Outcome::Succeeded(error.into())));
    assert!(!execution.heartbeat(token, s(31)));

    let mut execution = begin(&machine);
    let token = task(&mut execution);
    (1..10).for_each(|beat| assert!(execution.heartbeat(token, s(beat * 6))));
    execution.advance(s(60));
    let error = json!({"Error": "States.Timeout"});
    assert_eq!(
        execution.outcome(),
        Some(&Outcome::Succeeded(error.into())),
        "no heartbeat makes the limit longer"
    );
}

#[test]
fn what_falls_due_on_the_way_happens_at_its_own_time() {
    let machine = prepared(json!({"StartAt": "One", "States": {
        "One": {"Type": "Wait", "Seconds": 5, "Next": "Two"},
        "Two": {"Type": "Wait", "SecondsPath": "$.a", "Next": "Three"},
        "Three": {"Type": "Task", "Resource": "r", "TimeoutSeconds": 10, "End": true},
    }}));
    let mut execution = begin(&machine);
    execution.advance(s(12));
    let Command::RunTask { at, deadline, .. } = execution.poll() else { panic!("a task") };
    assert_eq!((at, deadline), (s(6), s(16)));
    execution.advance(s(3));
    assert_eq!(execution.poll(), Command::WaitUntil(s(16)), "time does not go back");
    let entered: Vec<_> = execution.trace().map(|visit| visit.at.as_secs()).collect();
    assert_eq!(entered, [0, 5, 5, 6, 6]);
}

#[test]
fn the_limit_of_the_machine_ends_it_wherever_it_is() {
    let mut machine = json!({"StartAt": "Only", "TimeoutSeconds": 9, "States": {"Only": {
        "Type": "Task", "Resource": "r", "End": true, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60}]}}});
    let resting = prepared(machine.clone());
    let mut execution = begin(&resting);
    let token = task(&mut execution);
    assert!(execution.fail(token, "Broken", None, s(1)));
    assert_eq!(execution.poll(), Command::WaitUntil(s(9)));
    execution.advance(s(100));
    assert_eq!(execution.poll(), Command::Finished(Outcome::TimedOut));

    machine["States"]["Only"]["TimeoutSeconds"] = json!(9);
    let both = prepared(machine);
    let mut execution = begin(&both);
    execution.advance(s(9));
    assert_eq!(execution.outcome(), Some(&Outcome::TimedOut), "the machine's limit comes first");
}

#[test]
fn a_branch_that_fails_stops_the_others_and_their_results_are_ignored() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Task", "Resource": "r", "End": true}}});
    let machine = prepared(json!({"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": true,
        "Branches": [branch("Left"), branch("Right")],
        "Retry": [{"ErrorEquals": ["States.BranchFailed"], "IntervalSeconds": 2, "MaxAttempts": 1}]}}}));
    let mut execution = begin(&machine);
    let (left, right) = (task(&mut execution), task(&mut execution));
    assert!(execution.fail(right, "Broken", None, s(1)));
    assert!(!execution.complete(left, json!(1), s(2)));
    assert_eq!(execution.poll(), Command::WaitUntil(s(3)));
    execution.advance(s(3));
    let (left, right) = (task(&mut execution), task(&mut execution));
    assert!(execution.complete(right, json!("right"), s(4)));
    assert!(execution.complete(left, json!("left"), s(5)));
    assert_eq!(execution.outcome(), Some(&Outcome::Succeeded(json!(["left", "right"]).into())));
}

#[test]
fn a_machine_that_goes_in_circles_ends_when_its_history_is_full() {
    let machine =
        prepared(json!({"StartAt": "Round", "States": {"Round": {"Type": "Pass", "Next": "Round"}}}));
    let execution = begin(&machine);
    assert_eq!(failed(&execution), "States.Runtime");
    assert!((24_999..=25_001).contains(&execution.events()), "{}", execution.events());
}

#[test]
fn data_that_grows_without_end_ends_the_execution() {
    for put in
        [json!({"all.$": "$"}), json!({"all.$": "$", "again.$": "$"}), json!({"text": "x".repeat(300_000)})]
    {
        let pass = json!({"Type": "Pass", "Parameters": put, "Next": "Round"});
        let machine = prepared(json!({"StartAt": "Round", "States": {"Round": pass}}));
        assert_eq!(failed(&begin(&machine)), "States.DataLimitExceeded");
    }
    let large = json!("x".repeat(262_142));
    let machine = one(json!({}));
    for (result, fits) in [(large, true), (json!("x".repeat(262_143)), false)] {
        let mut execution = begin(&machine);
        let token = task(&mut execution);
        execution.complete(token, result, s(1));
        assert_eq!(matches!(execution.outcome(), Some(Outcome::Succeeded(_))), fits);
    }
}
