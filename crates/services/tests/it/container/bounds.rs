//! Goal: nobody holds a connection, or a container, for longer than allowed. Method: the server with limits
//! of milliseconds, and callers that dawdle.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::Method;
use services::api::{AppState, router};
use services::container::server::{CONNECTIONS_MAX, Limits, serve};
use services::container::worker::{INVISIBLE, ROUND_LIMIT};
use services::probe::Prober;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::Scene;

const FOREVER: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(200);
const NONE: Limits = Limits { head: FOREVER, body: FOREVER, answer: FOREVER, idle: FOREVER, close: FOREVER };
const HEAD: &str =
    "POST /orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";

async fn api() -> Router {
    let scene = Scene::new().await;
    router(AppState::new(&scene.aws, scene.settings).expect("the settings are usable"))
}

async fn listen(limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let router = api().await;
    tokio::spawn(serve(listener, router, limits, FOREVER, std::future::pending));
    address
}

/// What comes back for `sent` until the server closes.
async fn ask(address: SocketAddr, sent: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let began = Instant::now();
    stream.write_all(sent.as_bytes()).await.expect("it reads");
    let mut text = String::new();
    let read = timeout(Duration::from_secs(60), stream.read_to_string(&mut text)).await;
    // A reset is an end as well.
    let _ = read.expect("it ends");
    (text, began.elapsed())
}

#[tokio::test]
async fn silent_connections_and_slow_heads_are_closed() {
    let address = listen(Limits { head: SHORT, ..NONE }).await;
    let (text, took) = ask(address, "GET /health/live HTTP/1.1\r\nho").await;
    assert_eq!(text, "");
    assert!(took >= SHORT, "{took:?}");
    let address = listen(Limits { idle: SHORT, ..NONE }).await;
    let (text, _) = ask(address, "").await;
    assert_eq!(text, "");
    let (text, _) = ask(address, "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200"), "the silence after an answer: {text}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_and_let_go() {
    let address = listen(Limits { body: SHORT, idle: SHORT, ..NONE }).await;
    let (text, _) = ask(address, &format!("{HEAD}{{")).await;
    assert!(text.starts_with("HTTP/1.1 400") && text.contains("incomplete_body"), "{text}");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_503() {
    let address = listen(Limits { answer: SHORT, idle: SHORT, ..NONE }).await;
    let (text, _) = ask(address, &format!("{HEAD}{{")).await;
    assert!(text.starts_with("HTTP/1.1 503") && text.contains("retry-after: 1"), "{text}");
}

#[tokio::test]
async fn heads_and_bodies_are_bounded() {
    let address = listen(NONE).await;
    let long = format!("GET /health/live HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let (text, _) = ask(address, &long).await;
    // The answer may be lost with what was not read.
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 431"), "{text}");
    let prober = Prober::new(None).expect("a prober");
    let url = format!("http://{address}/orders");
    let answer = prober.send_unsigned(Method::POST, &url, vec![b'x'; 17_000]).await.expect("an answer");
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_wait_their_turn() {
    let address = listen(NONE).await;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it reads");
        stream.read_exact(&mut [0; 12]).await.expect("it is answered");
        held.push(stream);
    }
    let mut late = TcpStream::connect(address).await.expect("the backlog has room");
    late.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the kernel takes it");
    let mut answer = [0; 12];
    assert!(timeout(SHORT, late.read_exact(&mut answer)).await.is_err(), "it waits");
    held.pop();
    timeout(Duration::from_secs(60), late.read_exact(&mut answer))
        .await
        .expect("its turn")
        .expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_connection_without_a_request_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let (end, asked) = tokio::sync::watch::channel(false);
    let ending = move || {
        let mut asked = asked.clone();
        async move {
            let _ = asked.wait_for(|asked| *asked).await;
        }
    };
    let served = tokio::spawn(serve(listener, api().await, NONE, FOREVER, ending));
    let mut kept = TcpStream::connect(address).await.expect("it listens");
    kept.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it reads");
    kept.read_exact(&mut [0; 12]).await.expect("it is answered");
    end.send_replace(true);
    timeout(Duration::from_secs(60), served).await.expect("it ends").expect("it does not panic");
}

#[test]
fn the_deployed_limits_fit_the_load_balancer_and_fargate() {
    let limits = Limits::DEPLOYED;
    // The load balancer waits for 60 s, and must be the one that closes.
    assert!(limits.idle > Duration::from_secs(60));
    // Fargate waits for 120 s after SIGTERM; a deployment file may drain for 110 s.
    assert!(Duration::from_secs(110) + limits.close < Duration::from_secs(120));
    assert!(limits.body < limits.answer && limits.answer <= limits.close);
    assert!(INVISIBLE < ROUND_LIMIT);
}
