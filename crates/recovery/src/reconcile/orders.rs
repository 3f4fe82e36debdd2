//! The journal against the writer's database.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    Acknowledged, Difference, Explanation, Kind, SETTLING_MS, Settled, Surroundings, WAITING_MS_MAX,
};

/// Every difference between a window of the journal and the rows of the same window.
///
/// `settled` must have been read before `journal`: an order is in the journal before it can be settled.
pub fn orders(journal: &[Acknowledged], settled: &[Settled], seen: &Surroundings) -> Vec<Difference> {
    let rows: BTreeMap<Uuid, &Settled> = settled.iter().map(|row| (row.id, row)).collect();
    let entries: BTreeMap<Uuid, &Acknowledged> =
        journal.iter().map(|entry| (entry.order.id.as_uuid(), entry)).collect();
    let mut found = Vec::new();
    for (id, entry) in &entries {
        match rows.get(id) {
            None => found.push(not_settled(entry, seen)),
            Some(row) if !row.is(&entry.order) => {
                found.push(Difference::new(Kind::Rewritten, None, id.to_string()));
            }
            Some(_) => {}
        }
    }
    for (id, row) in rows {
        let mut add = |kind| found.push(Difference::new(kind, None, id.to_string()));
        if !entries.contains_key(&id) {
            add(Kind::Unacknowledged);
        }
        if !row.balanced {
            add(Kind::Unbalanced);
        }
        if !row.announced {
            add(Kind::Unannounced);
        }
    }
    found
}

fn not_settled(entry: &Acknowledged, seen: &Surroundings) -> Difference {
    let id = entry.order.id;
    let age_ms = seen.now_ms.saturating_sub(entry.acknowledged_at_ms);
    let queued = seen.queued.get(&entry.region).copied().unwrap_or(0);
    let explanation = if age_ms < SETTLING_MS {
        Some(Explanation::UnderWay)
    } else if queued > 0 && age_ms < WAITING_MS_MAX {
        Some(Explanation::WaitingInQueue)
    } else {
        None
    };
    let queue_again = explanation.is_none().then_some(id);
    Difference { queue_again, ..Difference::new(Kind::NotSettled, explanation, id.to_string()) }
}
