//! Lambda function that runs one step of the recovery workflow.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::steps::{Settings, StepContext, handle, parse};
use services::{aws, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let settings: Settings = settings::load(&settings::environment)?;
    let steps = &StepContext::new(&aws::config().await, settings)?;
    run(service_fn(async |event: LambdaEvent<Value>| handle(parse(&event.payload)?, steps).await)).await
}
