//! What must hold at every moment, whatever goes wrong.

use recovery::lease::{CLOCK_SLACK, LeaseState};
use recovery::{Epoch, Lease};

use super::client::Entry;
use super::watch::Watch;
use super::{World, us};
use crate::agenda::{MS, Us};
use crate::judge::Violation;

/// The time of one epoch.
#[derive(Clone, Debug)]
pub(crate) struct Reign {
    pub(crate) epoch: Epoch,
    pub(crate) owner: usize,
    pub(crate) began: Us,
    pub(crate) planned: bool,
}

impl World<'_> {
    pub(crate) fn violation(&mut self, violation: Violation) {
        self.note(|| format!("VIOLATION: {violation}"));
        self.violations.push(violation);
    }

    /// The register: one linearizable compare-and-set. `by` is the watch that does it, and whether it has found
    /// the lease expired.
    pub(crate) fn swap(&mut self, by: Option<(usize, bool)>, expected: &Lease, next: Lease) -> bool {
        if !self.lease.is_at(expected) {
            return false;
        }
        if next.version <= self.lease.version || next.epoch < self.lease.epoch {
            self.violation(Violation::LeaseWentBack { epoch: next.epoch, version: next.version });
        }
        let (old, old_epoch, old_state) = (self.owner(), self.lease.epoch, self.lease.state);
        let new = usize::from(next.owner != self.model.regions[super::HOME]);
        let writer = by.map_or(old, |(watch, _)| self.watches[watch].region);
        let moves = next.epoch != old_epoch || old != new;
        let (changed, state) = (moves || old_state != next.state, next.state);
        self.lease = next;
        self.renewed_ms = self.wall_ms(writer);
        if !changed {
            return true;
        }
        self.stirred = true;
        let epoch = self.lease.epoch;
        self.note(|| format!("the lease: epoch {epoch}, region {new}, {}", state.as_str()));
        if moves {
            self.moved_lease(by, old, new);
        } else if old_state == LeaseState::Recovering && state == LeaseState::Serving {
            self.audit_replay(new);
        }
        true
    }

    /// When settlement is enabled after a recovery, everything that was acknowledged before the lease moved, as
    /// far back as the replay's margin, is in the database. Regions whose clocks are further apart than the
    /// protocol allows for have no such promise.
    fn audit_replay(&mut self, owner: usize) {
        let slack_ms = CLOCK_SLACK.as_millis() as u64;
        let began = self.reigns.last().map_or(0, |reign| reign.began);
        let margin = us(self.model.replay_margin);
        if self.clocks_apart_ms > slack_ms || self.places.iter().any(|place| place.clock_ahead_ms > slack_ms)
        {
            return;
        }
        for order in 0..self.orders.len() {
            let entry = self.orders[order].entry;
            let meant = entry.is_some_and(|entry| entry.at < began && entry.at + margin > began);
            if meant && self.databases[owner].row(order).is_none() {
                self.violation(Violation::NotReplayed { order });
            }
        }
    }

    fn moved_lease(&mut self, by: Option<(usize, bool)>, old: usize, new: usize) {
        let epoch = self.lease.epoch;
        if self.reigns.iter().any(|reign| reign.epoch == epoch && reign.owner != new) {
            self.violation(Violation::TwoOwners { epoch });
        }
        self.counts.moves += 1;
        self.reigns.push(Reign { epoch, owner: new, began: self.now, planned: by.is_none() });
        if by.is_some_and(|(_, expired)| expired) {
            let sure_for = self.model.timing.ttl.saturating_sub(self.model.timing.margin);
            let now = self.now;
            let sure = |watch: &Watch| {
                let age = watch.owner.age(watch.clock(now));
                watch.alive && watch.region == old && age.is_some_and(|age| age < sure_for)
            };
            if self.watches.iter().any(sure) {
                self.violation(Violation::TakenFromTheSure { epoch });
            }
        }
        self.refresh_dns();
        self.look_astray();
    }

    /// Judges a write as it happens.
    pub(crate) fn audit_write(&mut self, region: usize, order: usize, epoch: Epoch, entry: Option<Entry>) {
        let fence = self.databases[region].fence.epoch();
        if epoch < fence {
            self.violation(Violation::BelowTheFence { order, epoch, fence });
        }
        let Some(entry) = entry else {
            return self.violation(Violation::SettledUnacknowledged { order });
        };
        // A writer reads the lease after the journal has the order: the lease cannot have moved on before.
        let over = self.reigns.iter().find(|reign| reign.epoch > epoch).map(|reign| reign.began);
        if over.is_some_and(|over| entry.at > over) {
            self.violation(Violation::SettledAfterItsEpoch { order, epoch });
        }
    }

    /// An order has been settled, by whomever.
    pub(crate) fn settled(&mut self, region: usize, order: usize, epoch: Epoch) {
        if region == self.owner() {
            self.tell_waiting(order as u32);
        }
        if self.settled_again.is_none() && self.is_settled_again(region, order, epoch) {
            self.settled_again = Some(self.now);
            self.note(|| "orders are settled again".to_owned());
            self.recovered();
        }
    }

    /// Under a later epoch than when the first fault struck, an order that was acknowledged after it.
    fn is_settled_again(&self, region: usize, order: usize, epoch: Epoch) -> bool {
        let Some(struck) = self.struck else { return false };
        let after = self.orders[order].entry.is_some_and(|entry| entry.at > struck.at + MS);
        after && epoch > struck.epoch && region == self.owner() && self.orders[order].client.is_some()
    }
}
