//! One trial: a world, its end, and what is found of it.

use recovery::checker;
use recovery::history::ClientKind;

use crate::agenda::{MS, S, Us};
use crate::judge::Violation;
use crate::model::Model;
use crate::mutation::Mutation;
use crate::world::{Script, World};

/// What one trial has shown. Times are in microseconds since the first fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trial {
    /// To the first order that the new owner acknowledged to a client that follows DNS.
    pub(crate) accepted_again: Option<Us>,
    /// The same for a client that knows both regions.
    pub(crate) accepted_again_two_endpoints: Option<Us>,
    /// To the first settlement, under a later epoch, of an order acknowledged after the fault.
    pub(crate) settled_again: Option<Us>,
    /// Longest time that an order offered or under way at the fault or later waited for its acknowledgement.
    pub(crate) longest_wait: [Us; 2],
    /// Changes of owner.
    pub(crate) moves: u64,
    /// Settlements that databases have lost before any replay.
    pub(crate) commits_lost: u64,
    /// Writes that fences refused.
    pub(crate) writes_refused: u64,
    /// Failbacks that were completed.
    pub(crate) failed_back: u64,
    /// How often people had to start a workflow again.
    pub(crate) by_hand: u64,
    /// Events of virtual time.
    pub(crate) events: u64,
    pub(crate) violations: Vec<Violation>,
    pub(crate) trace: Vec<(Us, String)>,
}

/// How a trial is run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) traced: bool,
    pub(crate) mutation: Option<Mutation>,
}

/// Runs one trial.
pub(crate) fn trial(model: &Model, script: &Script, manner: Manner) -> Trial {
    let mut world = World::new(model, script, manner.mutation, manner.traced);
    world.run();
    let at_rest = script.until_rest;
    if at_rest {
        world.judge_liveness();
    }
    let found = checker::check(&world.operations(at_rest), &world.facts());
    for one in found {
        world.violation(Violation::History { broken: one.broken });
    }
    let since = |at: Option<Us>| at.and_then(|at| world.since_struck(at));
    Trial {
        accepted_again: since(world.accepted_again(ClientKind::FollowsDns)),
        accepted_again_two_endpoints: since(world.accepted_again(ClientKind::KnowsBothRegions)),
        settled_again: since(world.settled_again),
        longest_wait: [ClientKind::FollowsDns, ClientKind::KnowsBothRegions]
            .map(|kind| world.longest_wait(kind)),
        moves: world.counts.moves,
        commits_lost: world.counts.commits_lost,
        writes_refused: world.counts.writes_refused,
        failed_back: world.counts.failed_back,
        by_hand: world.counts.by_hand,
        events: world.counts.events,
        violations: world.violations,
        trace: world.trace.unwrap_or_default(),
    }
}

impl World<'_> {
    /// When the region that did not own the lease at the fault first acknowledged an order that was offered or
    /// repeated after it.
    fn accepted_again(&self, kind: ClientKind) -> Option<Us> {
        let struck = self.struck?;
        let again = self.orders.iter().filter(|order| {
            let ours = order.client.is_some_and(|client| self.clients[client].kind == kind);
            let after = order.invoked >= struck.at || order.attempts > 1;
            ours && after && order.answered_by == Some(1 - struck.owner)
        });
        again.filter_map(|order| order.completed).filter(|at| *at > struck.at).min()
    }

    fn longest_wait(&self, kind: ClientKind) -> Us {
        let Some(struck) = self.struck else { return 0 };
        let of_kind = self.orders.iter().filter(|order| {
            order.answered_by.is_some()
                && order.client.is_some_and(|client| self.clients[client].kind == kind)
        });
        let waits = of_kind.filter_map(|order| {
            let completed = order.completed.filter(|at| *at > struck.at)?;
            Some(completed - order.invoked.max(struck.at))
        });
        waits.max().unwrap_or(0)
    }

    /// Faults are over, and the time for coming back is too.
    fn judge_liveness(&mut self) {
        let after_s = self.now.saturating_sub(self.healed_at.or(self.struck.map(|s| s.at)).unwrap_or(0)) / S;
        let missing = |world: &mut Self, what: &str| {
            world.violation(Violation::NotAgain { what: what.to_owned(), after_s });
        };
        if self.lease.state != recovery::lease::LeaseState::Serving {
            missing(self, "the owner of the lease does not serve");
        }
        if !self.all_settled() {
            missing(self, "acknowledged orders are not settled");
        }
        if self.script.goes_home && !self.is_back_home() {
            missing(self, "the system is not at home again");
        }
    }
}

/// Milliseconds of virtual time, for people.
pub(crate) fn seconds(at: Us) -> f64 {
    (at / MS) as f64 / 1000.0
}
