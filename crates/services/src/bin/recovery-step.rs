//! Lambda function that runs one step of the recovery workflow.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::steps::{Settings, StepContext, handle, parse};
use services::{aws, nudge, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // A step that is not so far yet is an error to the workflow and to nobody else; `handle` logs it.
    telemetry::start_without(&settings::environment, Some(telemetry::HANDLER_ERRORS));
    let (settings, fleet): (Settings, Option<settings::Fleet>) = settings::start(&settings::environment)?;
    let config = aws::config().await;
    let steps = &StepContext::new(&config, settings)?.with_fleet(&config, fleet);
    run(service_fn(async |event: LambdaEvent<Value>| {
        if nudge::is_nudge(&event.payload) {
            return Ok(None);
        }
        handle(parse(&event.payload)?, steps).await.map(Some)
    }))
    .await
}
