//! The sweep: acknowledged orders that nobody settled are queued again by the owner.

use recovery::lease::{Database, LeaseState};
use recovery::window;

use super::{Change, Contact, Event, World};
use crate::chance::Purpose;
use crate::latency;

impl World<'_> {
    /// Once per watch, while its region settles.
    pub(crate) fn sweep_if_due(&mut self, index: usize) {
        let watch = &self.watches[index];
        let writer = matches!(&watch.readiness, Some((_, found)) if found.database == Database::Writer);
        let region = watch.region;
        if watch.swept || self.lease.state != LeaseState::Serving || !writer {
            return;
        }
        self.watches[index].swept = true;
        if self.database_contact(region, region) == Contact::Reached {
            self.sweep(region);
        }
    }

    fn sweep(&mut self, region: usize) {
        let (from_ms, to_ms) = window::sweep(self.wall_ms(region), self.databases[region].swept_through_ms);
        for order in 0..self.orders.len() {
            let one = &self.orders[order];
            let inside = one.made_ms >= from_ms / 60_000 * 60_000 && one.made_ms <= to_ms;
            if one.entry.is_none() || !inside {
                continue;
            }
            if self.databases[region].row(order).is_none() {
                let delay = self.chance.takes(Purpose::Queue, &latency::DELIVERY);
                self.note(|| format!("order {order} is not settled and is queued again"));
                let message = Event::Visible { region: region as u8, order: order as u32, receives: 0 };
                self.after(delay, message);
            }
        }
        let through_ms = to_ms / 60_000 * 60_000;
        if self.takes_writes(region) && self.databases[region].swept_through_ms < Some(through_ms) {
            self.commit(region, Change::Swept(through_ms));
        }
    }
}
