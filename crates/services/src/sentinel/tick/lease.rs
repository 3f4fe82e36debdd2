//! What a tick does to the lease, each time by one compare-and-set that may lose.

use std::time::Duration;

use recovery::Lease;
use recovery::lease::LEASE_LIMIT;
use tokio::time::timeout;

use super::Watch;
use crate::lease_store::Swap;
use crate::sentinel::SERVICE;
use crate::telemetry::{self, Metric};

impl Watch<'_> {
    pub(super) async fn create(&mut self, next: &Lease) {
        let begun = self.now();
        let created = self.bounded(self.sentinel.leases.create(next)).await;
        if let Some(swap) = created {
            self.owned(begun, swap, next, "lease_created");
        }
    }

    pub(super) async fn renew(&mut self, expected: &Lease, next: &Lease) {
        let begun = self.now();
        match self.bounded(self.sentinel.leases.replace(expected, next)).await {
            Some(Swap::Done) => {
                self.owner.renewed(begun);
                self.report.renewals += 1;
            }
            // Another watch of this region was faster, or the lease is lost: the reads tell.
            Some(Swap::Lost(current)) => {
                self.owner.observe(&current, begun);
                if current.owner == expected.owner && current.epoch == expected.epoch {
                    self.report.renewals += 1;
                } else {
                    let detail = format!("{} owns the lease now: {}", current.owner, current.evidence);
                    self.report.note("lease_lost", Some(current.epoch), detail);
                }
            }
            None => {}
        }
    }

    pub(super) async fn take_over(&mut self, expected: &Lease, next: &Lease) {
        let begun = self.now();
        let Some(swap) = self.bounded(self.sentinel.leases.replace(expected, next)).await else { return };
        if self.owned(begun, swap, next, "lease_taken") {
            self.start_recovery(next).await;
        }
    }

    /// Notes how a change of owner ended; true when the lease is this region's.
    fn owned(&mut self, begun: Duration, swap: Swap, next: &Lease, event: &'static str) -> bool {
        match swap {
            Swap::Done => {
                self.owner.renewed(begun);
                self.report.note(event, Some(next.epoch), next.evidence.clone());
                // The lease that a deployment begins with was nobody's.
                telemetry::count(SERVICE, Metric::LeasesTaken, u64::from(event == "lease_taken"));
                true
            }
            Swap::Lost(current) => {
                let detail = format!("{} was faster", current.owner);
                self.report.note("lease_not_taken", Some(current.epoch), detail);
                false
            }
        }
    }

    pub(super) async fn undrain(&mut self, expected: &Lease, next: &Lease) {
        let begun = self.now();
        match self.bounded(self.sentinel.leases.replace(expected, next)).await {
            Some(Swap::Done) => {
                self.owner.renewed(begun);
                let detail = "the failback came to nothing: this region settles again".to_owned();
                self.report.note("drain_undone", Some(next.epoch), detail);
            }
            Some(Swap::Lost(current)) => self.owner.observe(&current, begun),
            None => {}
        }
    }

    async fn bounded<E: std::error::Error>(
        &mut self,
        swap: impl Future<Output = Result<Swap, E>>,
    ) -> Option<Swap> {
        let problem = match timeout(LEASE_LIMIT, swap).await {
            Ok(Ok(swap)) => return Some(swap),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", LEASE_LIMIT.as_millis()),
        };
        self.report.note("lease_unchanged", self.last_epoch, problem);
        None
    }
}
