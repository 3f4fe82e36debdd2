//! The status of every health check, as the DNS servers know it.

use std::collections::BTreeMap;

use tokio::sync::watch;

use super::CHECKERS;

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckStatus {
    /// What DNS answers by.
    pub healthy: bool,
    /// How many of the checkers say healthy now; DNS hears of it later.
    pub checkers_healthy: u64,
}

/// Shared between the checkers, which write it, and the DNS server and the
/// display, which read it.
#[derive(Clone, Debug)]
pub struct HealthBoard(watch::Sender<BTreeMap<String, CheckStatus>>);

impl HealthBoard {
    /// Every check begins healthy, as a new one does at Route 53.
    pub fn new<'id>(checks: impl IntoIterator<Item = &'id String>) -> Self {
        let status = CheckStatus { healthy: true, checkers_healthy: CHECKERS };
        Self(watch::Sender::new(checks.into_iter().map(|id| (id.clone(), status)).collect()))
    }

    /// The published status; a check that is not on the board counts as healthy.
    #[must_use]
    pub fn is_healthy(&self, check: &str) -> bool {
        self.0.borrow().get(check).is_none_or(|status| status.healthy)
    }

    /// Every check by logical id.
    #[must_use]
    pub fn statuses(&self) -> BTreeMap<String, CheckStatus> {
        self.0.borrow().clone()
    }

    /// Hears of every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<BTreeMap<String, CheckStatus>> {
        self.0.subscribe()
    }

    pub(super) fn observe(&self, check: &str, checkers_healthy: u64) {
        self.change(check, |status| status.checkers_healthy = checkers_healthy);
    }

    pub(super) fn publish(&self, check: &str, healthy: bool) {
        self.change(check, |status| status.healthy = healthy);
    }

    fn change(&self, check: &str, apply: impl FnOnce(&mut CheckStatus)) {
        self.0.send_modify(|board| {
            if let Some(status) = board.get_mut(check) {
                apply(status);
            }
        });
    }
}
