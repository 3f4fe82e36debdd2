//! One target: what is known of its health, and what it is answering.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::upstream::Upstream;
use super::TargetId;
use super::check;
use super::plan::BalancerPlan;

/// How a target is, in the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetHealth {
    /// Not checked with success yet.
    Initial,
    /// Gets requests.
    Healthy,
    /// Gets requests only when no other does.
    Unhealthy,
    /// Deregistered: gets no new request.
    Draining,
}

impl TargetHealth {
    /// As the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Draining => "draining",
        }
    }
}

#[derive(Debug)]
pub(super) struct Target {
    pub(super) id: TargetId,
    pub(super) address: SocketAddr,
    upstream: Upstream,
    checked: watch::Receiver<TargetHealth>,
    draining_since: Option<Instant>,
    in_flight: Arc<AtomicUsize>,
    /// Held so that the checks end with the target.
    checks: JoinSet<()>,
}

/// One request that a target is answering.
pub(super) struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Target {
    pub(super) fn new(id: TargetId, address: SocketAddr, plan: &BalancerPlan) -> Self {
        let upstream = Upstream::target(address);
        let (health, checked) = watch::channel(TargetHealth::Initial);
        let mut checks = JoinSet::new();
        checks.spawn(check::watch(plan.check.clone(), address, health));
        Self { id, address, upstream, checked, draining_since: None, in_flight: Arc::default(), checks }
    }

    pub(super) fn health(&self) -> TargetHealth {
        if self.draining_since.is_some() { TargetHealth::Draining } else { *self.checked.borrow() }
    }

    pub(super) fn drain(&mut self) {
        self.draining_since.get_or_insert_with(Instant::now);
        self.checks.abort_all();
    }

    pub(super) fn is_drained(&self, delay: Duration) -> bool {
        self.draining_since.is_some_and(|since| self.in_flight() == 0 || since.elapsed() >= delay)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(super) fn upstream(&self) -> Upstream {
        self.upstream.clone()
    }

    pub(super) fn enter(&self) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(&self.in_flight))
    }
}
