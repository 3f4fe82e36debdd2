//! The verdict on a planned move: a failback, or a switchover on demand. Both regions live, so nothing may
//! be lost, and nobody has to wait for longer than a client goes on trying.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::history::{ClientKind, Facts, Operation, OperationKind};
use crate::{Epoch, Region};

/// What was seen of a planned move. Times are milliseconds since the Unix epoch, by the clock of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMove {
    /// The region that the system left.
    pub from: Region,
    /// The region that it moved to.
    pub to: Region,
    /// The epoch that it left.
    pub epoch_before: Epoch,
    /// When its workflow was started.
    pub began_at_ms: u64,
    /// When that ended well; `None` when it never did.
    pub ended_at_ms: Option<u64>,
    /// When the lease was first seen with its new owner.
    pub lease_at_ms: Option<u64>,
    /// When DNS first led there, if it had to be led.
    pub dns_at_ms: Option<u64>,
    /// How long a client goes on trying, in milliseconds.
    pub retries_cover_ms: u64,
}

/// What a planned move showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MoveVerdict {
    /// The region that the system left.
    pub from: String,
    /// The region that it moved to.
    pub to: String,
    /// Seconds from the start of the workflow to the end of its validation; absent when it never ended well.
    pub took_s: Option<f64>,
    /// Epoch before the move.
    pub epoch_before: u64,
    /// Epoch after it; absent when the lease never arrived.
    pub epoch_after: Option<u64>,
    /// Longest wait, during the move, of a client that follows DNS for an acknowledgement, in seconds.
    pub longest_wait_s: Option<f64>,
    /// The same of a client that knows both regions.
    pub longest_wait_two_endpoints_s: Option<f64>,
    /// What neither may exceed: how long a client goes on trying, in seconds.
    pub retries_cover_s: f64,
    /// Longest time during the move in which no order was settled, in seconds.
    pub settlement_pause_s: Option<f64>,
    /// Orders acknowledged during the move.
    pub orders_acknowledged: u64,
    /// Orders placed during the move that were refused, or whose client never learnt what became of them.
    pub orders_open: u64,
    /// Of the acknowledged, those that are nowhere in the database that the system moved to.
    pub orders_lost: u64,
    /// Of the acknowledged, those that were settled more than once.
    pub orders_settled_twice: u64,
    /// Whether everything held.
    pub met: bool,
}

/// Judges a planned move by the history and by what the database holds that the system moved to. Gives the
/// verdict and, where it is not met, the reasons.
pub fn judge_move(history: &[Operation], facts: &Facts, seen: &PlannedMove) -> (MoveVerdict, Vec<String>) {
    let mut verdict = measure(history, facts, seen);
    let PlannedMove { to, epoch_before, .. } = seen;
    let mut why = Vec::new();
    if verdict.took_s.is_none() {
        why.push(format!("the move to {to} did not come to an end"));
    }
    if verdict.epoch_after.is_none() {
        why.push(format!("{to} never owned the lease under an epoch above {epoch_before}"));
    }
    if verdict.orders_acknowledged == 0 {
        why.push("no order was acknowledged during the move".to_owned());
    }
    for (count, what) in [
        (verdict.orders_open, "placed during the move were not acknowledged"),
        (verdict.orders_lost, "acknowledged during the move are lost"),
        (verdict.orders_settled_twice, "acknowledged during the move were settled twice"),
    ] {
        if count > 0 {
            why.push(format!("{count} orders {what}"));
        }
    }
    let waits = [verdict.longest_wait_s, verdict.longest_wait_two_endpoints_s];
    if let Some(longest_s) = waits.into_iter().flatten().find(|wait_s| *wait_s > verdict.retries_cover_s) {
        let cover_s = verdict.retries_cover_s;
        why.push(format!("a client waited {longest_s:.1} s during the move; its retries cover {cover_s} s"));
    }
    if let (Some(dns_ms), Some(lease_ms)) = (seen.dns_at_ms, seen.lease_at_ms)
        && dns_ms < lease_ms
    {
        why.push(format!("DNS led to {to} before the lease was there"));
    }
    verdict.met = why.is_empty();
    (verdict, why)
}

