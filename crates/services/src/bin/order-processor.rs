//! Lambda function that settles the orders its SQS batches point at.

use std::convert::Infallible;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use services::processor::{Processor, Settings, process};
use services::{aws, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let settings: Settings = settings::start(&settings::environment)?;
    let processor = &Processor::new(&aws::config().await, settings)?;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Infallible>(process(processor, event.payload).await)
    }))
    .await
}
