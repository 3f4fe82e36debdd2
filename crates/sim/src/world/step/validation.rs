//! Synthetic orders: placed by a step, and seen settled.

use super::failover::SETTLED_WITHIN;
use super::{Flow, Went, not_yet};
use crate::agenda::MS;
use crate::chance::Purpose;
use crate::world::{Contact, Event, Order, World};
use recovery::order::{ID_AGE_MS_MAX, ID_LEAD_MS_MAX};

/// Between two looks at a synthetic order.
const PACE: u64 = 250 * MS;

impl World<'_> {
    /// Places a synthetic order through the region's own name or the public one, and waits for it.
    pub(super) fn validate(&mut self, step: usize, end_to_end: bool) -> Went {
        if self.steps[step].looks > 0 {
            return Err(not_yet("the synthetic order was not settled in time"));
        }
        let own = self.region_of(step);
        let region = if end_to_end { self.dns.answer() } else { own };
        let place = &self.places[region];
        let (contact, errors) = (place.seen_from_outside(), place.errors);
        let outside = end_to_end || region != own;
        if outside {
            let fails = errors > 0 && self.chance.below(Purpose::Step, 1000) < u64::from(errors);
            if contact != Contact::Reached || fails {
                return Err(not_yet("the synthetic order was not taken"));
            }
        }
        let (made_ms, now_ms) = (self.wall_ms(own), self.wall_ms(region));
        let of_an_age = made_ms + ID_AGE_MS_MAX >= now_ms && made_ms <= now_ms + ID_LEAD_MS_MAX;
        if !self.table_up(region) || !of_an_age {
            return Err(not_yet("the synthetic order was not taken"));
        }
        self.orders.push(Order::new(None, made_ms, self.now));
        let order = self.orders.len() - 1;
        self.journal(order, region, now_ms);
        self.steps[step].orders = vec![order as u32];
        self.waiting.push((order as u32, step as u32));
        Ok(Flow::Again(SETTLED_WITHIN))
    }

    /// An order has been settled: whoever waits for it sees so at its next look.
    pub(crate) fn tell_waiting(&mut self, order: u32) {
        while let Some(at) = self.waiting.iter().position(|(waited, _)| *waited == order) {
            let (_, step) = self.waiting.swap_remove(at);
            let placed = self.orders[order as usize].invoked;
            let look = (self.now - placed) / PACE * PACE + PACE;
            let region = self.region_of(step as usize) as u8;
            self.agenda.at(placed + look + 20 * MS, Event::StepDone { step, region });
        }
    }
}
