//! The gateways' side of HTTP: serving connections, and the emulator behind them.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HeaderMap, HeaderName, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{Request, Response, StatusCode, Uri, request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use super::door::Connection;
use super::passage::{Broken, Passage};

/// Largest body either way, in bytes: API Gateway's limit of 10 MiB.
pub(super) const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Shorter than the emulator's own 5 s, so that it never closes a connection that is being reused.
const IDLE: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(2);
/// As long as a load balancer waits for a connection to its target; documented by AWS.
const CONNECT_TO_TARGET: Duration = Duration::from_secs(10);

pub(super) type Answer = Response<Full<Bytes>>;

/// The emulator, or one target of a load balancer.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum UpstreamError {
    #[error("the request cannot be forwarded")]
    Request(#[from] http::Error),
    #[error("what is behind the gateway cannot be reached")]
    Send(#[from] hyper_util::client::legacy::Error),
    #[error("the answer from behind the gateway is cut short or longer than {BODY_BYTES_MAX} bytes: {0}")]
    Body(String),
}

impl Upstream {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { client: pool().build(connector(CONNECT)), address }
    }

    /// A target, of which nothing is asked twice.
    pub(super) fn target(address: SocketAddr) -> Self {
        let client = pool().retry_canceled_requests(false).build(connector(CONNECT_TO_TARGET));
        Self { client, address }
    }

    /// A target that is asked over a new connection each time.
    pub(super) fn checking(address: SocketAddr) -> Self {
        let client = pool().pool_max_idle_per_host(0).build(connector(CONNECT_TO_TARGET));
        Self { client, address }
    }

    pub(super) async fn send(&self, parts: request::Parts, body: Bytes) -> Result<Answer, UpstreamError> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri =
            Uri::builder().scheme("http").authority(self.address.to_string()).path_and_query(path).build()?;
        let mut request = Request::builder().method(parts.method).uri(uri).body(Full::new(body))?;
        *request.headers_mut() = end_to_end(parts.headers);
        let (mut parts, body) = self.client.request(request).await?.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| UpstreamError::Body(error.to_string()))?;
        parts.headers = end_to_end(parts.headers);
        Ok(Response::from_parts(parts, Full::new(body.to_bytes())))
    }
}

fn connector(limit: Duration) -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(limit));
    connector
}

fn pool() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    builder
}

/// Headers that mean something beyond the next hop. The length is written anew.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    for name in [CONNECTION, KEEP_ALIVE, TE, TRANSFER_ENCODING, UPGRADE, EXPECT, CONTENT_LENGTH] {
        headers.remove(name);
    }
    headers
}

/// Serves one connection until it ends or the region dies.
pub(super) async fn serve<F, Fut>(connection: Connection, passage: Passage, answer: F)
where
    F: Fn(request::Parts, Bytes) -> Fut,
    Fut: Future<Output = Result<Answer, Broken>>,
{
    let reset = connection.reset();
    let service = service_fn(|request: Request<Incoming>| async {
        let outcome = through(&passage, request, &answer).await;
        outcome.inspect_err(|_| reset.mark())
    });
    let builder = hyper::server::conn::http1::Builder::new();
    let mut serving = pin!(builder.serve_connection(TokioIo::new(connection), service));
    tokio::select! {
        // Ends in an error when the client leaves early or a fault resets it: nothing to report.
        _ = &mut serving => {}
        () = passage.died() => reset.mark(),
    }
}

async fn through<F, Fut>(passage: &Passage, request: Request<Incoming>, answer: &F) -> Result<Answer, Broken>
where
    F: Fn(request::Parts, Bytes) -> Fut,
    Fut: Future<Output = Result<Answer, Broken>>,
{
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "{\"message\":\"Request Too Long\"}"));
    };
    passage.enter().await?;
    let outcome = answer(parts, body.to_bytes()).await;
    passage.thawed().await;
    outcome
}

/// A short JSON answer made here.
pub(super) fn plain(status: StatusCode, json: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(json.into()));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}
