//! What the strongly consistent table took as its lease. Every write of it passes a gateway, so
//! this is the complete record of who owned the system and since when.

use std::sync::{Arc, Mutex, PoisonError};

use recovery::lease::LEASE_KEY;
use recovery::{Epoch, Region};
use serde_json::Value;
use tokio::time::Instant;

/// The lease as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseItem {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its owner.
    pub owner: Region,
    /// Its state, as stored.
    pub state: String,
    /// Why it was taken.
    pub evidence: String,
}

/// A write that the table confirmed.
#[derive(Clone, Debug)]
pub struct LeaseWrite {
    /// When it was confirmed.
    pub at: Instant,
    /// What was written.
    pub item: LeaseItem,
}

/// What a call to the journal table means for the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LeaseCall {
    /// It does not write it.
    None,
    /// It puts the whole item, unless its condition fails.
    Puts(LeaseItem),
    /// It writes it in a way that this record cannot follow.
    Unreadable,
}

impl LeaseCall {
    /// Reads a call by its operation and body.
    pub(super) fn read(operation: &str, body: &Value) -> Self {
        let is_lease = |key: &Value| key["pk"]["S"] == LEASE_KEY;
        match operation {
            "PutItem" if is_lease(&body["Item"]) => item(&body["Item"]).map_or(Self::Unreadable, Self::Puts),
            "UpdateItem" | "DeleteItem" if is_lease(&body["Key"]) => Self::Unreadable,
            "BatchWriteItem" => {
                let tables = body["RequestItems"].as_object().into_iter().flatten();
                let mut requests = tables.flat_map(|(_, requests)| requests.as_array().into_iter().flatten());
                let writes = requests.any(|request| {
                    is_lease(&request["PutRequest"]["Item"]) || is_lease(&request["DeleteRequest"]["Key"])
                });
                if writes { Self::Unreadable } else { Self::None }
            }
            _ => Self::None,
        }
    }
}

fn item(item: &Value) -> Option<LeaseItem> {
    let text = |name: &str| item[name]["S"].as_str();
    Some(LeaseItem {
        epoch: Epoch(item["epoch"]["N"].as_str()?.parse().ok()?),
        owner: Region::new(text("owner")?).ok()?,
        state: text("state")?.to_owned(),
        evidence: text("evidence").unwrap_or_default().to_owned(),
    })
}

/// Every change of the lease; renewals, which change none of the fields above, are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct LeaseWrites(Arc<Mutex<Vec<LeaseWrite>>>);

impl LeaseWrites {
    pub(super) fn confirmed(&self, item: LeaseItem) {
        let mut writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if writes.last().is_none_or(|last| last.item != item) {
            writes.push(LeaseWrite { at: Instant::now(), item });
        }
    }

    pub(super) fn since(&self, count: usize) -> Vec<LeaseWrite> {
        let writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writes.get(count..).unwrap_or_default().to_vec()
    }
}

#[cfg(test)]
mod tests {
    // Goal: every way to write the lease is seen or refused, and renewals do not fill the record.
    // Method: bodies as the SDK writes them.
    use super::*;

    fn put(version: u64, owner: &str) -> Value {
        serde_json::json!({"Item": {
            "pk": {"S": "lease"}, "sk": {"S": "lease"}, "epoch": {"N": "2"}, "owner": {"S": owner},
            "version": {"N": version.to_string()}, "state": {"S": "recovering"}, "evidence": {"S": "silence"},
        }})
    }

    #[test]
    fn puts_are_read_and_other_writes_are_not_followed() {
        let LeaseCall::Puts(item) = LeaseCall::read("PutItem", &put(4, "us-east-2")) else {
            panic!("a whole item is readable")
        };
        assert_eq!(
            (item.epoch, item.owner.as_str(), item.state.as_str()),
            (Epoch(2), "us-east-2", "recovering")
        );
        let of =
            |operation, body: &str| LeaseCall::read(operation, &serde_json::from_str(body).expect("JSON"));
        assert_eq!(of("UpdateItem", r#"{"Key":{"pk":{"S":"lease"}}}"#), LeaseCall::Unreadable);
        assert_eq!(of("PutItem", r#"{"Item":{"pk":{"S":"lease"}}}"#), LeaseCall::Unreadable);
        let batch = r#"{"RequestItems":{"t":[{"DeleteRequest":{"Key":{"pk":{"S":"lease"}}}}]}}"#;
        assert_eq!(of("BatchWriteItem", batch), LeaseCall::Unreadable);
        assert_eq!(of("PutItem", r#"{"Item":{"pk":{"S":"2026-11-20T10:00#1"}}}"#), LeaseCall::None);
        assert_eq!(of("GetItem", r#"{"Key":{"pk":{"S":"lease"}}}"#), LeaseCall::None);
    }

    #[test]
    fn a_renewal_is_no_change() {
        let writes = LeaseWrites::default();
        for (version, owner) in [(1, "us-east-1"), (2, "us-east-1"), (3, "us-east-2")] {
            if let LeaseCall::Puts(item) = LeaseCall::read("PutItem", &put(version, owner)) {
                writes.confirmed(item);
            }
        }
        assert_eq!(writes.since(0).len(), 2);
        assert_eq!(writes.since(1)[0].item.owner.as_str(), "us-east-2");
        assert!(writes.since(9).is_empty());
    }
}
