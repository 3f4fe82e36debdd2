//! Goal: a service that is told to end loses nobody's request. Method: real processes under load, told to
//! end; the journal is asked for everything that was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use recovery::{OrderId, setting};
use serde_json::{Value, json};
use services::journal::Journal;
use services::probe::Prober;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::process::{Container, SERVICE, with_credentials};
use crate::api::function::environment;
use crate::database::server::eventually;
use crate::support::{Scene, home};

/// Clients of each kind.
const CLIENTS: usize = 6;

async fn start(scene: &Scene, drain_s: u32) -> Container {
    let mut service = with_credentials(SERVICE).await;
    service.envs(environment(scene)).env(setting::DRAIN_S, drain_s.to_string());
    Container::start(service).await
}

fn order(id: Uuid) -> String {
    json!({ "id": id, "account": "ACC-1", "symbol": "ACME", "side": "buy", "quantity": 1, "limit_price": "1" })
        .to_string()
}

/// Places orders until told to stop, each on a connection of its own; what became of each.
async fn on_fresh_connections(url: String, stop: Arc<AtomicBool>) -> Vec<(Uuid, Result<u16, String>)> {
    let prober = Prober::new(None).expect("a prober").with_total_timeout(Duration::from_secs(20));
    let mut outcomes = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let id = Uuid::now_v7();
        let answer = prober.send_unsigned(Method::POST, &url, order(id)).await;
        outcomes.push((id, answer.map(|answer| answer.status).map_err(|error| error.to_string())));
    }
    outcomes
}

/// The same on a connection that is kept for as long as the service keeps it.
async fn on_kept_connections(url: String, stop: Arc<AtomicBool>) -> Vec<(Uuid, Result<u16, String>)> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut outcomes = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let id = Uuid::now_v7();
        let request = Request::post(&url).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Full::from(order(id))).expect("a request");
        let outcome = match client.request(request).await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body = answer.into_body().collect().await;
                body.map(|_| status).map_err(|error| error.to_string())
            }
            Err(error) => Err(format!("{error:?}")),
        };
        outcomes.push((id, outcome));
    }
    outcomes
}

#[tokio::test]
async fn every_request_is_answered_while_the_service_ends() {
    let scene = Scene::new().await;
    let mut container = start(&scene, 2).await;
    let (url, stop) = (format!("http://{}/orders", container.address), Arc::new(AtomicBool::new(false)));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(on_fresh_connections(url.clone(), Arc::clone(&stop)));
        clients.spawn(on_kept_connections(url.clone(), Arc::clone(&stop)));
    }
    let journal = Journal::new(scene.dynamodb(), scene.settings.1.clone(), home());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(container.get("/health/live").await.status, 200);
    container.signal("TERM").await;
    // The load balancer notices, and sends nothing more after a while.
    eventually("its check fails", || async { container.get("/health/live").await.status == 503 }).await;
    assert_eq!(container.get("/health/ready").await.status, 200, "the region goes on as before");
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    let outcomes: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    assert!(outcomes.len() > 2 * CLIENTS, "there was load");
    for (id, outcome) in &outcomes {
        assert_eq!(outcome, &Ok(201), "{id}");
    }
    let status = container.ended().await;
    assert!(status.success(), "{status}");
    let ids: Vec<OrderId> = outcomes.iter().map(|(id, _)| OrderId::new(*id).expect("version 7")).collect();
    let kept = journal.get_many(&ids).await.expect("the journal answers");
    assert_eq!(kept.len(), ids.len());
}

/// Reads to the end of the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer and an end");
    text
}

#[tokio::test]
async fn a_request_in_hand_is_answered_after_the_drain() {
    let scene = Scene::new().await;
    let mut container = start(&scene, 1).await;
    let body = order(Uuid::now_v7());
    let (first, last) = body.split_at(10);
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    let mut stream = TcpStream::connect(container.address).await.expect("it listens");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    container.signal("TERM").await;
    eventually("the drain is over", || async { TcpStream::connect(container.address).await.is_err() }).await;
    stream.write_all(last.as_bytes()).await.expect("it still reads");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert!(container.ended().await.success());
}

#[tokio::test]
async fn without_requests_it_ends_with_the_drain_and_a_second_signal_ends_that() {
    let scene = Scene::new().await;
    let mut container = start(&scene, 3600).await;
    container.signal("INT").await;
    eventually("it drains", || async { container.get("/health/live").await.status == 503 }).await;
    let body: Value = serde_json::from_slice(&container.get("/health/live").await.body).expect("JSON");
    assert_eq!(body["status"], "draining");
    container.signal("TERM").await;
    assert!(container.ended().await.success());
}
