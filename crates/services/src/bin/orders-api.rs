//! The function behind the REST API: takes orders, keeps sessions, answers health checks.

use lambda_http::tower::ServiceExt;
use services::{api, aws, settings, telemetry};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start(&settings::environment);
    let settings: api::Settings = settings::start(&settings::environment)?;
    let state = api::AppState::new(&aws::config().await, settings)?;
    lambda_http::run(api::router(state).map_request(api::without_stage)).await
}
