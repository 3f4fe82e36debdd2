//! Starts the recovery workflows, each once per epoch.

use std::time::Duration;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use recovery::{Epoch, step};
use uuid::Uuid;

use crate::aws::CallFailed;

/// Executions of one epoch that may fail before people have to look.
pub const ATTEMPTS_MAX: u32 = 5;
/// Pause after the first failed execution; after the n-th it is n times as long. A control plane that
/// refuses at once must not use all attempts up within a minute.
pub const ATTEMPT_PAUSE: Duration = Duration::from_secs(60);

/// The executions of one of this region's state machines.
#[derive(Clone, Debug)]
pub(super) struct Executions {
    pub(super) client: Client,
    pub(super) state_machine_arn: String,
    /// `failover` or `failback`, with which every execution's name begins.
    pub(super) kind: &'static str,
    pub(super) pause: Duration,
}

/// How it stands with the workflow of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// This call has started that execution.
    Started(String),
    /// That execution runs, or has succeeded, already.
    Already(String),
    /// That execution has failed, and the next attempt is not due for so long.
    Waiting(String, Duration),
    /// Every attempt has failed.
    Exhausted,
}

impl Executions {
    /// Starts the workflow for `context.epoch`, unless an execution of that epoch runs or has
    /// succeeded. A failed one is followed by another under the next name, after a pause by the
    /// execution's own stop date. `now_ms` is in milliseconds since the Unix epoch; a wrong clock
    /// makes the pause longer or shorter, no more.
    ///
    /// Every request has an input of its own. A STANDARD state machine takes the name of a running
    /// execution with that execution's input for the same request, and answers 200 with its start; with
    /// another input it says that the execution exists. So what was started is told from what ran
    /// already with no clock, and a retry of the SDK, whose input is the same, starts nothing twice.
    ///
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
    pub(super) async fn start(&self, context: &step::Context, now_ms: u64) -> Result<Standing, CallFailed> {
        let input = serde_json::json!({ "context": context, "request": Uuid::now_v7() }).to_string();
        for attempt in 1..=ATTEMPTS_MAX {
            let name = name(self.kind, context.epoch, attempt);
            if self.start_named(&name, &input).await? {
                return Ok(Standing::Started(name));
            }
            let Some(stopped_ms) = self.failed_at(&name).await? else { return Ok(Standing::Already(name)) };
            let left = pause_left(self.pause * attempt, stopped_ms, now_ms);
            if attempt < ATTEMPTS_MAX && !left.is_zero() {
                return Ok(Standing::Waiting(name, left));
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

    /// When that execution failed, in milliseconds since the Unix epoch; `None` while it has not.
    async fn failed_at(&self, name: &str) -> Result<Option<i64>, CallFailed> {
        let arn = format!("{}:{name}", self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1));
        let described = self.client.describe_execution().execution_arn(arn).send().await;
        let described = described.map_err(|error| CallFailed::new("states:DescribeExecution", error))?;
        Ok(match described.status {
            ExecutionStatus::Failed | ExecutionStatus::Aborted | ExecutionStatus::TimedOut => {
                let stopped = described.stop_date.unwrap_or(described.start_date);
                Some(stopped.to_millis().unwrap_or_default())
            }
            _ => None,
        })
    }
}

/// What is left of a pause that began at `stopped_ms`; never more than the whole.
fn pause_left(pause: Duration, stopped_ms: i64, now_ms: u64) -> Duration {
    let since = now_ms.saturating_sub(u64::try_from(stopped_ms).unwrap_or(0));
    pause.saturating_sub(Duration::from_millis(since))
}

/// `failover-{epoch}`, then `failover-{epoch}-2` and so on.
fn name(kind: &str, epoch: Epoch, attempt: u32) -> String {
    if attempt == 1 { format!("{kind}-{epoch}") } else { format!("{kind}-{epoch}-{attempt}") }
}

#[cfg(test)]
mod tests {
    //! Goal: attempts are spaced by the stop of the one before. Method: chosen times.

    use super::*;

    #[test]
    fn a_pause_runs_from_the_stop_and_never_lasts_longer_than_the_whole() {
        let seconds = Duration::from_secs;
        assert_eq!(pause_left(seconds(60), 100_000, 100_000), seconds(60));
        assert_eq!(pause_left(seconds(60), 100_000, 159_000), seconds(1));
        assert_eq!(pause_left(seconds(60), 100_000, 160_000), seconds(0));
        assert_eq!(pause_left(seconds(60), 900_000, 100_000), seconds(60), "a clock that runs behind");
        assert_eq!(pause_left(seconds(60), -1, 100_000), seconds(0));
    }
}
