//! The queues and the processors: lease, journal, database, in this order.

use recovery::Epoch;
use recovery::lease::LeaseState;

use super::{Contact, Event, World};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::latency;
use crate::mutation::Mutation;

/// Messages of one batch.
const BATCH: usize = 10;
/// How long a message stays invisible that a processor took along when it died.
const VISIBILITY: Us = 180 * S;
/// Longest wait of a message that must come back, in seconds: `services::processor::letter::backoff`.
const BACKOFF_MAX_S: u64 = 20;
/// Receives after which an order that the journal lacks is not waited for any more.
const RECEIVES_ABSENT_MAX: u16 = 3;
/// How long a paused processor stands still at most: as a rule, and now and then.
const PAUSE_MAX: Us = 120 * S;
const LONG_PAUSE_MAX: Us = 3600 * S;
/// Limit on a settlement in all, after which the database ends its session.
const LOST_CONNECTION: Us = 5 * S;

/// A region's queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) ready: Vec<(u32, u16)>,
    pub(crate) called: bool,
    /// What a processor that never reads again knows of the lease: in tests only.
    remembered: Option<(Epoch, usize)>,
}

/// What a processor has in hand.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) region: usize,
    orders: Vec<(u32, u16)>,
    epoch: Epoch,
    owner: usize,
}

impl World<'_> {
    /// A message can be received.
    pub(crate) fn visible(&mut self, region: usize, order: u32, receives: u16) {
        let received = (order, receives + 1);
        let works = self.places[region].processing_broken == 0 && self.table_up(region);
        let remembers = self.queues[region].remembered.is_some() && self.breaks(Mutation::ServeAfterLease);
        if works && !remembers && self.lease.state != LeaseState::Serving {
            // A processor that reads the lease now settles nothing.
            return self.come_back(region, &[received]);
        }
        self.queues[region].ready.push(received);
        self.call_processor(region);
    }

    /// Has the processor called when there is something to do.
    pub(crate) fn call_processor(&mut self, region: usize) {
        let queue = &mut self.queues[region];
        if queue.ready.is_empty() || queue.called {
            return;
        }
        queue.called = true;
        let soon = 5 * MS + self.chance.takes(Purpose::Queue, &latency::DELIVERY) / 4;
        self.after(soon, Event::Batch { region: region as u8 });
    }

    /// A processor has received a batch, and reads the lease.
    pub(crate) fn batch(&mut self, region: usize) {
        self.queues[region].called = false;
        if self.places[region].processing_broken > 0 {
            return;
        }
        let queue = &mut self.queues[region];
        let taken = queue.ready.len().min(BATCH);
        let orders: Vec<_> = queue.ready.drain(..taken).collect();
        self.call_processor(region);
        if orders.is_empty() {
            return;
        }
        let read = if self.table_up(region) { Some((&self.lease, self.owner())) } else { None };
        let remembered = self.queues[region].remembered.filter(|_| self.breaks(Mutation::ServeAfterLease));
        let serving = match (remembered, read) {
            (Some(known), _) => Some(known),
            (None, Some((lease, owner))) if lease.state == LeaseState::Serving => Some((lease.epoch, owner)),
            _ => None,
        };
        let Some((epoch, owner)) = serving else { return self.come_back(region, &orders) };
        self.queues[region].remembered = Some((epoch, owner));
        let mut takes = self.chance.takes(Purpose::Queue, &latency::TABLE_READ)
            + self.chance.takes(Purpose::Queue, &latency::SETTLEMENT);
        if self.chance.strikes(Purpose::Mishap, self.script.mishaps.processor_paused) {
            let long = self.chance.below(Purpose::Mishap, 4) == 0;
            takes += self.chance.below(Purpose::Mishap, if long { LONG_PAUSE_MAX } else { PAUSE_MAX });
        }
        if takes > VISIBILITY {
            // Its messages are received by others meanwhile.
            for (order, receives) in orders.iter().copied() {
                self.after(VISIBILITY, Event::Visible { region: region as u8, order, receives });
            }
        }
        self.batches.push(Batch { region, orders, epoch, owner });
        let batch = (self.batches.len() - 1) as u32;
        self.after(takes, Event::Settle { batch, region: region as u8 });
    }

    /// The processor writes, if the database and its fence let it.
    pub(crate) fn settle(&mut self, batch: usize) {
        let Batch { region, epoch, owner, .. } = self.batches[batch];
        let orders = std::mem::take(&mut self.batches[batch].orders);
        match self.database_contact(region, owner) {
            Contact::Reached => {}
            Contact::Refused => return self.come_back(region, &orders),
            Contact::Silent => {
                self.batches[batch].orders = orders;
                return self
                    .after(LOST_CONNECTION, Event::Unsettled { batch: batch as u32, region: region as u8 });
            }
        }
        if !self.takes_writes(owner) || !self.admitted(owner, epoch) {
            return self.come_back(region, &orders);
        }
        let mut absent = Vec::new();
        for (order, receives) in &orders {
            match self.orders[*order as usize].entry {
                Some(_) => self.write(owner, *order, epoch, false),
                None => absent.push((*order, *receives)),
            }
        }
        absent.retain(|(_, receives)| *receives < RECEIVES_ABSENT_MAX);
        self.come_back(region, &absent);
        if self.chance.strikes(Purpose::Mishap, self.script.mishaps.processor_killed) {
            for (order, receives) in orders {
                let back = Event::Visible { region: region as u8, order, receives };
                self.after(VISIBILITY, back);
            }
        }
    }

    /// A connection that never answered is given up.
    pub(crate) fn unsettled(&mut self, batch: usize) {
        let region = self.batches[batch].region;
        let orders = std::mem::take(&mut self.batches[batch].orders);
        self.come_back(region, &orders);
    }

    /// A processor died with a batch in hand: its messages come back when their time of invisibility is over.
    pub(crate) fn dropped(&mut self, batch: usize) {
        let region = self.batches[batch].region;
        for (order, receives) in std::mem::take(&mut self.batches[batch].orders) {
            self.after(VISIBILITY, Event::Visible { region: region as u8, order, receives });
        }
    }

    /// What could not be settled now is received again, each time later.
    fn come_back(&mut self, region: usize, orders: &[(u32, u16)]) {
        for (order, receives) in orders {
            let longest_s = 1_u64.checked_shl(u32::from(receives.saturating_sub(1)));
            let longest_s = longest_s.map_or(BACKOFF_MAX_S, |s| s.clamp(1, BACKOFF_MAX_S));
            let less = self.chance.below(Purpose::Queue, longest_s / 2 + 1);
            let back = Event::Visible { region: region as u8, order: *order, receives: *receives };
            self.after((longest_s - less) * S, back);
        }
    }
}
