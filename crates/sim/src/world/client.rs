//! Clients of two kinds, their orders and retries, and the API that takes them.

use recovery::history::{ClientKind, Outcome};
use recovery::order::{ID_AGE_MS_MAX, ID_LEAD_MS_MAX};

use super::{Contact, Event, World};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::latency;
use crate::mutation::Mutation;

/// How long a client waits for an answer, and goes on retrying: as the drill's clients do.
const REQUEST: Us = 2 * S;
const DEADLINE: Us = 90 * S;
const BACKOFF_FIRST_MS: u64 = 100;
const BACKOFF_MAX_MS: u64 = 3000;
/// How long a client that home has failed keeps away from it.
const HOME_AGAIN: Us = 10 * S;

/// One client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) kind: ClientKind,
    /// What DNS answered, and until when that counts.
    pub(crate) resolved: Option<(usize, Us)>,
    /// Since when a client that knows both regions is away from home.
    pub(crate) away_since: Option<Us>,
}

/// One order, as its client and the journal have it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Whose it is; `None`: a workflow's synthetic order.
    pub(crate) client: Option<usize>,
    /// The time in its id.
    pub(crate) made_ms: u64,
    pub(crate) invoked: Us,
    pub(crate) attempts: u16,
    pub(crate) attempted: Us,
    /// Whether any attempt may have been carried out.
    pub(crate) reached: bool,
    failures: u32,
    at: usize,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) completed: Option<Us>,
    pub(crate) answered_by: Option<usize>,
    /// The journal's entry.
    pub(crate) entry: Option<Entry>,
}

/// An order in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Us,
    pub(crate) acknowledged_ms: u64,
}

impl Order {
    pub(crate) fn new(client: Option<usize>, made_ms: u64, now: Us) -> Self {
        Self {
            client,
            made_ms,
            invoked: now,
            attempts: 0,
            attempted: now,
            reached: false,
            failures: 0,
            at: 0,
            outcome: None,
            completed: None,
            answered_by: None,
            entry: None,
        }
    }
}

