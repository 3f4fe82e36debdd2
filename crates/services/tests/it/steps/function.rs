//! Goal: a step that is not so far yet is an error by name to the workflow, and no error to whoever
//! watches the log. Method: run the binary; a small server plays the runtime API.

use serde_json::json;
use tokio::time::timeout;

use crate::lambda::{LIMIT, function, runtime, settings};
use crate::support::dead_address;

#[tokio::test]
async fn not_yet_is_an_error_for_the_workflow_only() {
    let (address, events, mut answers) = runtime().await;
    let nobody = dead_address().to_string();
    let mut command = function(env!("CARGO_BIN_EXE_recovery-step"), &address);
    command.envs(settings(&nobody));
    let mut running = command.spawn().expect("the binary is built");
    let context = json!({
        "epoch": 2, "region": "us-east-1", "lost_region": "us-east-2", "evidence": "test", "taken_at_ms": 1,
    });
    events.send(services::nudge::event()).await.expect("it is there");
    let answer = timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer");
    assert_eq!(answer, serde_json::Value::Null, "a nudge asks for nothing");
    events.send(json!({ "action": "await_writer", "context": context })).await.expect("it is there");
    let answer = timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer");
    assert_eq!(answer["errorType"], "NotYet", "{answer}");
    running.start_kill().expect("it runs");
    let output = timeout(LIMIT, running.wait_with_output()).await.expect("it ends").expect("it was started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("NotYet"), "the step itself tells: {said}");
    assert!(!said.contains("ERROR") && !said.contains("WARN"), "{said}");
}
