//! One step as a Task state: its call, its timeout and its retries.

use asl::{ALL_ERRORS, Jitter, Path, Retry, Task};
use serde_json::{Value, json};

use crate::step::{Action, error};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// Seconds after which the `recovery-step` function itself gives an attempt up.
pub const STEP_LIMIT_S: u64 = 20;
/// Limit of the states whose step may use all of that: somewhat more, so that its error is heard.
const LONGEST_S: u64 = STEP_LIMIT_S + 5;

/// Seconds after which a state gives one attempt up.
pub(super) fn timeout_s(action: Action) -> u64 {
    match action {
        Action::OwnLease
        | Action::Announce
        | Action::Escalate
        | Action::AnnounceFailback
        | Action::EscalateFailback => 10,
        Action::ConfirmOutage
        | Action::AwaitWriter
        | Action::RaiseFence
        | Action::VerifyCompute
        | Action::VerifyTraffic
        | Action::EnableSettlement
        | Action::ConfirmHome
        | Action::AwaitRejoin
        | Action::AwaitLag
        | Action::Drain
        | Action::AwaitDrained
        | Action::AwaitHomeWriter
        | Action::HandOverLease
        | Action::AwaitHomeServing
        | Action::UndoDrain => 15,
        Action::PromoteDatabase
        | Action::PrepareCompute
        | Action::SteerTraffic
        | Action::ReplayJournal
        | Action::ValidateSettlement
        | Action::ValidateEndToEnd
        | Action::CompareJournal
        | Action::SwitchOver => LONGEST_S,
    }
}

/// Polls after `NotYet`. The interval starts at 1 s and grows by 2 % each time up to 5 s, so
/// that what is noticed late is late by 2 % of the time it took, and a long wait stays far
/// below the 25,000 events an execution may have.
fn polls(action: Action) -> Option<u32> {
    match action {
        // 81 polls in the first 200 s, then 80 in 400 s: ten minutes, for Aurora's managed
        // failover takes "a few minutes".
        Action::AwaitWriter => Some(161),
        // Somewhat more than three minutes: DNS follows within one.
        Action::VerifyTraffic => Some(80),
        // About two minutes.
        Action::VerifyCompute | Action::ValidateSettlement | Action::ValidateEndToEnd | Action::UndoDrain => {
            Some(60)
        }
        // About a minute: orders wait meanwhile.
        Action::AwaitDrained => Some(40),
        // Two minutes, and what the calls take; Aurora switches over in less than one.
        Action::AwaitHomeWriter => Some(61),
        // A quarter of an hour, for home's own recovery.
        Action::AwaitHomeServing => Some(221),
        _ => None,
    }
}

/// Patience of what is no hurry, while the system is served from where it is: seconds between two
/// looks, and how many.
fn looks(action: Action) -> Option<(u64, u32)> {
    match action {
        Action::ConfirmHome => Some((10, 6)),
        // A day: the old primary gets a new volume.
        Action::AwaitRejoin => Some((60, 1440)),
        // Half an hour each.
        Action::AwaitLag => Some((5, 360)),
        Action::CompareJournal => Some((30, 60)),
        _ => None,
    }
}

fn retries(action: Action) -> Vec<Retry> {
    let mut retries = vec![Retry::on(&[error::NOT_OWNER, error::NOT_CONFIRMED, error::INVALID]).times(0)];
    retries.extend(polls(action).map(|polls| Retry {
        max_delay_seconds: Some(5),
        backoff_rate: Some(1.02),
        jitter_strategy: Some(Jitter::None),
        ..Retry::on(&[error::NOT_YET]).every(1).times(polls)
    }));
    retries.extend(
        looks(action).map(|(every_s, times)| Retry::on(&[error::NOT_YET]).every(every_s).times(times)),
    );
    if action == Action::UndoDrain {
        retries.push(Retry::on(&[error::MOVED]).times(0));
    }
    retries.push(Retry::on(&[ALL_ERRORS]).times(attempts(action)).backoff(1, 2.0, 8));
    retries
}

/// Retries after anything else: throttling, a lost call, a function that crashed.
fn attempts(action: Action) -> u32 {
    match action {
        // Best effort, and its control plane may be what is broken.
        Action::SteerTraffic => 2,
        Action::ConfirmOutage => 4,
        _ => 8,
    }
}

/// The step; its result is thrown away, for what it found is in the execution's history.
pub(super) fn task(action: Action, function_arn: &str) -> Task {
    Task {
        comment: Some(action.account().does.to_owned()),
        parameters: Some(parameters(action, function_arn)),
        result_path: Some(Path::Discard),
        retry: retries(action),
        ..Task::new(INVOKE, timeout_s(action))
    }
}

/// The step that goes on where the `cursor` at a path such as `$.replay` says, and leaves there how far it came.
pub(super) fn paged_task(action: Action, function_arn: &str, at: &str) -> Task {
    let mut parameters = parameters(action, function_arn);
    parameters["Payload"]["cursor.$"] = json!(format!("{at}.cursor"));
    let selector = json!({"done.$": "$.Payload.done", "cursor.$": "$.Payload.cursor"});
    Task {
        parameters: Some(parameters),
        result_selector: Some(selector),
        result_path: Some(Path::at(at)),
        ..task(action, function_arn)
    }
}

/// The step that is told what failed.
pub(super) fn escalation(action: Action, function_arn: &str) -> Task {
    let mut parameters = parameters(action, function_arn);
    parameters["Payload"]["error.$"] = json!("$.error");
    Task { parameters: Some(parameters), ..task(action, function_arn) }
}

fn parameters(action: Action, function_arn: &str) -> Value {
    json!({
        "FunctionName": function_arn,
        "Payload": {"action": action, "context.$": "$.context"},
    })
}