fn measure(history: &[Operation], facts: &Facts, seen: &PlannedMove) -> MoveVerdict {
    let PlannedMove { from, to, epoch_before, began_at_ms, .. } = seen;
    let ended_at_ms = seen.ended_at_ms.unwrap_or(u64::MAX);
    let during = |order: &&Operation| {
        order.kind == OperationKind::PlaceOrder
            && order.invoked_ms <= ended_at_ms
            && order.completed_ms.is_none_or(|at| at >= *began_at_ms)
    };
    let orders: Vec<&Operation> = history.iter().filter(during).collect();
    let acknowledged: BTreeSet<Uuid> = orders
        .iter()
        .filter(|order| order.is_acknowledged_order())
        .filter_map(|order| order.id.parse().ok())
        .collect();
    let settled: BTreeSet<Uuid> = facts.settled.iter().map(|row| row.id.as_uuid()).collect();
    let twice = facts.settled.iter().filter(|row| row.legs > 2 && acknowledged.contains(&row.id.as_uuid()));
    let owners = facts.owners();
    let after = owners.iter().filter(|(epoch, owner)| epoch > epoch_before && owner == to);
    MoveVerdict {
        from: from.to_string(),
        to: to.to_string(),
        took_s: seen.ended_at_ms.map(|at| seconds(*began_at_ms, at)),
        epoch_before: epoch_before.0,
        epoch_after: after.map(|(epoch, _)| epoch.0).min(),
        longest_wait_s: longest_wait_s(&orders, *began_at_ms, ClientKind::FollowsDns),
        longest_wait_two_endpoints_s: longest_wait_s(&orders, *began_at_ms, ClientKind::KnowsBothRegions),
        retries_cover_s: seen.retries_cover_ms as f64 / 1000.0,
        settlement_pause_s: settlement_pause_s(facts, *began_at_ms, ended_at_ms),
        orders_acknowledged: acknowledged.len() as u64,
        orders_open: orders.iter().filter(|order| !order.is_acknowledged_order()).count() as u64,
        orders_lost: acknowledged.difference(&settled).count() as u64,
        orders_settled_twice: twice.count() as u64,
        met: false,
    }
}

fn longest_wait_s(orders: &[&Operation], began_at_ms: u64, client: ClientKind) -> Option<f64> {
    let acknowledged = orders.iter().filter(|order| order.client == client && order.is_acknowledged_order());
    let waits = acknowledged
        .filter_map(|order| Some(seconds(order.invoked_ms.max(began_at_ms), order.completed_ms?)));
    waits.max_by(f64::total_cmp)
}

/// The longest gap between two settlements of which one, at least, lies within.
fn settlement_pause_s(facts: &Facts, began_at_ms: u64, ended_at_ms: u64) -> Option<f64> {
    let mut times: Vec<u64> = facts.settled.iter().map(|row| row.settled_at_ms).collect();
    times.sort_unstable();
    let gaps = times.windows(2).filter(|gap| gap[1] >= began_at_ms && gap[0] <= ended_at_ms);
    gaps.map(|gap| seconds(gap[0], gap[1])).max_by(f64::total_cmp)
}

