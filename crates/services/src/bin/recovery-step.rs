//! Lambda function that runs one step of the recovery workflow.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
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
        let Some(work) = nudge::work(&event.context.invoked_function_arn, event.payload)? else {
            return Ok::<_, Diagnostic>(None);
        };
        Ok(Some(handle(parse(&work)?, steps).await?))
    }))
    .await
}
