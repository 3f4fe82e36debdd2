//! The steps of a failover, but for the replay and the validations.

use recovery::lease::LeaseState;
use recovery::step::error;

use super::{Flow, StepFailure, Went, not_owner, not_yet, transient};
use crate::agenda::{MS, S};
use crate::chance::Purpose;
use crate::latency;
use crate::world::{Change, Contact, Event, Role, World};

impl World<'_> {
    pub(super) fn confirm_outage(&mut self, step: usize) -> Went {
        let region = self.region_of(step);
        let peer = &self.places[1 - region];
        let serving = peer.seen_from_outside() == Contact::Reached && self.owner() == 1 - region;
        let silent = peer.seen_from_outside() == Contact::Silent || !self.linked();
        match self.require_ownership(step) {
            Err(failure) if failure.error == error::NOT_OWNER && serving => {
                Err(StepFailure { error: error::NOT_CONFIRMED, cause: "the lost region serves" })
            }
            Err(failure) => Err(failure),
            // Three looks, a quarter of a second apart, each of a second at most.
            Ok(()) => Ok(Flow::Done(if silent { 1500 * MS } else { 600 * MS })),
        }
    }

    pub(super) fn promote_database(&mut self, step: usize) -> Went {
        if self.steps[step].looks == 0 {
            self.require_leave(step)?;
            return Ok(Flow::Again(self.table_takes()));
        }
        let region = self.region_of(step);
        let under_way = self.global.moving.is_some_and(|moving| moving.to == region);
        // A writer that is about to be another one is none to settle in.
        let leaves = self.global.moving.is_some_and(|moving| moving.to != region);
        let written_here = self.global.known[region] == region && !leaves;
        if written_here || under_way || self.begin_failover(region) {
            return Ok(Flow::Done(200 * MS));
        }
        Err(transient("rds:FailoverGlobalCluster was refused"))
    }

    pub(super) fn await_writer(&mut self, step: usize) -> Went {
        let region = self.region_of(step);
        match self.own_database(region) {
            Ok(Role::Writer) => Ok(Flow::Done(30 * MS)),
            _ => Err(not_yet("the database is still a replica")),
        }
    }

    pub(super) fn raise_fence(&mut self, step: usize) -> Went {
        if self.steps[step].looks == 0 {
            self.require_leave(step)?;
            return Ok(Flow::Again(self.table_takes()));
        }
        let region = self.region_of(step);
        if self.own_database(region) != Ok(Role::Writer) {
            return Err(transient("the database takes no writes"));
        }
        let epoch = self.executions[self.steps[step].execution].context.epoch;
        let mut fence = self.databases[region].fence;
        let before = fence.epoch();
        if fence.raise(epoch).is_err() {
            return Err(not_owner("the fence stands above"));
        }
        if before < epoch {
            self.commit(region, Change::Fenced(epoch));
        }
        Ok(Flow::Done(20 * MS))
    }

    pub(super) fn verify_compute(&mut self, step: usize) -> Went {
        let region = self.region_of(step);
        if self.table_up(region) { Ok(Flow::Done(20 * MS)) } else { Err(not_yet("the own API is not ready")) }
    }

    pub(super) fn steer_traffic(&mut self, step: usize) -> Went {
        self.require_leave(step)?;
        let region = self.region_of(step);
        let answers = self.model.control_plane_of_dns.is_none_or(|place| self.places[place].runs());
        if self.dns_denied > 0 || !answers {
            return Err(transient("Route 53 did not answer within 2000 ms"));
        }
        if self.dns.primary != region {
            let takes = self.chance.takes(Purpose::Dns, &latency::RECORDS);
            self.after(takes, Event::Steered { region: region as u8 });
        }
        Ok(Flow::Done(300 * MS))
    }

    pub(super) fn verify_traffic(&mut self, step: usize) -> Went {
        if self.dns.answer() == self.region_of(step) {
            return Ok(Flow::Done(10 * MS));
        }
        Err(not_yet("the public name leads elsewhere"))
    }

    pub(super) fn enable_settlement(&mut self, step: usize) -> Went {
        if self.steps[step].lease.is_none() {
            self.require_leave(step)?;
            return self.remember_lease(step);
        }
        if self.steps[step].lease.as_ref().is_some_and(|lease| lease.state == LeaseState::Draining) {
            return Err(not_yet("the database goes home"));
        }
        self.change_lease(step, |lease| (lease.state == LeaseState::Recovering).then(|| lease.serving()))
    }
}

/// Longest that a step waits for its synthetic order to be settled.
pub(super) const SETTLED_WITHIN: crate::agenda::Us = 8 * S;
