//! The lease through time, and the events that its changes make.

use std::collections::BTreeMap;

use recovery::lease::LeaseState;
use recovery::{Epoch, Region};

use crate::gateway::LeaseItem;

/// Everything that is known of the lease. Fed with the writes that the gateways saw confirmed, and
/// with readings of the table past every gateway, so that neither can miss an owner unnoticed.
#[derive(Debug, Default)]
pub struct LeaseLog {
    /// Each owner of each epoch, with the time at which it was seen first.
    seen: BTreeMap<(Epoch, Region), u64>,
    last: Option<LeaseItem>,
}

impl LeaseLog {
    /// Notes what was written or read at a time in milliseconds since the Unix epoch; gives the region, the event and its details when the lease
    /// went forward. A reading that is older than a write noted before makes no event.
    pub fn note(&mut self, at_ms: u64, now: &LeaseItem) -> Option<(Region, &'static str, String)> {
        self.seen.entry((now.epoch, now.owner.clone())).or_insert(at_ms);
        let serves = |lease: &LeaseItem| lease.state == LeaseState::Serving.as_str();
        let event = match &self.last {
            None => "lease created",
            Some(last) if now.epoch > last.epoch => "lease taken",
            Some(last) if now.epoch == last.epoch && serves(now) && !serves(last) => "settlement enabled",
            Some(_) => return None,
        };
        let detail = match event {
            "lease taken" => format!("epoch {}: {}", now.epoch, now.evidence),
            _ => format!("epoch {}", now.epoch),
        };
        self.last = Some(now.clone());
        Some((now.owner.clone(), event, detail))
    }

    /// Every pair of epoch and owner that was seen.
    pub fn owners(&self) -> Vec<(Epoch, Region)> {
        self.seen.keys().cloned().collect()
    }

    /// The same, each with the time at which it was seen first, in milliseconds since the Unix epoch.
    pub fn first_seen(&self) -> Vec<(u64, Epoch, Region)> {
        self.seen.iter().map(|((epoch, owner), at_ms)| (*at_ms, *epoch, owner.clone())).collect()
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
        leases.iter().filter_map(|lease| log.note(7, lease)).map(|(_, event, _)| event).collect()
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
        assert_eq!(log.first_seen().iter().map(|(at_ms, ..)| *at_ms).collect::<Vec<_>>(), [7, 7]);
        assert_eq!(log.latest().map(|lease| lease.state.as_str()), Some("serving"));
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
