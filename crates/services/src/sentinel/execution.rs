//! Starts the recovery workflow, once per epoch.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use recovery::{Epoch, step};

use crate::aws::CallFailed;

/// Executions of one epoch that may fail before people have to look.
pub const ATTEMPTS_MAX: u32 = 5;

/// The executions of this region's failover state machine.
#[derive(Clone, Debug)]
pub(super) struct Executions {
    pub(super) client: Client,
    pub(super) state_machine_arn: String,
}

/// How it stands with the recovery of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// This call has started that execution.
    Started(String),
    /// That execution runs, or has succeeded, already.
    Already(String),
    /// Every attempt has failed.
    Exhausted,
}

impl Executions {
    /// Starts the workflow for `context.epoch`, unless an execution of that epoch runs or has
    /// succeeded. A failed one is followed by another under the next name.
    pub(super) async fn start(&self, context: &step::Context) -> Result<Standing, CallFailed> {
        let input = serde_json::json!({ "context": context }).to_string();
        for attempt in 1..=ATTEMPTS_MAX {
            let name = name(context.epoch, attempt);
            if self.start_named(&name, &input).await? {
                return Ok(Standing::Started(name));
            }
            match self.status(&name).await? {
                ExecutionStatus::Failed | ExecutionStatus::Aborted | ExecutionStatus::TimedOut => {}
                _ => return Ok(Standing::Already(name)),
            }
        }
        Ok(Standing::Exhausted)
    }

    /// False when an execution of that name exists.
    async fn start_named(&self, name: &str, input: &str) -> Result<bool, CallFailed> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.state_machine_arn)
            .name(name)
            .input(input)
            .send()
            .await;
        match started {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_already_exists()) => {
                Ok(false)
            }
            Err(error) => Err(CallFailed::new("states:StartExecution", error)),
        }
    }

    async fn status(&self, name: &str) -> Result<ExecutionStatus, CallFailed> {
        let arn = format!("{}:{name}", self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1));
        let described = self.client.describe_execution().execution_arn(arn).send().await;
        let described = described.map_err(|error| CallFailed::new("states:DescribeExecution", error))?;
        Ok(described.status)
    }
}

/// `failover-{epoch}`, then `failover-{epoch}-2` and so on.
fn name(epoch: Epoch, attempt: u32) -> String {
    if attempt == 1 { format!("failover-{epoch}") } else { format!("failover-{epoch}-{attempt}") }
}
