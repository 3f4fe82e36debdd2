//! Container behind the load balancer: the API of `orders-api`, with a server of its own.

use services::container::server::{Limits, serve};
use services::container::{Ending, SERVICE_ADDRESS};
use services::{api, aws, settings, telemetry};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    telemetry::start(&settings::environment);
    let (settings, container): (api::Settings, settings::Container) =
        settings::start(&settings::environment)?;
    let router = api::router(api::AppState::new(&aws::config().await, settings)?);
    let ending = Mutex::new(Ending::listen()?);
    let listener = TcpListener::bind(container.listen.unwrap_or(SERVICE_ADDRESS)).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let asked = || async { ending.lock().await.asked().await };
    serve(listener, router, Limits::DEPLOYED, container.drain(), asked).await;
    Ok(())
}
