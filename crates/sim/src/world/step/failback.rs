//! The steps of a failback, which run in the region that owns the lease away from home.

use recovery::lease::LeaseState;
use recovery::step::error;

use super::{Flow, StepFailure, Went, not_owner, not_yet, transient};
use crate::agenda::{MS, S};
use crate::chance::Purpose;
use crate::mutation::Mutation;
use crate::world::{Contact, HOME, Role, World};

impl World<'_> {
    /// Whether the database has gone home under a lease that drains.
    pub(super) fn has_moved(&self, region: usize) -> bool {
        region != HOME && self.lease.state == LeaseState::Draining && self.global.known[region] == HOME
    }

    /// Whether home's database is compared: once home has been well for the dwell.
    pub(super) fn copy_is_compared(&self, region: usize) -> bool {
        let rules = &self.model.failback;
        region != HOME
            && self.lease.state == LeaseState::Serving
            && rules.home_well_for(&self.lease, &self.model.timing) >= rules.dwell
    }

    /// The lease is this region's, which is not home; true when the database has gone home already.
    fn standing(&mut self, step: usize) -> Result<bool, StepFailure> {
        self.require_ownership(step)?;
        let region = self.region_of(step);
        if region == HOME {
            return Err(StepFailure { error: error::INVALID, cause: "there is nowhere to go back to" });
        }
        Ok(self.has_moved(region))
    }

    fn require_home_well(&mut self, region: usize) -> Result<(), StepFailure> {
        let (rules, home) = (&self.model.failback, &self.model.regions[HOME]);
        let hindrance = rules.hindrance(&self.lease, home, &self.model.timing, self.wall_ms(region));
        if hindrance.is_some() {
            return Err(not_yet("home may not have it back yet"));
        }
        if self.places[HOME].switch_off > 0 {
            return Err(not_yet("the switch of home is off"));
        }
        let errors = self.places[HOME].errors;
        let fails = errors > 0 && (0..3).any(|_| self.chance.below(Purpose::Step, 1000) < u64::from(errors));
        let reached = self.places[HOME].seen_from_outside() == Contact::Reached && self.linked() && !fails;
        if reached && self.table_up(HOME) { Ok(()) } else { Err(not_yet("home is not ready")) }
    }

    pub(super) fn confirm_home(&mut self, step: usize) -> Went {
        if !self.standing(step)? {
            self.require_home_well(self.region_of(step))?;
        }
        Ok(Flow::Done(200 * MS))
    }

    pub(super) fn await_rejoin(&mut self, step: usize) -> Went {
        let moved = self.standing(step)?;
        let region = self.region_of(step);
        let follows =
            self.global.follows && self.global.moving.is_none() && self.global.known[region] == region;
        if moved || follows { Ok(Flow::Done(100 * MS)) } else { Err(not_yet("home does not follow yet")) }
    }

    pub(super) fn await_lag(&mut self, step: usize) -> Went {
        if self.standing(step)? || self.breaks(Mutation::FailbackWithoutCatchingUp) {
            return Ok(Flow::Done(100 * MS));
        }
        let region = self.region_of(step);
        if self.database_contact(region, HOME) != Contact::Reached {
            return Err(not_yet("home's database does not answer"));
        }
        match self.lag_ms(HOME) {
            Some(lag_ms) if lag_ms <= self.model.lag_ms_max => Ok(Flow::Done(100 * MS)),
            _ => Err(not_yet("home's database is behind")),
        }
    }

    pub(super) fn drain(&mut self, step: usize) -> Went {
        if self.steps[step].lease.is_some() {
            return self.change_lease(step, |lease| match lease.state {
                LeaseState::Draining => None,
                LeaseState::Serving | LeaseState::Recovering => Some(lease.draining()),
            });
        }
        if self.standing(step)? {
            return Ok(Flow::Done(0));
        }
        self.require_leave(step)?;
        self.require_home_well(self.region_of(step))?;
        self.remember_lease(step)
    }

    /// Two looks, a second apart, at the ends of both ledgers.
    pub(super) fn await_drained(&mut self, step: usize) -> Went {
        if self.standing(step)? || self.breaks(Mutation::FailbackWithoutCatchingUp) {
            return Ok(Flow::Done(0));
        }
        if self.lease.state != LeaseState::Draining {
            return Err(transient("the lease is not draining"));
        }
        let region = self.region_of(step);
        if self.own_database(region).is_err() {
            return Err(transient("the database does not answer"));
        }
        if self.database_contact(region, HOME) != Contact::Reached {
            return Err(not_yet("home's database does not answer"));
        }
        self.receive(HOME);
        let (ours, theirs) = (self.databases[region].ledger_end(), self.databases[HOME].ledger_end());
        if ours != theirs {
            return Err(not_yet("the ledgers do not end alike yet"));
        }
        if self.steps[step].looks == 0 {
            self.steps[step].found = ours.0;
            return Ok(Flow::Again(S));
        }
        if self.steps[step].found != ours.0 {
            return Err(not_yet("orders are still being settled"));
        }
        Ok(Flow::Done(0))
    }

    pub(super) fn switch_over(&mut self, step: usize) -> Went {
        if self.steps[step].looks == 0 {
            self.require_leave(step)?;
            if self.lease.state != LeaseState::Draining {
                return Err(transient("the lease is not draining"));
            }
            return Ok(Flow::Again(self.table_takes()));
        }
        let region = self.region_of(step);
        let under_way = self.global.moving.is_some_and(|moving| moving.to == HOME);
        if self.global.known[region] == HOME || under_way || self.begin_switchover(HOME) {
            return Ok(Flow::Done(200 * MS));
        }
        Err(transient("rds:SwitchoverGlobalCluster was refused"))
    }

    /// Whether the RDS of both regions says that home is the writer.
    fn is_at_home(&self, region: usize) -> bool {
        let reached = self.linked() && self.places[HOME].runs();
        reached && self.global.known[region] == HOME && self.global.known[HOME] == HOME
    }

    pub(super) fn await_home_writer(&mut self, step: usize) -> Went {
        self.require_ownership(step)?;
        let region = self.region_of(step);
        let writes = self.database_contact(region, HOME) == Contact::Reached
            && self.databases[HOME].role == Role::Writer;
        if self.is_at_home(region) && writes {
            Ok(Flow::Done(50 * MS))
        } else {
            Err(not_yet("not at home yet"))
        }
    }

    fn is_handed_over(&self, step: usize) -> bool {
        let epoch = self.executions[self.steps[step].execution].context.epoch;
        self.owner() == HOME && self.lease.epoch == epoch.next()
    }

    pub(super) fn hand_over(&mut self, step: usize) -> Went {
        let region = self.region_of(step);
        if self.table_up(region) && self.is_handed_over(step) {
            return Ok(Flow::Done(0));
        }
        if self.steps[step].lease.is_none() {
            self.require_ownership(step)?;
            if !self.is_at_home(region) {
                return Err(transient("the cluster of home is not the writer yet"));
            }
            return self.remember_lease(step);
        }
        let (home, now_ms) = (self.model.regions[HOME].clone(), self.wall_ms(region));
        self.change_lease(step, |lease| Some(lease.handed_to(&home, "failback", now_ms)))
    }

    pub(super) fn await_home_serving(&mut self, step: usize) -> Went {
        let region = self.region_of(step);
        if !self.table_up(region) {
            return Err(transient("the lease cannot be read"));
        }
        if !self.is_handed_over(step) {
            return Err(not_owner("home does not own the lease"));
        }
        let serves = self.lease.state == LeaseState::Serving
            && self.linked()
            && self.places[HOME].seen_from_outside() == Contact::Reached
            && self.table_up(HOME);
        if serves { Ok(Flow::Done(50 * MS)) } else { Err(not_yet("home recovers")) }
    }

    pub(super) fn undo_drain(&mut self, step: usize) -> Went {
        if self.steps[step].lease.is_some() {
            return self.change_lease(step, |lease| {
                (lease.state == LeaseState::Draining).then(|| lease.undrained())
            });
        }
        self.require_ownership(step)?;
        if self.lease.state != LeaseState::Draining {
            return Ok(Flow::Done(0));
        }
        let region = self.region_of(step);
        if self.global.known[region] == HOME {
            return Err(StepFailure { error: error::MOVED, cause: "home is the writer" });
        }
        if self.global.moving.is_some() {
            return Err(not_yet("the database is on its way"));
        }
        if self.own_database(region) != Ok(Role::Writer) {
            return Err(not_yet("the database takes no writes here"));
        }
        self.remember_lease(step)
    }
}
