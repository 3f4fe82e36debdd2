//! The recovery workflows, failover and failback: values that are synthesised, executed, drawn and documented.

mod account;
mod comparison;
mod failback;
mod failback_account;
mod runbook;
mod shape;
mod task;

pub use task::STEP_LIMIT_S;

pub use account::Account;
pub use failback::failback;
pub use runbook::{failback_runbook, runbook, switchover_runbook};

use crate::deployment::Deployment;
use crate::step::Action;

/// The failover workflow of a deployment. It runs in the surviving region and its steps call
/// `function_arn`, the region's own `recovery-step` function. Its input is
/// `{"context": `[`Context`](crate::step::Context)`}`.
pub fn workflow(deployment: &Deployment, function_arn: &str) -> asl::StateMachine {
    shape::build(deployment, function_arn, shape::Replay::Included)
}

/// The failover workflow with the replay of the journal left out, so that a drill can prove
/// that a loss is noticed. **Never deploy it**: it loses every order that the database lost.
pub fn workflow_without_replay(deployment: &Deployment, function_arn: &str) -> asl::StateMachine {
    shape::build(deployment, function_arn, shape::Replay::LeftOut)
}

/// Seconds that the `recovery-step` function must be allowed to run: the longest of its steps.
pub fn function_timeout_s() -> u64 {
    let actions = Action::FAILOVER.iter().chain(&Action::FAILBACK);
    actions.map(|action| task::timeout_s(*action)).max().unwrap_or_default()
}

#[cfg(test)]
mod failback_tests;
#[cfg(test)]
mod failback_walks;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod tests;
