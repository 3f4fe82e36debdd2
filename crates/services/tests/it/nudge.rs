//! Goal: whoever may only nudge a function gets no work out of it. Method: each binary that is nudged, called by
//! the ARN that the preflight may call and by the one of everybody else; a small server plays the runtime API.

use recovery::preflight::NUDGE_QUALIFIER;
use serde_json::{Value, json};
use services::nudge;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::lambda::{LIMIT, function, runtime_called_by, settings};
use crate::support::dead_address;

const NUDGED: [&str; 3] = [
    env!("CARGO_BIN_EXE_order-processor"),
    env!("CARGO_BIN_EXE_recovery-step"),
    env!("CARGO_BIN_EXE_database-keeper"),
];

async fn answer(events: &mpsc::Sender<Value>, answers: &mut mpsc::Receiver<Value>, event: Value) -> Value {
    events.send(event).await.expect("the runtime is there");
    timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer")
}

#[tokio::test]
async fn work_that_comes_in_the_way_of_nudges_is_refused_by_every_function_that_is_nudged() {
    let nobody = dead_address().to_string();
    for binary in NUDGED {
        for (suffix, refuses) in [(format!(":{NUDGE_QUALIFIER}"), true), (String::new(), false)] {
            let (address, events, mut answers) = runtime_called_by(&suffix).await;
            let mut command = function(binary, &address);
            let running = command.envs(settings(&nobody)).spawn().expect("the binary is built");
            let started = answer(&events, &mut answers, nudge::event()).await;
            assert_eq!(started.get("errorType"), None, "{binary}: {started}");
            let worked = answer(&events, &mut answers, json!({ "Records": [{}] })).await;
            let refused = worked.to_string().contains("may nudge it and nothing else");
            assert_eq!(refused, refuses, "{binary}{suffix}: {worked}");
            drop(running); // and so it ends
        }
    }
}