impl World<'_> {
    /// A client offers an order.
    pub(crate) fn offer(&mut self, client: usize) {
        let mut order = Order::new(Some(client), self.true_ms(), self.now);
        order.at = self.clients[client].first(self.now);
        self.orders.push(order);
        self.attempt(self.orders.len() - 1);
    }

    /// One request.
    fn attempt(&mut self, order: usize) {
        let (now, Some(client)) = (self.now, self.orders[order].client) else { return };
        let region = match self.clients[client].kind {
            ClientKind::FollowsDns => self.resolve(client),
            ClientKind::KnowsBothRegions => self.orders[order].at,
        };
        let way = self.chance.takes(Purpose::Client, &latency::NETWORK);
        let one = &mut self.orders[order];
        one.attempts += 1;
        one.attempted = now;
        let attempt = one.attempts;
        self.after(way, Event::Arrive { order: order as u32, attempt, region: region as u8 });
    }

    /// Where the public name leads a client, from its memory while that counts.
    pub(crate) fn resolve(&mut self, client: usize) -> usize {
        let answer = self.dns.answer();
        let ttl = self.model.record_ttl.max(self.model.dns_cache);
        let known = &mut self.clients[client].resolved;
        match known {
            Some((region, until)) if self.now < *until => *region,
            _ => {
                *known = Some((answer, self.now + ttl));
                answer
            }
        }
    }

    /// The request meets the region.
    pub(crate) fn arrive(&mut self, order: usize, attempt: u16, region: usize) {
        let place = &self.places[region];
        let (contact, errors, slow) = (place.seen_from_outside(), place.errors, place.slow);
        let fails = errors > 0 && self.chance.below(Purpose::Client, 1000) < u64::from(errors);
        let way = self.chance.takes(Purpose::Client, &latency::NETWORK);
        let timeout = (self.orders[order].attempted + REQUEST).saturating_sub(self.now);
        let failed = Event::Failed { order: order as u32, attempt };
        match contact {
            Contact::Refused => self.after(way, failed),
            Contact::Silent => {
                self.orders[order].reached = true;
                self.after(timeout, failed);
            }
            Contact::Reached if fails => {
                self.orders[order].reached = true;
                self.after(way.min(timeout), failed);
            }
            Contact::Reached => {
                let works = self.chance.takes(Purpose::Client, &latency::API)
                    + self.chance.takes(Purpose::Client, &latency::TABLE_WRITE);
                if slow + works + way > timeout {
                    self.orders[order].reached = true;
                    self.after(timeout, failed);
                }
                if self.breaks(Mutation::AcknowledgeBeforeJournal) {
                    self.after(way, Event::Answer { order: order as u32, attempt, region: region as u8 });
                }
                self.after(slow + works, Event::Put { order: order as u32, attempt, region: region as u8 });
            }
        }
    }

    /// The API puts the order into the journal, and only then says so. Whatever does not reach it is repeated.
    pub(crate) fn put(&mut self, order: usize, attempt: u16, region: usize) {
        let failed = Event::Failed { order: order as u32, attempt };
        let now_ms = self.wall_ms(region);
        let made_ms = self.orders[order].made_ms;
        let way = self.chance.takes(Purpose::Client, &latency::NETWORK);
        if made_ms.saturating_add(ID_AGE_MS_MAX) < now_ms || made_ms > now_ms + ID_LEAD_MS_MAX {
            return self.after(way, Event::Refuse { order: order as u32, attempt });
        }
        self.orders[order].reached = true;
        if !self.table_up(region) {
            return self.after(way, failed);
        }
        self.journal(order, region, now_ms);
        if !self.breaks(Mutation::AcknowledgeBeforeJournal) {
            self.after(way, Event::Answer { order: order as u32, attempt, region: region as u8 });
        }
    }

    /// The conditional put, and the message that wakes the processor, best effort.
    pub(crate) fn journal(&mut self, order: usize, region: usize, now_ms: u64) {
        let entry = Entry { at: self.now, acknowledged_ms: now_ms };
        if self.orders[order].entry.is_none() {
            self.orders[order].entry = Some(entry);
            self.stirred = true;
        }
        let mishaps = self.script.mishaps;
        if self.chance.strikes(Purpose::Mishap, mishaps.message_lost) {
            return;
        }
        let times = 1 + usize::from(self.chance.strikes(Purpose::Mishap, mishaps.message_twice));
        for _ in 0..times {
            let delay = self.chance.takes(Purpose::Queue, &latency::DELIVERY);
            self.after(delay, Event::Visible { region: region as u8, order: order as u32, receives: 0 });
        }
    }

    /// The answer reaches the client, unless the region it comes from cannot send any more.
    pub(crate) fn answer(&mut self, order: usize, attempt: u16, region: usize) {
        let reachable = self.places[region].seen_from_outside() == Contact::Reached;
        let one = &self.orders[order];
        if one.outcome.is_some() || one.attempts != attempt {
            return;
        }
        if !reachable || self.now > one.attempted + REQUEST {
            let timeout = (one.attempted + REQUEST).saturating_sub(self.now);
            return self.after(timeout, Event::Failed { order: order as u32, attempt });
        }
        self.conclude_order(order, Outcome::Ok, Some(region));
        let at = self.orders[order].at;
        if let Some(client) = self.orders[order].client {
            self.clients[client].answered(at, self.now);
        }
    }

    /// The region said no for good, which says nothing about an earlier attempt.
    pub(crate) fn refuse(&mut self, order: usize, attempt: u16) {
        let one = &self.orders[order];
        if one.outcome.is_none() && one.attempts == attempt {
            let outcome = if one.reached { Outcome::Unknown } else { Outcome::Failed };
            self.conclude_order(order, outcome, None);
        }
    }

    fn conclude_order(&mut self, order: usize, outcome: Outcome, region: Option<usize>) {
        let one = &mut self.orders[order];
        one.outcome = Some(outcome);
        one.answered_by = region;
        one.completed = (outcome != Outcome::Unknown).then_some(self.now);
        let attempts = one.attempts;
        self.stirred = true;
        self.note(|| format!("order {order} is {outcome:?} after {attempts} attempts, by {region:?}"));
    }

    /// No answer, or one that says try again.
    pub(crate) fn failed(&mut self, order: usize, attempt: u16) {
        let one = &mut self.orders[order];
        if one.outcome.is_some() || one.attempts != attempt {
            return;
        }
        if self.now >= one.invoked + DEADLINE {
            let outcome = if one.reached { Outcome::Unknown } else { Outcome::Failed };
            return self.conclude_order(order, outcome, None);
        }
        one.failures += 1;
        one.at = 1 - one.at;
        let failures = one.failures;
        let follows = one.client.is_some_and(|client| self.clients[client].kind == ClientKind::FollowsDns);
        // A client that knows both regions turns to the other at once, then waits.
        let pauses = if follows { failures } else { failures / 2 };
        let pause = if follows || failures.is_multiple_of(2) {
            let ceiling_ms = (BACKOFF_FIRST_MS << (pauses.saturating_sub(1)).min(10)).min(BACKOFF_MAX_MS);
            self.chance.below(Purpose::Client, ceiling_ms + 1) * MS
        } else {
            0
        };
        self.after(pause, Event::Attempt { order: order as u32 });
    }

    /// Another attempt.
    pub(crate) fn again(&mut self, order: usize) {
        self.attempt(order);
    }
}

impl Client {
    /// Which region a client that knows both turns to first: home, unless home failed it a moment ago.
    fn first(&mut self, now: Us) -> usize {
        match self.away_since {
            None => 0,
            // Only this order tries; the others go on until it has succeeded.
            Some(since) if now.saturating_sub(since) >= HOME_AGAIN => {
                self.away_since = Some(now);
                0
            }
            Some(_) => 1,
        }
    }

    fn answered(&mut self, at: usize, now: Us) {
        self.away_since = if at == 0 { None } else { self.away_since.or(Some(now)) };
    }
}
