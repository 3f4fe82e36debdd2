//! The route through a workflow to one of its steps, and how long each step on it may take.

use asl::{Retry, State, StateMachine, States, Task};
use serde_json::Value;

use crate::step::{Action, error};

/// Seconds that a Task without a limit may take. Source: Amazon States Language specification.
const NO_LIMIT_S: u64 = 99_999_999;
/// Retries of a retrier that does not say how many. Source: the same.
const ATTEMPTS: u64 = 3;

/// One step on the route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of its state.
    pub state: String,
    /// What it does, where it is a step of ours.
    pub action: Option<Action>,
    /// Seconds one attempt may take.
    pub timeout_s: u64,
    /// Attempts after errors, the first included.
    pub attempts: u64,
    /// Seconds that pass between those attempts at most.
    pub pauses_s: u64,
    /// Seconds it goes on asking whether something is so; 0 for a step that does not ask.
    pub patience_s: u64,
    /// Longest pause between two of these questions, in seconds.
    pub poll_s: u64,
}

/// The steps one after another, the slower side of each fork.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// In their order.
    pub steps: Vec<Step>,
}

/// The workflow does not lead there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the workflow never comes to the step `{}`", .0.account().state)]
pub struct NoRoute(pub Action);

impl Step {
    /// Seconds of one attempt that uses its whole limit.
    pub fn once_s(&self) -> u64 {
        self.timeout_s
    }

    /// Seconds when every attempt after an error is used, and the last one succeeds.
    pub fn retried_s(&self) -> u64 {
        self.timeout_s.saturating_mul(self.attempts).saturating_add(self.pauses_s)
    }

    /// The same, and all that it waits for.
    pub fn longest_s(&self) -> u64 {
        self.retried_s().saturating_add(self.patience_s)
    }

    pub(crate) fn of(name: &str, task: &Task) -> Self {
        let (mut attempts, mut pauses_s, mut patience_s, mut poll_s) = (1_u64, 0_u64, 0_u64, 0);
        for retry in task.retry.iter().filter(|retry| times(retry) > 0) {
            if polls(retry) {
                patience_s = patience_s.saturating_add(pauses(retry));
                poll_s = poll_s.max(longest_pause(retry));
            } else {
                attempts = attempts.saturating_add(times(retry));
                pauses_s = pauses_s.saturating_add(pauses(retry));
            }
        }
        let timeout_s = task.timeout_seconds.unwrap_or(NO_LIMIT_S);
        Self {
            state: name.to_owned(),
            action: action(task),
            timeout_s,
            attempts,
            pauses_s,
            patience_s,
            poll_s,
        }
    }
}

impl Route {
    /// Seconds when everything takes as long as it may.
    pub fn longest_s(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.longest_s()))
    }
}

/// What a task of ours does, read from what it hands to its function.
fn action(task: &Task) -> Option<Action> {
    let name = task.parameters.as_ref()?.pointer("/Payload/action").and_then(Value::as_str)?;
    serde_json::from_value(Value::from(name)).ok()
}

/// Asks again whether something is so, which is no error.
fn polls(retry: &Retry) -> bool {
    retry.error_equals.iter().all(|name| name == error::NOT_YET)
}

fn times(retry: &Retry) -> u64 {
    retry.max_attempts.map_or(ATTEMPTS, u64::from)
}

/// Seconds of every pause, rounded up to whole ones in the sum.
fn pauses(retry: &Retry) -> u64 {
    let rate = retry.backoff_rate.unwrap_or(2.0);
    let cap = retry.max_delay_seconds.map_or(f64::MAX, |seconds| seconds as f64);
    let mut pause = retry.interval_seconds.unwrap_or(1) as f64;
    let mut sum = 0.0;
    for _ in 0..times(retry) {
        sum += pause.min(cap);
        pause *= rate;
    }
    // A sum that is no number of seconds any more saturates.
    (sum - 1e-6).ceil().max(0.0) as u64
}

fn longest_pause(retry: &Retry) -> u64 {
    retry.max_delay_seconds.or(retry.interval_seconds).unwrap_or(1)
}

/// The steps up to and with the one that does `goal`.
///
/// # Errors
/// When no way leads there.
pub fn route(machine: &StateMachine, goal: Action) -> Result<Route, NoRoute> {
    let walked = walk(&machine.states, &machine.start_at, Some(goal));
    if walked.reached { Ok(walked.route) } else { Err(NoRoute(goal)) }
}

#[derive(Default)]
struct Walked {
    route: Route,
    reached: bool,
}

/// Follows success from `start` to the goal, or to the end.
fn walk(states: &States, start: &str, goal: Option<Action>) -> Walked {
    let mut walked = Walked::default();
    let mut seen = Vec::new();
    let mut at = Some(start.to_owned());
    while let Some((name, state)) = at.and_then(|name| states.get_key_value(&name)) {
        if seen.contains(&name) {
            break;
        }
        seen.push(name);
        match state {
            State::Task(task) => {
                let step = Step::of(name, task);
                walked.reached = goal.is_some() && step.action == goal;
                walked.route.steps.push(step);
            }
            State::Parallel(fork) => {
                let sides = fork.branches.iter().map(|side| walk(&side.states, &side.start_at, goal));
                let slowest = sides.max_by_key(|side| (side.reached, side.route.longest_s()));
                if let Some(side) = slowest {
                    walked.reached = side.reached;
                    walked.route.steps.extend(side.route.steps);
                }
            }
            _ => {}
        }
        if walked.reached {
            break;
        }
        at = onwards(state).find(|next| !seen.contains(next)).cloned();
    }
    walked
}

/// Where success leads.
fn onwards(state: &State) -> impl Iterator<Item = &String> {
    let (rules, next) = match state {
        State::Choice(choice) => (choice.choices.as_slice(), choice.default.as_ref()),
        State::Task(task) => (&[][..], task.next.as_ref()),
        State::Parallel(fork) => (&[][..], fork.next.as_ref()),
        State::Pass(pass) => (&[][..], pass.next.as_ref()),
        State::Wait(wait) => (&[][..], wait.next.as_ref()),
        State::Succeed(_) | State::Fail(_) => (&[][..], None),
    };
    rules.iter().filter_map(|rule| rule.next.as_ref()).chain(next)
}
