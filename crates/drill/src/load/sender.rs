//! One HTTP request of a client, over connections that it keeps.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use recovery::Region;
use tokio::time::timeout;

use super::signature::Signature;

/// To establish a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(1);
/// From sending a request to the end of its answer, connecting included.
pub(super) const REQUEST: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(20);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How one request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// With an answer.
    Answered(StatusCode, Bytes),
    /// Before it left: no address, or no connection.
    NotSent,
    /// Anywhere after that.
    Unknown,
}

/// What to ask.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) host: String,
    pub(super) path: String,
    /// The regions that may be behind the host.
    pub(super) signed_for: Vec<Region>,
    pub(super) token: Option<String>,
    pub(super) body: Bytes,
}

/// A client's connections.
pub(super) struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    signature: Signature,
    port: u16,
}

impl Sender {
    pub(super) fn new(port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            // Every retry is ours, so that every one is counted.
            .retry_canceled_requests(false)
            .build(connector);
        Self { client, signature: Signature::new(), port }
    }

    pub(super) async fn send(&self, address: Ipv4Addr, ask: &Ask) -> Attempt {
        let at = SocketAddr::from((address, self.port));
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("http://{at}{}", ask.path))
            .header(HOST, format!("{}:{}", ask.host, self.port));
        if !ask.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &ask.token {
            request = request.header("session-token", token);
        }
        let Ok(mut request) = request.body(ask.body.clone()) else {
            return Attempt::NotSent;
        };
        if self.signature.put(&mut request, &ask.signed_for).is_none() {
            return Attempt::NotSent;
        }
        timeout(REQUEST, self.answered(request.map(Full::new))).await.unwrap_or(Attempt::Unknown)
    }

    async fn answered(&self, request: Request<Full<Bytes>>) -> Attempt {
        match self.client.request(request).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
                    Ok(body) => Attempt::Answered(parts.status, body.to_bytes()),
                    Err(_) => Attempt::Unknown,
                }
            }
            Err(error) if error.is_connect() => Attempt::NotSent,
            Err(_) => Attempt::Unknown,
        }
    }
}
