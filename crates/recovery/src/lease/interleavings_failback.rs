//! The failback of the world: region 1 stops settlement and hands the lease to region 0, its home, or
//! settles again. Whoever does that may be paused or blind between any two of its calls.

use std::time::Duration;

use super::super::super::*;
use super::World;

/// Settlement may be stopped for three renewals.
pub(super) const RULES: Failback =
    Failback { automatic: true, dwell: Duration::from_secs(10), drain_limit: Duration::from_secs(15) };
const AWAY: usize = 1;

/// Between two calls of the failback.
pub(super) enum GoingHome {
    Idle,
    Drain(Lease),
    /// Settlement is stopped; the database moves.
    Move,
    HandOver(Lease),
    Undo(Lease),
}

impl World {
    /// One call of the failback; with `undo`, the one that ends it without a move.
    pub(super) fn go_home(&mut self, undo: bool) {
        if self.blind[AWAY] {
            return;
        }
        let mine = self.lease.clone().filter(|lease| lease.owner == self.regions[AWAY]);
        self.going_home = match std::mem::replace(&mut self.going_home, GoingHome::Idle) {
            GoingHome::Idle => match mine {
                Some(lease) if lease.state == LeaseState::Serving => GoingHome::Drain(lease),
                _ => GoingHome::Idle,
            },
            GoingHome::Drain(lease) if self.swap(Some(&lease), &lease.draining()) => GoingHome::Move,
            GoingHome::Move => match mine.filter(|lease| lease.state == LeaseState::Draining) {
                Some(lease) if undo => GoingHome::Undo(lease),
                Some(lease) => GoingHome::HandOver(lease),
                None => GoingHome::Idle,
            },
            GoingHome::HandOver(lease) => {
                let next = lease.handed_to(&self.regions[0], "handed over", self.real_ms);
                self.handed_over += usize::from(self.swap(Some(&lease), &next));
                GoingHome::Idle
            }
            GoingHome::Undo(lease) => {
                self.undrained += usize::from(self.swap(Some(&lease), &lease.undrained()));
                GoingHome::Idle
            }
            GoingHome::Drain(_) => GoingHome::Idle,
        };
    }

    /// A lease is drained by its owner while it settles, and not kept so for longer than the rules allow.
    pub(super) fn check_drain(&mut self, next: &Lease) {
        if next.state != LeaseState::Draining {
            return;
        }
        let before = self.lease.as_ref().filter(|lease| lease.epoch == next.epoch);
        if before.is_none_or(|lease| lease.state == LeaseState::Recovering) {
            self.violations.push(format!("drained before it settled: {next:?}"));
        }
        let since = next.drained_at_version.unwrap_or_default();
        if self.owner_timing.renew * (next.version - since) as u32 > RULES.drain_limit {
            self.violations.push(format!("kept drained for too long: {next:?}"));
        }
    }
}
