//! Goal: an execution passes the states that the language says. Method: small machines, tasks answered by hand.

use serde_json::json;

use super::*;
use crate::StateMachine;

#[test]
fn a_task_is_run_and_its_result_is_the_output() {
    let machine: StateMachine = serde_json::from_value(json!({
        "StartAt": "Only",
        "States": {"Only": {"Type": "Task", "Resource": "r", "Parameters": {"x.$": "$.a"}, "ResultPath": "$.b", "End": true}},
    }))
    .expect("a machine");
    let machine = Prepared::new(&machine).expect("a sound machine");
    let mut execution = Execution::begin(&machine, json!({"a": 1}), Duration::ZERO, || 0.5);
    let Command::RunTask { token, state: "Only", resource: "r", input, .. } = execution.poll() else {
        panic!("a task")
    };
    assert_eq!(*input, json!({"x": 1}));
    assert!(matches!(execution.poll(), Command::WaitUntil(_)));
    assert!(execution.complete(token, json!(2), Duration::from_secs(1)));
    assert_eq!(execution.poll(), Command::Finished(Outcome::Succeeded(json!({"a": 1, "b": 2}).into())));
    assert!(!execution.complete(token, json!(3), Duration::from_secs(2)));
}
