//! Lambda function that keeps the database's schema and users, and rotates its master password.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use services::database_keeper::{Keeper, Settings, handle};
use services::{aws, nudge, settings, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(&settings::environment);
    let settings: Settings = settings::start(&settings::environment)?;
    let keeper = &Arc::new(Keeper::new(&aws::config().await, settings)?);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let Some(work) = nudge::work(&event.context.invoked_function_arn, event.payload)? else {
            return Ok(());
        };
        handle(keeper, &work).await.map_err(Error::from)
    }))
    .await
}
