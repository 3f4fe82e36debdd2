//! Lambda function that settles the orders its SQS batches point at.

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::processor::{Processor, Settings, process};
use services::{aws, nudge, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let settings: Settings = settings::start(&settings::environment)?;
    let processor = &Processor::new(&aws::config().await, settings)?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let Some(work) = nudge::work(&event.context.invoked_function_arn, event.payload)? else {
            return Ok::<_, Error>(SqsBatchResponse::default());
        };
        Ok(process(processor, serde_json::from_value(work)?).await)
    }))
    .await
}
