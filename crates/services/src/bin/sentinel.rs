//! Lambda function that keeps watch for one invocation: renews the own lease, or takes over the peer's.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::sentinel::{Sentinel, Settings, deadline, watch};
use services::{aws, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    // Without its cluster's name a sentinel would take every standby database for broken.
    let (settings, clusters): (Settings, _) = settings::start(&settings::environment)?;
    let sentinel = &Sentinel::new(&aws::config().await, settings, Some(clusters))?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let until = sentinel.watch_until(deadline(event.context.deadline));
        Ok::<_, Infallible>(watch(sentinel, until).await)
    }))
    .await
}
