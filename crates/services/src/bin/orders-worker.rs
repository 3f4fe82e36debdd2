//! Container that settles the orders its queue's messages point at: `order-processor`, fetching by itself.

use std::process::ExitCode;

use services::container::worker::Worker;
use services::container::{Ending, WORKER_ADDRESS, alive};
use services::{aws, processor, settings, telemetry};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => work().await,
        [alive::QUESTION] => {
            let container: settings::Container = settings::load(&settings::environment)?;
            alive::ask(container.listen.unwrap_or(WORKER_ADDRESS)).await?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("usage: orders-worker [{}]", alive::QUESTION);
            Ok(ExitCode::from(2))
        }
    }
}

async fn work() -> Result<ExitCode, Failure> {
    telemetry::start(&settings::environment);
    let (settings, container): (processor::Settings, settings::Container) =
        settings::start(&settings::environment)?;
    let worker = Worker::new(&aws::config().await, settings)?;
    let mut asked = Ending::listen()?;
    let listener = TcpListener::bind(container.listen.unwrap_or(WORKER_ADDRESS)).await?;
    tracing::info!(address = %listener.local_addr()?, hands = worker.hands(), "working");
    let rounds = alive::Rounds::new(worker.hands());
    tokio::spawn(axum::serve(listener, alive::router(rounds.clone())).into_future());
    let (end, ending) = watch::channel(false);
    tokio::spawn(async move {
        asked.asked().await;
        tracing::info!("told to end: the batches in hand are the last");
        end.send_replace(true);
        std::future::pending::<()>().await;
    });
    worker.run(rounds, ending).await?;
    tracing::info!("every batch in hand is done with");
    Ok(ExitCode::SUCCESS)
}
