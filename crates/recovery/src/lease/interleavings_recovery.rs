//! What a region of the world does with its lease: it recovers, and it settles.

use super::super::super::*;
use super::World;

pub(super) enum Recovery {
    Idle,
    Fence(Lease),
    Enable(Lease),
}

impl World {
    /// One step of the recovery.
    pub(super) fn recover(&mut self, region: usize) {
        if self.blind[region] {
            return;
        }
        let phase = std::mem::replace(&mut self.recovery[region], Recovery::Idle);
        let mine =
            |lease: &&Lease| lease.owner == self.regions[region] && lease.state == LeaseState::Recovering;
        self.recovery[region] = match phase {
            Recovery::Idle => {
                self.lease.as_ref().filter(mine).cloned().map_or(Recovery::Idle, Recovery::Fence)
            }
            Recovery::Fence(lease) => match self.fence.raise(lease.epoch) {
                Ok(()) => Recovery::Enable(lease),
                Err(_) => Recovery::Idle,
            },
            Recovery::Enable(lease) => {
                self.swap(Some(&lease), &lease.serving());
                Recovery::Idle
            }
        };
    }

    /// A writer learns its epoch, may then be paused for as long as it likes, and writes.
    pub(super) fn write(&mut self, region: usize) {
        let Some(epoch) = self.writer[region].take() else {
            let mine =
                |lease: &&Lease| lease.owner == self.regions[region] && lease.state == LeaseState::Serving;
            self.writer[region] = self.lease.as_ref().filter(mine).map(|lease| lease.epoch);
            return;
        };
        if self.fence.admit(epoch).is_err() {
            self.refused += 1;
            return;
        }
        if epoch < self.written {
            self.violations.push(format!("a write of epoch {epoch} after one of epoch {}", self.written));
        }
        if self.owners.get(&epoch) != Some(&self.regions[region]) {
            self.violations.push(format!("{} wrote under epoch {epoch}", self.regions[region]));
        }
        self.written = epoch;
    }
}
