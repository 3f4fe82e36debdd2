//! A small HTTP server whose answers a test decides.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A running server; dropping it closes it and its connections.
pub struct Fake {
    pub address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What a test answers to a request: status and body.
pub trait Answers: Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static {}
impl<F: Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static> Answers for F {}

pub async fn serve(at: impl Into<SocketAddr>, answers: impl Answers) -> Fake {
    let listener = TcpListener::bind(at.into()).await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let answers = Arc::new(answers);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let answers = Arc::clone(&answers);
            connections.spawn(async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let answers = Arc::clone(&answers);
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let (status, body) = answers(&Request::from_parts(parts, body));
                        let response = Response::builder().status(status).body(Full::new(Bytes::from(body)));
                        Ok::<_, hyper::Error>(response.expect("a valid status"))
                    }
                });
                let builder = hyper::server::conn::http1::Builder::new();
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Fake { address, _tasks: tasks }
}

/// Waits until `holds`, for at most 20 s.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "not within 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
