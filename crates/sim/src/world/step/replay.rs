//! The replay of the journal, and the comparison after it, minute by minute of the ids' times.

use recovery::order::{ID_AGE_MS_MAX, ID_LEAD_MS_MAX};
use recovery::reconcile::SETTLING_MS;
use recovery::window::{replay_end, replay_start};

use super::{Flow, Went, not_owner, not_yet, transient};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::latency;
use crate::mutation::Mutation;
use crate::world::{Contact, HOME, World};

/// A call that has taken longer begins no further minute: `services::steps::replay::CALL_LIMIT`.
const CALL_LIMIT: Us = 8 * S;
const MINUTE_MS: u64 = 60_000;
/// A take-over that is older does not say where a comparison begins.
const RECENT_MS: u64 = 60 * MINUTE_MS;

impl World<'_> {
    /// Reads some minutes of the journal, then settles what is missing of them.
    pub(super) fn replay_journal(&mut self, step: usize) -> Went {
        let region = self.region_of(step);
        if self.steps[step].looks == 0 {
            self.require_leave(step)?;
            if self.own_database(region).is_err() {
                return Err(transient("the database does not answer"));
            }
            let [from_ms, to_ms, next_ms] = match self.steps[step].cursor {
                Some(cursor) => cursor,
                None => self.replay_window(step),
            };
            let minutes = CALL_LIMIT / self.model.replay_minute.max(MS) + 1;
            let end_ms = next_ms.saturating_add(minutes * MINUTE_MS).min(to_ms + 1);
            self.steps[step].orders = self.acknowledged(next_ms, end_ms);
            self.steps[step].cursor = Some([from_ms, to_ms, end_ms]);
            let read = (end_ms - next_ms) * self.model.replay_minute / MINUTE_MS;
            let read = read + self.chance.takes(Purpose::Step, &latency::SETTLEMENT);
            return Ok(Flow::Again(read));
        }
        self.settle_replayed(step, region)
    }

    /// The window of ids, by the database's watermark and the take-over.
    fn replay_window(&self, step: usize) -> [u64; 3] {
        let region = self.region_of(step);
        let taken_at_ms = self.executions[self.steps[step].execution].context.taken_at_ms;
        let watermark_ms = self.databases[region].watermark_ms;
        let from_ms = if self.breaks(Mutation::ReplayWindowTooShort) {
            taken_at_ms
        } else {
            replay_start(watermark_ms, taken_at_ms, self.model.replay_margin)
        };
        // A partition holds a minute.
        let from_ms = from_ms / MINUTE_MS * MINUTE_MS;
        let to_ms = replay_end(watermark_ms, self.wall_ms(region).max(taken_at_ms));
        [from_ms, to_ms / MINUTE_MS * MINUTE_MS + MINUTE_MS - 1, from_ms]
    }

    /// Orders in the journal whose ids were made in a window.
    fn acknowledged(&self, from_ms: u64, end_ms: u64) -> Vec<u32> {
        let inside = |(_, order): &(usize, &crate::world::Order)| {
            order.entry.is_some() && (from_ms..end_ms).contains(&order.made_ms)
        };
        self.orders.iter().enumerate().filter(inside).map(|(number, _)| number as u32).collect()
    }

    fn settle_replayed(&mut self, step: usize, region: usize) -> Went {
        let orders = std::mem::take(&mut self.steps[step].orders);
        let epoch = self.executions[self.steps[step].execution].context.epoch;
        let cursor = self.steps[step].cursor;
        if !orders.is_empty() {
            if self.database_contact(region, region) != Contact::Reached || !self.takes_writes(region) {
                return Err(transient("the database takes no writes"));
            }
            let fence = self.databases[region].fence.epoch();
            if !self.admitted(region, epoch) {
                return Err(if fence > epoch {
                    not_owner("the fence stands above")
                } else {
                    not_yet("the fence stands below")
                });
            }
        }
        for order in orders {
            if self.breaks(Mutation::ReplayDecidesAgain) && !self.still_taken(order as usize, region) {
                continue;
            }
            self.write(region, order, epoch, true);
        }
        match cursor {
            Some([from_ms, to_ms, next_ms]) if next_ms <= to_ms => {
                Ok(Flow::More(0, [from_ms, to_ms, next_ms]))
            }
            _ => Ok(Flow::Done(0)),
        }
    }

    fn still_taken(&self, order: usize, region: usize) -> bool {
        let (made_ms, now_ms) = (self.orders[order].made_ms, self.wall_ms(region));
        made_ms + ID_AGE_MS_MAX >= now_ms && made_ms <= now_ms + ID_LEAD_MS_MAX
    }

    /// Whether what was acknowledged is settled, and nothing else.
    pub(super) fn compare_journal(&mut self, step: usize) -> Went {
        self.require_ownership(step)?;
        let region = self.region_of(step);
        if self.has_moved(region) {
            return Ok(Flow::Done(0));
        }
        if self.own_database(region).is_err() {
            return Err(transient("the database does not answer"));
        }
        if self.copy_is_compared(region) && self.database_contact(region, HOME) != Contact::Reached {
            return Err(not_yet("home's database does not answer"));
        }
        let now_ms = self.wall_ms(region);
        let taken_at_ms = self.executions[self.steps[step].execution].context.taken_at_ms;
        let recent = now_ms.saturating_sub(taken_at_ms) < RECENT_MS;
        let back_from_ms = if recent { taken_at_ms } else { now_ms };
        let from_ms = replay_start(None, back_from_ms, self.model.replay_margin) / MINUTE_MS * MINUTE_MS;
        let end_ms = now_ms.saturating_sub(SETTLING_MS) / MINUTE_MS * MINUTE_MS + MINUTE_MS;
        for order in 0..self.orders.len() {
            let one = &self.orders[order];
            if !(from_ms..end_ms).contains(&one.made_ms) {
                continue;
            }
            let settled = self.databases[region].row(order);
            let young = one.entry.is_some_and(|entry| entry.acknowledged_ms + SETTLING_MS > now_ms);
            match (one.entry, settled) {
                (Some(_), None) if !young => return Err(not_yet("orders are not settled")),
                (None, Some(_)) => return Err(transient("orders are settled that nobody acknowledged")),
                (_, Some(row)) if row.times > 1 => return Err(transient("orders are settled twice")),
                _ => {}
            }
        }
        Ok(Flow::Done(S))
    }
}
