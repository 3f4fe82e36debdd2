//! The writer's database against its replica's.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Difference, Explanation, Kind, Settled, TRANSACTION_MS_MAX};

/// Every difference between the rows of a window in the writer and in the replica.
///
/// `through_ms` is the time of the last settlement that the replica has; `None` when it has none. It and
/// `replica` must have been read before `writer`: what a replica has its writer has.
pub fn regions(writer: &[Settled], replica: &[Settled], through_ms: Option<u64>) -> Vec<Difference> {
    let copies: BTreeMap<Uuid, &Settled> = replica.iter().map(|row| (row.id, row)).collect();
    let rows: BTreeMap<Uuid, &Settled> = writer.iter().map(|row| (row.id, row)).collect();
    let mut found = Vec::new();
    for (id, row) in &rows {
        match copies.get(id) {
            None => {
                let received = through_ms.is_some_and(|through_ms| {
                    row.settled_at_ms.saturating_add(TRANSACTION_MS_MAX) < through_ms
                });
                let explanation = (!received).then_some(Explanation::ReplicationLag);
                found.push(Difference::new(Kind::ReplicaLacks, explanation, id.to_string()));
            }
            Some(copy) if copy != row => {
                found.push(Difference::new(Kind::ReplicaDiffers, None, id.to_string()));
            }
            Some(_) => {}
        }
    }
    let ahead = copies.keys().filter(|id| !rows.contains_key(id));
    found.extend(ahead.map(|id| Difference::new(Kind::ReplicaAhead, None, id.to_string())));
    found
}
