//! Lambda function that asks whether the standby could take over now; on a schedule, or when invoked.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::preflight::{Preflight, Settings};
use services::{aws, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let (settings, fleet): (Settings, Option<settings::Fleet>) = settings::start(&settings::environment)?;
    let config = aws::config().await;
    let preflight = &Preflight::new(&config, settings)?.with_fleet(&config, fleet);
    run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, Infallible>(preflight.run().await))).await
}
