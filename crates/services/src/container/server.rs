//! The public API's own server, where no API Gateway stands before it.
//!
//! What the gateway bounds for the function is bounded here: connections, heads, bodies, silence and the
//! time of an answer. How many requests a caller may send is the firewall's to say.
//!
//! Told to end, the service first fails the load balancer's health check and goes on answering whoever
//! comes, for the deregistration delay; then it lets the requests in hand end, and closes.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::connection::{Pulse, Watched};
use super::late::Timely;

/// What the load balancer asks to know whether a task may have requests; it must not ask for the lease.
pub const TARGET_HEALTH_PATH: &str = "/health/live";
/// Connections at once. A load balancer has some tens per node; more than this wait in the backlog.
pub const CONNECTIONS_MAX: usize = 1024;
/// Bytes of a request's head, about: as many as the load balancer lets through. Of what is read at once more
/// is taken, but not twice as much.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The wait after a connection that could not be accepted, because there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a server waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the rest of a request's head after its first byte.
    pub head: Duration,
    /// For the rest of its body after its head.
    pub body: Duration,
    /// For its answer after its head, the body included.
    pub answer: Duration,
    /// For the next request on a connection. Longer than the load balancer's own patience, so that it never
    /// sends a request on a connection that closes at that moment: it is the one that closes.
    ///
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html>:
    /// 60 s unless set otherwise, and a service should wait for longer.
    pub idle: Duration,
    /// After the drain, for the requests in hand.
    pub close: Duration,
}

impl Limits {
    /// Those of a deployed service. Fargate kills a task 120 s after it told it to end: the longest drain of a
    /// deployment file and `close` are less.
    pub const DEPLOYED: Self = Self {
        head: Duration::from_secs(10),
        body: Duration::from_secs(5),
        answer: Duration::from_secs(9),
        idle: Duration::from_secs(75),
        close: Duration::from_secs(9),
    };
}

/// How far the end of the server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Connections and requests are still taken, but every answer says that its connection ends.
    Draining,
    /// The answers in hand are the last.
    Closing,
}

/// Serves until `ending` returns and `drain` is over, and then for what the requests in hand still take.
///
/// `ending` is asked again during the drain, which a second call cuts short.
pub async fn serve<F: Future<Output = ()>>(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    drain: Duration,
    mut ending: impl FnMut() -> F,
) {
    let (phase, _) = watch::channel(Phase::Serving);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let host = Host { router, limits, phase: phase.clone(), room: Arc::clone(&room) };
    tokio::select! {
        () = host.accept(&listener) => {}
        () = ending() => {}
    }
    phase.send_replace(Phase::Draining);
    tracing::info!(drain_s = drain.as_secs(), "told to end: the load balancer's check fails from now on");
    tokio::select! {
        () = host.accept(&listener) => {}
        () = sleep(drain) => {}
        () = ending() => {}
    }
    drop(listener);
    phase.send_replace(Phase::Closing);
    let everyone = u32::try_from(CONNECTIONS_MAX).expect("it is about a thousand");
    match timeout(limits.close, room.acquire_many(everyone)).await {
        Ok(_) => tracing::info!("every request was answered"),
        Err(_) => tracing::warn!(
            connections = CONNECTIONS_MAX - room.available_permits(),
            "requests were still in hand at the end"
        ),
    }
}

/// What every connection of a server shares.
#[derive(Clone, Debug)]
struct Host {
    router: Router,
    limits: Limits,
    phase: watch::Sender<Phase>,
    room: Arc<Semaphore>,
}

impl Host {
    /// Takes connections, while there is room, for as long as it is asked to.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            let room = Arc::clone(&self.room).acquire_owned().await.expect("nobody closes it");
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(self.clone().connection(stream, room));
                }
                Err(error) => self.not_accepted(&error).await,
            }
        }
    }

    async fn not_accepted(&self, error: &io::Error) {
        // A caller that left before its turn is nobody's trouble.
        if error.kind() != io::ErrorKind::ConnectionAborted {
            tracing::warn!(%error, "a connection cannot be accepted");
        }
        sleep(ACCEPT_PAUSE).await;
    }

    async fn connection(self, stream: TcpStream, _room: OwnedSemaphorePermit) {
        let _ = stream.set_nodelay(true);
        let pulse = Pulse::new();
        let (idle, head) = (self.limits.idle, self.limits.head);
        let mut phase = self.phase.subscribe();
        let service = service_fn(|request| {
            pulse.asked();
            let answer = self.answer(request);
            let pulse = &pulse;
            async move {
                let answer = answer.await;
                pulse.answered();
                Ok::<_, Infallible>(answer)
            }
        });
        let io = TokioIo::new(Watched { stream, pulse: Arc::clone(&pulse) });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(io, service);
        let mut served = std::pin::pin!(served);
        tokio::select! {
            // A connection that breaks is its caller's to tell.
            _ = served.as_mut() => return,
            () = pulse.overdue(idle, head) => return,
            _ = phase.wait_for(|phase| *phase == Phase::Closing) => {}
        }
        served.as_mut().graceful_shutdown();
        tokio::select! {
            _ = served => {}
            () = pulse.overdue(idle, head) => {}
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response {
        let is_check = request.uri().path() == TARGET_HEALTH_PATH;
        let mut answer = if is_check && *self.phase.borrow() != Phase::Serving {
            draining()
        } else {
            let request = request.map(|body| Body::new(Timely::within(self.limits.body, body)));
            let answer = timeout(self.limits.answer, self.router.clone().oneshot(request)).await;
            answer.map_or_else(|_| late(), |answer| answer.unwrap_or_else(|never| match never {}))
        };
        // Told like this, and not by closing, the caller sends nothing on a connection that is gone.
        if *self.phase.borrow() != Phase::Serving {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

fn unavailable(body: Value) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, Json(body)).into_response()
}

/// What the load balancer hears from a task that was told to end.
fn draining() -> Response {
    unavailable(json!({ "status": "draining", "checks": {} }))
}

/// Nothing is known of what was asked for; who repeats an order with its id places it once.
fn late() -> Response {
    unavailable(json!({ "error": "unavailable" }))
}