fn seconds(from_ms: u64, to_ms: u64) -> f64 {
    to_ms.saturating_sub(from_ms) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    //! Goal: a planned move is met only when it ended, nothing was lost, nobody waited for too long and DNS
    //! followed the lease. Method: a good move, spoilt in one way at a time.

    use super::*;
    use crate::OrderId;
    use crate::history::{LeaseSeen, Outcome, SettledRow};

    fn region(name: &str) -> Region {
        Region::new(name).expect("a valid name")
    }

    fn id(n: u64) -> Uuid {
        format!("01990000-0000-7000-8000-{n:012x}").parse().expect("a UUID")
    }

    fn order(n: u64, client: ClientKind, from_ms: u64, to_ms: u64) -> Operation {
        Operation {
            client,
            kind: OperationKind::PlaceOrder,
            id: id(n).to_string(),
            invoked_ms: from_ms,
            completed_ms: Some(to_ms),
            outcome: Outcome::Ok,
            region: Some(region("us-east-2")),
            attempts: 1,
            by: None,
            terms: None,
            token: None,
            seen: None,
            content: None,
        }
    }

    fn row(n: u64, at_ms: u64) -> SettledRow {
        SettledRow {
            id: OrderId::new(id(n)).expect("a version 7 UUID"),
            settled_at_ms: at_ms,
            settled_epoch: Epoch(2),
            settled_by: "queue".to_owned(),
            legs: 2,
            legs_sum: rust_decimal::Decimal::ZERO,
            sequence: None,
            terms: None,
        }
    }

    fn owns(epoch: u64, owner: &Region) -> LeaseSeen {
        LeaseSeen { epoch: Epoch(epoch), owner: owner.clone(), state: None, asked_ms: None, at_ms: epoch }
    }

    fn good() -> (Vec<Operation>, Facts, PlannedMove) {
        let history = vec![
            order(1, ClientKind::FollowsDns, 9_000, 10_400),
            order(2, ClientKind::KnowsBothRegions, 12_000, 12_200),
            order(3, ClientKind::FollowsDns, 30_000, 30_100),
        ];
        let home = region("us-east-1");
        let facts = Facts {
            settled: vec![row(1, 10_500), row(2, 17_500), row(3, 30_200)],
            lease_history: vec![owns(1, &home), owns(2, &region("us-east-2")), owns(3, &home)],
            ..Facts::default()
        };
        let seen = PlannedMove {
            from: region("us-east-2"),
            to: region("us-east-1"),
            epoch_before: Epoch(2),
            began_at_ms: 10_000,
            ended_at_ms: Some(25_000),
            lease_at_ms: Some(15_000),
            dns_at_ms: Some(16_000),
            retries_cover_ms: 90_000,
        };
        (history, facts, seen)
    }

    #[test]
    fn a_move_is_measured_by_what_happened_during_it() {
        let (history, facts, seen) = good();
        let (verdict, why) = judge_move(&history, &facts, &seen);
        assert!(verdict.met && why.is_empty(), "{why:?}");
        assert_eq!((verdict.took_s, verdict.epoch_after), (Some(15.0), Some(3)));
        assert_eq!(verdict.longest_wait_s, Some(0.4), "a wait counts from the beginning of the move");
        assert_eq!(verdict.longest_wait_two_endpoints_s, Some(0.2));
        assert_eq!((verdict.orders_acknowledged, verdict.settlement_pause_s), (2, Some(12.7)));
    }

    /// One thing that goes wrong.
    type Spoils = fn(&mut Vec<Operation>, &mut Facts, &mut PlannedMove);

    #[test]
    fn whatever_goes_wrong_is_named() {
        let spoilt: [(Spoils, &str); 8] = [
            (|_, _, seen| seen.ended_at_ms = None, "did not come to an end"),
            (|_, facts, _| drop(facts.lease_history.pop()), "never owned the lease"),
            (|history, _, _| drop(history.drain(..2)), "no order was acknowledged"),
            (|history, _, _| history[1].outcome = Outcome::Unknown, "1 orders placed during"),
            (|_, facts, _| drop(facts.settled.remove(1)), "1 orders acknowledged during the move are lost"),
            (|_, facts, _| facts.settled[0].legs = 4, "settled twice"),
            (|_, _, seen| seen.retries_cover_ms = 300, "waited 0.4 s"),
            (|_, _, seen| seen.dns_at_ms = Some(14_999), "before the lease"),
        ];
        for (spoil, expected) in spoilt {
            let (mut history, mut facts, mut seen) = good();
            spoil(&mut history, &mut facts, &mut seen);
            let (verdict, why) = judge_move(&history, &facts, &seen);
            assert!(!verdict.met && why.len() == 1 && why[0].contains(expected), "{expected}: {why:?}");
        }
    }
}
