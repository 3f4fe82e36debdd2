//! Lambda function behind the custom resources of the stacks.

use std::sync::Arc;
use std::time::SystemTime;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::stack_hook::{Hook, handle};
use services::{aws, settings, telemetry};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let hook = Arc::new(Hook::new(&aws::config().await)?);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        handle(Arc::clone(&hook), event.payload, Instant::now() + left).await.map_err(Error::from)
    }))
    .await
}
