//! Triggers that come more often than once: nobody promises that a schedule, a person or a retry does not.

use recovery::Region;
use recovery::step::Context;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::control::Call;
use super::{LeverError, Levers};

/// Executions that are asked for under names of their own.
const OTHER_NAMES: u32 = 3;
/// Times that the sentinel's own execution is asked for again.
const SAME_NAME: u32 = 3;
/// Sentinels that are started beside the scheduled ones.
const SENTINELS: u32 = 3;

/// What came of triggers that were pulled several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Executions that were started, by name.
    pub started: Vec<String>,
    /// Requests for an execution that there was already.
    pub refused: u32,
    /// Sentinels that were started.
    pub sentinels: u32,
}

impl Duplicates {
    /// In words.
    pub fn said(&self) -> String {
        let Self { started, refused, sentinels } = self;
        format!(
            "{} executions started, {refused} requests refused for an execution that there was, {sentinels} more \
             sentinels started",
            started.len()
        )
    }
}

impl Levers {
    /// Starts the failover of a region several times at once, under the name that its sentinel gives it and
    /// under others, and its sentinel several times more. `context` is
    /// that of the lease that the region recovers under.
    ///
    /// # Errors
    /// When the emulator refuses what AWS would take.
    pub async fn duplicate_triggers(
        &self,
        region: &Region,
        context: &Context,
    ) -> Result<Duplicates, LeverError> {
        let mut done = Duplicates::default();
        let own = format!("failover-{}", context.epoch);
        let others = (1..=OTHER_NAMES).map(|number| format!("duplicate-{}-{number}", context.epoch));
        let mut asked = JoinSet::new();
        for name in others.chain((0..SAME_NAME).map(|_| own.clone())) {
            let (levers, region, context) = (self.clone(), region.clone(), context.clone());
            asked.spawn(async move {
                let started = levers.execute(&region, &context, &name).await;
                started.map(|started| (name, started))
            });
        }
        for answer in asked.join_all().await {
            match answer? {
                (name, true) => done.started.push(name),
                (_, false) => done.refused += 1,
            }
        }
        done.started.sort();
        for _ in 0..SENTINELS {
            self.start_sentinel(region).await?;
            done.sentinels += 1;
        }
        Ok(done)
    }

    /// False when an execution of that name exists. Each request has an input of its own, as a sentinel's has.
    async fn execute(&self, region: &Region, context: &Context, name: &str) -> Result<bool, LeverError> {
        let machine = self.names.failover_state_machine();
        let arn = format!("arn:aws:states:{region}:{}:stateMachine:{machine}", crate::ACCOUNT);
        let input = json!({"context": context, "request": Uuid::now_v7()}).to_string();
        let body = json!({"stateMachineArn": arn, "name": name, "input": input});
        let target = "AWSStepFunctions.StartExecution";
        let answer =
            self.control.ask(region, Call::targeted("start the failover", "states", target, body)).await?;
        match answer {
            Ok(_) => Ok(true),
            Err((_, said)) if said.contains("ExecutionAlreadyExists") => Ok(false),
            Err((status, said)) => {
                let reason = format!("status {status}: {said}");
                Err(LeverError::Call { action: "start the failover", region: region.clone(), reason })
            }
        }
    }

    /// Starts the sentinel once, as its schedule does: nobody waits for it.
    ///
    /// # Errors
    /// When the emulator refuses.
    pub async fn start_sentinel(&self, region: &Region) -> Result<(), LeverError> {
        let function = self.names.function("sentinel");
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let call = Call {
            headers: &[("x-amz-invocation-type", "Event")],
            ..Call::at(
                "start the sentinel",
                "lambda",
                http::Method::POST,
                path,
                Value::Object(Default::default()),
            )
        };
        self.control.call(region, call).await.map(drop)
    }
}
