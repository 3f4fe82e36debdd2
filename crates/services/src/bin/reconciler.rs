//! Lambda function that compares the journal with the databases and the sessions; on a schedule, or when invoked.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::reconciler::{Reconciler, Settings};
use services::{aws, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let settings: Settings = settings::start(&settings::environment)?;
    let reconciler = &Reconciler::new(&aws::config().await, settings)?;
    run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, Infallible>(reconciler.run().await))).await
}
