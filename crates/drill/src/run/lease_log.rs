//! The lease through time, and the events that its changes make.

use std::collections::{BTreeMap, BTreeSet};

use recovery::history::{LeaseSeen, Move};
use recovery::lease::LeaseState;
use recovery::{Epoch, Region};

use crate::gateway::LeaseItem;

/// Everything that is known of the lease. Fed with the writes that the gateways saw confirmed, and
/// with readings of the table past every gateway, so that neither can miss an owner unnoticed.
#[derive(Debug, Default)]
pub struct LeaseLog {
    seen: Vec<LeaseSeen>,
    moves: Vec<Move>,
    last: Option<LeaseItem>,
}

impl LeaseLog {
    /// Notes what was written or read at a time, in milliseconds since the Unix epoch, and when that call
    /// began, if that is known; gives the region, the event and its details when the lease went forward.
    /// A reading that is older than a write noted before makes no event.
    pub fn note(
        &mut self,
        now: &LeaseItem,
        asked_ms: Option<u64>,
        at_ms: u64,
    ) -> Option<(Region, &'static str, String)> {
        self.see(now, asked_ms, at_ms);
        let is = |lease: &LeaseItem, state: LeaseState| lease.state == state.as_str();
        let serves = |lease: &LeaseItem| is(lease, LeaseState::Serving);
        let event = match &self.last {
            None => "lease created",
            Some(last) if now.epoch > last.epoch => {
                let (from, to) = (last.owner.clone(), now.owner.clone());
                let planned = is(last, LeaseState::Draining);
                self.moves.push(Move { epoch: now.epoch, from, to, at_ms, planned });
                "lease taken"
            }
            Some(last) if now.epoch == last.epoch && serves(now) && !serves(last) => "settlement enabled",
            // It only drains, or recovers: remembered, so that a hand-over is told from a take-over.
            Some(last) if now.epoch == last.epoch && serves(last) && is(now, LeaseState::Draining) => {
                self.last = Some(now.clone());
                return None;
            }
            Some(_) => return None,
        };
        let detail = match event {
            "lease taken" => format!("epoch {}: {}", now.epoch, now.evidence),
            _ => format!("epoch {}", now.epoch),
        };
        self.last = Some(now.clone());
        Some((now.owner.clone(), event, detail))
    }

    /// What says what the one before said is not kept: it tells nothing that this one does not.
    fn see(&mut self, now: &LeaseItem, asked_ms: Option<u64>, at_ms: u64) {
        let seen = LeaseSeen {
            epoch: now.epoch,
            owner: now.owner.clone(),
            state: LeaseState::from_name(&now.state),
            asked_ms,
            at_ms,
        };
        let again = self.seen.last().is_some_and(|last| {
            (last.epoch, &last.owner, last.state) == (seen.epoch, &seen.owner, seen.state)
        });
        if !again {
            self.seen.push(seen);
        }
    }

    /// Everything that was seen, in the order of notice.
    pub fn seen(&self) -> &[LeaseSeen] {
        &self.seen
    }

    /// Every change of owner.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Every pair of epoch and owner that was seen.
    pub fn owners(&self) -> Vec<(Epoch, Region)> {
        let owners: BTreeSet<_> = self.seen.iter().map(|seen| (seen.epoch, seen.owner.clone())).collect();
        owners.into_iter().collect()
    }

    /// The same, each with the time at which it was seen first, in milliseconds since the Unix epoch.
    pub fn first_seen(&self) -> Vec<(u64, Epoch, Region)> {
        let mut first: BTreeMap<(Epoch, Region), u64> = BTreeMap::new();
        for seen in &self.seen {
            first.entry((seen.epoch, seen.owner.clone())).or_insert(seen.at_ms);
        }
        first.into_iter().map(|((epoch, owner), at_ms)| (at_ms, epoch, owner)).collect()
    }

    /// The lease as it is now.
    pub fn latest(&self) -> Option<&LeaseItem> {
        self.last.as_ref()
    }
}

#[cfg(test)]
mod tests {
    // Goal: the log reports each step of the lease once, forward only, and keeps every owner.
    // Method: feed writes and late readings as a failover gives them.
    use super::*;

    fn lease(epoch: u64, owner: &str, state: &str) -> LeaseItem {
        let owner = Region::new(owner).expect("a region");
        LeaseItem { epoch: Epoch(epoch), owner, state: state.to_owned(), evidence: "silence".to_owned() }
    }

    fn events(log: &mut LeaseLog, leases: &[LeaseItem]) -> Vec<&'static str> {
        leases.iter().filter_map(|lease| log.note(lease, None, 9)).map(|(_, event, _)| event).collect()
    }

    #[test]
    fn a_failover_makes_three_events() {
        let mut log = LeaseLog::default();
        let failover = [
            lease(1, "us-east-1", "serving"),
            lease(1, "us-east-1", "serving"),
            lease(2, "us-east-2", "recovering"),
            lease(1, "us-east-1", "serving"),
            lease(2, "us-east-2", "serving"),
            lease(2, "us-east-2", "recovering"),
        ];
        assert_eq!(events(&mut log, &failover), ["lease created", "lease taken", "settlement enabled"]);
        assert_eq!(log.owners().len(), 2);
        assert_eq!(log.first_seen().iter().map(|(at_ms, ..)| *at_ms).collect::<Vec<_>>(), [9, 9]);
        assert_eq!(log.latest().map(|lease| lease.state.as_str()), Some("serving"));
    }

    #[test]
    fn a_hand_over_is_told_from_a_take_over() {
        let mut log = LeaseLog::default();
        let there_and_back = [
            lease(1, "us-east-1", "serving"),
            lease(2, "us-east-2", "recovering"),
            lease(2, "us-east-2", "serving"),
            lease(2, "us-east-2", "draining"),
            lease(3, "us-east-1", "recovering"),
        ];
        events(&mut log, &there_and_back);
        let moves: Vec<_> =
            log.moves().iter().map(|one| (one.epoch.0, one.to.as_str(), one.planned)).collect();
        assert_eq!(moves, [(2, "us-east-2", false), (3, "us-east-1", true)]);
        assert_eq!(log.seen().len(), 5);
        log.note(&there_and_back[4], None, 10);
        assert_eq!(log.seen().len(), 5, "it says what the last one said");
        log.note(&there_and_back[3], Some(11), 12);
        assert_eq!(log.seen().len(), 6, "it says what an earlier one said, later");
    }

    #[test]
    fn a_second_owner_of_an_epoch_is_kept() {
        let mut log = LeaseLog::default();
        assert_eq!(
            events(&mut log, &[lease(2, "us-east-2", "serving"), lease(2, "us-east-1", "serving")]).len(),
            1
        );
        assert_eq!(log.owners().len(), 2);
    }
}
