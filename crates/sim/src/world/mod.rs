//! The world in virtual time: two regions and a witness, what runs in them, and what goes wrong.
//!
//! What decides is the real thing: [`recovery::lease::decide`], the workflows of [`recovery::workflow`] run by
//! the interpreter of `asl`, [`recovery::lease::Fence`], the windows of replay and sweep, the rules of sessions.
//! What is modelled is what they run on. Start reading at [`World::run`], which takes one event after another.

mod audit;
mod client;
mod database;
mod dispatch;
mod dns;
mod execution;
mod outage;
mod place;
mod processor;
mod rds;
mod readiness;
mod sentinel;
mod session;
mod step;
mod sweep;
mod watch;

use recovery::Lease;

use crate::agenda::{Agenda, Us};
use crate::chance::Chance;
use crate::fault::{Fault, Mishaps};
use crate::judge::Violation;
use crate::model::Model;
use crate::mutation::Mutation;

pub(crate) use client::{Client, Order};
pub(crate) use database::{Change, Database, Role};
pub(crate) use dispatch::Event;
pub(crate) use place::{Contact, Place};
pub(crate) use sentinel::us;

/// The wall clock when a trial begins, in milliseconds since the Unix epoch. Any would do.
pub(crate) const WALL_MS: u64 = 1_800_000_000_000;

/// Home, by its number.
pub(crate) const HOME: usize = 0;

/// What one trial is about.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) seed: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) mishaps: Mishaps,
    /// When the first fault strikes at the earliest; load runs before.
    pub(crate) struck_at: Us,
    /// How many orders of each kind of client are offered before that, and after it.
    pub(crate) orders: (u32, u32),
    /// From the first order to the last, before the fault and after it.
    pub(crate) offered_for: (Us, Us),
    /// Sessions, each of a client that follows DNS.
    pub(crate) sessions: u32,
    /// How much later than usual commits and sessions reach the other region.
    pub(crate) lag: (Us, Us),
    /// When every fault is over at the latest.
    pub(crate) heal_at: Option<Us>,
    /// Before this the trial does not end.
    pub(crate) quiet_after: Us,
    /// When the trial ends at the latest.
    pub(crate) end_at: Us,
    /// Whether it ends as soon as everything is settled and at rest.
    pub(crate) until_rest: bool,
    /// Whether the way home belongs to it.
    pub(crate) goes_home: bool,
}

/// Everything there is in one trial.
pub(crate) struct World<'m> {
    pub(crate) model: &'m Model,
    pub(crate) script: &'m Script,
    pub(crate) now: Us,
    pub(crate) chance: Chance,
    pub(crate) agenda: Agenda,
    pub(crate) places: [Place; 2],
    pub(crate) partitioned: u16,
    pub(crate) from_witness: [u16; 2],
    pub(crate) witness_lost: u16,
    pub(crate) dns_denied: u16,
    pub(crate) lag: Us,
    pub(crate) lease: Lease,
    /// When the lease was changed last, by the wall clock of whoever did it.
    pub(crate) renewed_ms: u64,
    /// How far the wall clocks of the regions were apart at most.
    pub(crate) clocks_apart_ms: u64,
    /// Every lease so far: epoch, owner and when it began.
    pub(crate) reigns: Vec<audit::Reign>,
    pub(crate) orders: Vec<Order>,
    pub(crate) clients: Vec<Client>,
    pub(crate) queues: [processor::Queue; 2],
    pub(crate) batches: Vec<processor::Batch>,
    pub(crate) databases: [Database; 2],
    /// Settlements that a database had and the one that was promoted over it had not.
    pub(crate) dead: Vec<(u32, recovery::Epoch)>,
    pub(crate) global: rds::GlobalCluster,
    pub(crate) watches: Vec<watch::Watch>,
    pub(crate) executions: Vec<execution::Run<'m>>,
    pub(crate) steps: Vec<step::Step>,
    /// Synthetic orders, and the steps that wait for them to be settled.
    pub(crate) waiting: Vec<(u32, u32)>,
    pub(crate) dns: dns::Dns,
    pub(crate) sessions: Vec<session::Session>,
    /// Writes of sessions on their way to the other region.
    pub(crate) mail: Vec<session::Stored>,
    pub(crate) held_mail: Vec<Event>,
    pub(crate) operations: Vec<session::Operation>,
    pub(crate) killed: Vec<outage::Killing>,
    pub(crate) began: Vec<bool>,
    pub(crate) calmed: Vec<bool>,
    pub(crate) struck: Option<outage::Struck>,
    pub(crate) settled_again: Option<Us>,
    pub(crate) healed_at: Option<Us>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) counts: Counts,
    pub(crate) trace: Option<Vec<(Us, String)>>,
    pub(crate) mutation: Option<Mutation>,
    pub(crate) healed: bool,
    /// Whether anything has changed since rest was last looked for.
    pub(crate) stirred: bool,
}

/// What is counted along the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) writes_refused: u64,
    pub(crate) commits_lost: u64,
    pub(crate) moves: u64,
    pub(crate) escalated: u64,
    pub(crate) by_hand: u64,
    pub(crate) failed_back: u64,
    pub(crate) recovered: u64,
    pub(crate) steps_killed: u64,
}

impl World<'_> {
    /// Whether the protocol is broken on purpose in this way: in tests only.
    pub(crate) fn breaks(&self, mutation: Mutation) -> bool {
        cfg!(test) && self.mutation == Some(mutation)
    }

    /// Adds a line to the trace, if there is one.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push((self.now, line()));
        }
    }

    /// Something will happen after a while.
    pub(crate) fn after(&mut self, delay: Us, event: Event) {
        self.agenda.at(self.now + delay, event);
    }

    /// The number of the region that owns the lease.
    pub(crate) fn owner(&self) -> usize {
        usize::from(self.lease.owner != self.model.regions[HOME])
    }
}
