//! What every step asks first, and how a step changes the lease.

use recovery::Lease;

use super::{Flow, SWAPS_MAX, StepFailure, Went, not_owner, transient};
use crate::agenda::Us;
use crate::chance::Purpose;
use crate::latency;
use crate::world::World;

impl World<'_> {
    /// The lease belongs to this region under the epoch of the execution.
    pub(super) fn require_ownership(&mut self, step: usize) -> Result<(), StepFailure> {
        let region = self.region_of(step);
        let epoch = self.executions[self.steps[step].execution].context.epoch;
        if !self.table_up(region) {
            return Err(transient("the lease cannot be read"));
        }
        if self.lease.epoch == epoch && self.owner() == region {
            Ok(())
        } else {
            Err(not_owner("somebody else owns the lease"))
        }
    }

    /// The same, and the switch is not off.
    pub(super) fn require_leave(&mut self, step: usize) -> Result<(), StepFailure> {
        self.require_ownership(step)?;
        if self.places[self.region_of(step)].switch_off > 0 {
            return Err(transient("the switch is off"));
        }
        Ok(())
    }

    /// How long a call to the table takes, one way.
    pub(super) fn table_takes(&mut self) -> Us {
        self.chance.takes(Purpose::Step, &latency::TABLE_WRITE)
    }

    /// The lease is remembered, to be changed a moment later.
    pub(super) fn remember_lease(&mut self, step: usize) -> Went {
        self.steps[step].lease = Some(self.lease.clone());
        Ok(Flow::Again(self.table_takes()))
    }

    /// Changes the lease that was remembered into `next`; when somebody was faster, what they left is read and
    /// changed instead.
    pub(super) fn change_lease(&mut self, step: usize, next: impl Fn(&Lease) -> Option<Lease>) -> Went {
        let Some(expected) = self.steps[step].lease.take() else { return Err(transient("nothing was read")) };
        let Some(next) = next(&expected) else { return Ok(Flow::Done(0)) };
        if !self.table_up(self.region_of(step)) {
            return Err(transient("the lease cannot be changed"));
        }
        if self.swap(None, &expected, next) {
            return Ok(Flow::Done(0));
        }
        if self.steps[step].looks >= SWAPS_MAX {
            return Err(transient("the lease changed ten times meanwhile"));
        }
        self.require_ownership(step)?;
        self.remember_lease(step)
    }
}
