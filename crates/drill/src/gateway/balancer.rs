//! A region's application load balancer: listener rules, and targets that their health checks let through.
//!
//! It behaves as AWS documents of the real one where a deployment can notice. A request goes to one
//! target and is never tried again, whatever its method: a target that does not answer is a 502, one
//! that answers too late a 504, and trying again is the client's decision, who knows whether it may. A
//! new target is used after one good check; a failing one is left after `unhealthy_threshold` bad ones.
//! When all are unhealthy, all are used: better a slow answer than none. A target that is deregistered
//! gets no new request and keeps those it has for at most the deregistration delay.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
//!
//! Start reading at [`Balancer::answer`]; [`plan`] holds what the template says.

mod check;
pub mod plan;
mod rule;
mod target;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderValue, Response, StatusCode, request};
use http_body_util::Full;
use tokio::time::timeout;

use super::upstream::{Answer, UpstreamError, plain};
use plan::{Action, Algorithm, BalancerPlan};
use target::{InFlight, Target};

pub use target::TargetHealth;

/// How long a target may be silent in the middle of an answer; the default of AWS.
pub const IDLE: Duration = Duration::from_secs(60);
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Names one registered target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetId(u64);

/// What the load balancer did since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BalancerCounts {
    /// Requests that were led to a target.
    pub forwarded: u64,
    /// Requests that a rule answered.
    pub answered: u64,
    /// Requests for which there was no target (503).
    pub no_target: u64,
    /// Requests whose target broke the connection or took none (502).
    pub bad_gateway: u64,
    /// Requests whose target was silent for too long (504).
    pub timed_out: u64,
}

/// A running load balancer; clones are the same one.
#[derive(Clone, Debug)]
pub struct Balancer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    plan: BalancerPlan,
    targets: Mutex<Vec<Target>>,
    next_id: AtomicU64,
    turn: AtomicUsize,
    counts: Mutex<BalancerCounts>,
}

impl Balancer {
    /// With no target yet.
    #[must_use]
    pub fn new(plan: BalancerPlan) -> Self {
        Self(Arc::new(Shared {
            plan,
            targets: Mutex::default(),
            next_id: AtomicU64::new(1),
            turn: AtomicUsize::new(0),
            counts: Mutex::default(),
        }))
    }

    /// Registers a target and begins to check it.
    #[must_use]
    pub fn register(&self, address: SocketAddr) -> TargetId {
        let id = TargetId(self.0.next_id.fetch_add(1, Ordering::Relaxed));
        self.targets().push(Target::new(id, address, &self.0.plan));
        id
    }

    /// No new request from now on.
    pub fn deregister(&self, id: TargetId) {
        if let Some(target) = self.targets().iter_mut().find(|target| target.id == id) {
            target.drain();
        }
    }

    /// Whether a deregistered target has answered all it had, or has had the deregistration delay for it.
    #[must_use]
    pub fn is_drained(&self, id: TargetId) -> bool {
        let targets = self.targets();
        let target = targets.iter().find(|target| target.id == id);
        target.is_none_or(|target| target.is_drained(self.0.plan.drain))
    }

    /// Forgets a target; what it was still answering ends with a 502.
    pub fn forget(&self, id: TargetId) {
        self.targets().retain(|target| target.id != id);
    }

    /// How a target is; none when there is no such target.
    #[must_use]
    pub fn health(&self, id: TargetId) -> Option<TargetHealth> {
        self.targets().iter().find(|target| target.id == id).map(Target::health)
    }

    /// Every registered target and how it is.
    #[must_use]
    pub fn states(&self) -> Vec<(SocketAddr, TargetHealth)> {
        self.targets().iter().map(|target| (target.address, target.health())).collect()
    }

    /// Targets that are healthy.
    #[must_use]
    pub fn healthy(&self) -> usize {
        self.targets().iter().filter(|target| target.health() == TargetHealth::Healthy).count()
    }

    /// What it did since the start.
    #[must_use]
    pub fn counts(&self) -> BalancerCounts {
        *self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request: by a rule of its own, or by a target.
    pub(super) async fn answer(&self, parts: request::Parts, body: Bytes) -> Answer {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        match self.0.plan.action(host, &parts.method, parts.uri.path()) {
            Action::Fixed { status, content_type, body } => {
                self.count(|counts| counts.answered += 1);
                fixed(*status, content_type.as_deref(), body)
            }
            Action::Forward => self.forward(parts, body).await,
        }
    }

    async fn forward(&self, mut parts: request::Parts, body: Bytes) -> Answer {
        let Some((upstream, in_flight)) = self.pick() else {
            self.count(|counts| counts.no_target += 1);
            return page(StatusCode::SERVICE_UNAVAILABLE);
        };
        self.count(|counts| counts.forwarded += 1);
        // As the listener is one for HTTPS, whatever carries it here.
        parts.headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        // Every client of a drill is this machine.
        parts.headers.entry(FORWARDED_FOR).or_insert(HeaderValue::from_static("127.0.0.1"));
        let answered = timeout(self.0.plan.idle, upstream.send(parts, body)).await;
        drop(in_flight);
        match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let unreachable = matches!(error, UpstreamError::Send(_));
                tracing::debug!(%error, unreachable, "a target did not answer");
                self.count(|counts| counts.bad_gateway += 1);
                page(StatusCode::BAD_GATEWAY)
            }
            Err(_) => {
                self.count(|counts| counts.timed_out += 1);
                page(StatusCode::GATEWAY_TIMEOUT)
            }
        }
    }

    /// The next target, by the algorithm of its group.
    fn pick(&self) -> Option<(super::upstream::Upstream, InFlight)> {
        let targets = self.targets();
        let of = |health| targets.iter().filter(move |target| target.health() == health).collect::<Vec<_>>();
        let mut usable = of(TargetHealth::Healthy);
        if usable.is_empty() {
            usable = of(TargetHealth::Unhealthy);
        }
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let start = turn.checked_rem(usable.len())?;
        usable.rotate_left(start);
        let target = match self.0.plan.algorithm {
            Algorithm::RoundRobin => usable.first(),
            Algorithm::LeastOutstanding => usable.iter().min_by_key(|target| target.in_flight()),
        }?;
        Some((target.upstream(), target.enter()))
    }

    fn targets(&self) -> MutexGuard<'_, Vec<Target>> {
        self.0.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, change: impl FnOnce(&mut BalancerCounts)) {
        change(&mut self.0.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn fixed(status: StatusCode, content_type: Option<&str>, body: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *answer.status_mut() = status;
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        answer.headers_mut().insert(CONTENT_TYPE, value);
    }
    answer
}

/// What the real one answers for itself is a page of HTML; a client only reads its status.
fn page(status: StatusCode) -> Answer {
    let mut answer = plain(status, format!("<html><body><h1>{status}</h1></body></html>"));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}
