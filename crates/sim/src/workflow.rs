//! The recovery workflows, prepared once for the interpreter.

use asl::Prepared;
use recovery::Deployment;
use recovery::workflow::{failback, workflow};

use crate::model::ModelError;

/// Both workflows.
#[derive(Debug)]
pub(crate) struct Workflows {
    pub(crate) failover: Prepared,
    pub(crate) failback: Prepared,
}

/// A state machine that cannot be prepared.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unprepared(String);

/// Stands for the `recovery-step` function.
const FUNCTION: &str = "arn:aws:lambda:us-east-2:000000000000:function:recovery-step";

impl Workflows {
    pub(crate) fn of(deployment: &Deployment) -> Result<Self, ModelError> {
        let prepared = |which, machine: &asl::StateMachine| {
            Prepared::new(machine).map_err(|problems| {
                let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
                ModelError::Workflow { which, source: Unprepared(words.join("; ")) }
            })
        };
        Ok(Self {
            failover: prepared("failover", &workflow(deployment, FUNCTION))?,
            failback: prepared("failback", &failback(deployment, FUNCTION))?,
        })
    }
}
