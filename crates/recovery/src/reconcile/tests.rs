//! Goal: nothing that differs goes uncounted, what is under way frightens nobody, what is repaired is equal
//! afterwards. Method: each kind by hand, then windows with any mixture of differences as properties.

use proptest::prelude::*;

use super::*;
use crate::Epoch;
use crate::order::Side;
use crate::session::SessionVersion;

const NOW: u64 = 1_800_000_000_000;

fn region(name: &str) -> Region {
    Region::new(name).expect("a region")
}

fn acknowledged(number: u64, age_ms: u64) -> Acknowledged {
    let mut rest = [0; 10];
    rest[2..].copy_from_slice(&number.to_be_bytes());
    let id = uuid::Builder::from_unix_timestamp_millis(NOW - age_ms, &rest).into_uuid();
    let order = Order {
        id: OrderId::new(id).expect("version 7"),
        account: "ACCOUNT-1".to_owned(),
        symbol: "ACME".to_owned(),
        side: if number.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        quantity: number + 1,
        limit_price: "10.250".parse().expect("a decimal"),
    };
    Acknowledged { order, acknowledged_at_ms: NOW - age_ms, region: region("us-east-1") }
}

fn settled(entry: &Acknowledged) -> Settled {
    let order = &entry.order;
    Settled {
        id: order.id.as_uuid(),
        account: order.account.clone(),
        symbol: order.symbol.clone(),
        side: order.side.as_str().to_owned(),
        quantity: i64::try_from(order.quantity).expect("it is small"),
        limit_price: Some("10.25".parse().expect("a decimal")),
        settled_at_ms: entry.acknowledged_at_ms + 10,
        balanced: true,
        announced: true,
    }
}

fn seen(queued: u64) -> Surroundings {
    Surroundings { now_ms: NOW, queued: BTreeMap::from([(region("us-east-1"), queued)]) }
}

fn kinds(found: &[Difference]) -> Vec<(Kind, Option<Explanation>)> {
    found.iter().map(|one| (one.kind, one.explanation)).collect()
}

#[test]
fn an_order_that_is_not_settled_is_explained_by_its_age_or_its_queue_or_queued_again() {
    for (age_ms, queued, explanation) in [
        (SETTLING_MS - 1, 0, Some(Explanation::UnderWay)),
        (SETTLING_MS, 1, Some(Explanation::WaitingInQueue)),
        (SETTLING_MS, 0, None),
        (WAITING_MS_MAX, 1, None),
    ] {
        let entry = acknowledged(1, age_ms);
        let found = orders(std::slice::from_ref(&entry), &[], &seen(queued));
        assert_eq!(kinds(&found), [(Kind::NotSettled, explanation)], "{age_ms} ms, {queued} queued");
        assert_eq!(found[0].queue_again, explanation.is_none().then_some(entry.order.id));
    }
    // A queue that did not answer holds nothing, as far as anybody knows.
    let nobody = Surroundings { now_ms: NOW, ..Surroundings::default() };
    let found = orders(&[acknowledged(1, SETTLING_MS)], &[], &nobody);
    assert_eq!(kinds(&found), [(Kind::NotSettled, None)]);
}

#[test]
fn what_is_settled_otherwise_than_acknowledged_is_never_explained_and_never_repaired() {
    let entry = acknowledged(4, 5);
    let good = settled(&entry);
    let row = |change: &dyn Fn(&mut Settled)| {
        let mut row = good.clone();
        change(&mut row);
        row
    };
    let cases: [(Kind, Settled); 8] = [
        (Kind::Rewritten, row(&|row| row.account = "ACCOUNT-2".to_owned())),
        (Kind::Rewritten, row(&|row| row.symbol = "OTHER".to_owned())),
        (Kind::Rewritten, row(&|row| row.side = "sell".to_owned())),
        (Kind::Rewritten, row(&|row| row.quantity = -5)),
        (Kind::Rewritten, row(&|row| row.limit_price = None)),
        (Kind::Rewritten, row(&|row| row.limit_price = Some(Decimal::ONE))),
        (Kind::Unbalanced, row(&|row| row.balanced = false)),
        (Kind::Unannounced, row(&|row| row.announced = false)),
    ];
    for (kind, row) in cases {
        let found = orders(std::slice::from_ref(&entry), &[row], &seen(9));
        assert_eq!(kinds(&found), [(kind, None)]);
        assert_eq!(found[0].queue_again, None);
    }
    let found = orders(&[], std::slice::from_ref(&good), &seen(9));
    assert_eq!(kinds(&found), [(Kind::Unacknowledged, None)]);
    assert_eq!(orders(&[entry], &[good], &seen(0)), [], "10.250 is 10.25");
}

#[test]
fn a_replica_may_lack_the_end_and_nothing_before() {
    let (old, young) = (settled(&acknowledged(1, 60_000)), settled(&acknowledged(2, 1000)));
    let writer = [old.clone(), young.clone()];
    let lag = (Kind::ReplicaLacks, Some(Explanation::ReplicationLag));
    let lacks = (Kind::ReplicaLacks, None);
    assert_eq!(kinds(&regions(&writer, &[], None)), [lag, lag]);
    let through = |ms| regions(&writer, std::slice::from_ref(&young), Some(ms));
    assert_eq!(kinds(&through(young.settled_at_ms)), [lacks], "what came later is there");
    assert_eq!(kinds(&through(old.settled_at_ms + TRANSACTION_MS_MAX)), [lag], "it may commit late");
    let changed = Settled { quantity: 9, ..old.clone() };
    assert_eq!(kinds(&regions(&writer, &[changed, young], Some(NOW))), [(Kind::ReplicaDiffers, None)]);
    assert_eq!(kinds(&regions(&[], &[old], Some(NOW))), [(Kind::ReplicaAhead, None)]);
}

fn session(version: (u64, u64), age_ms: u64, content: &str) -> Replica {
    Replica {
        id: "session-1234".to_owned(),
        version: SessionVersion { epoch: Epoch(version.0), version: version.1 },
        updated_at_ms: NOW - age_ms,
        expires_at_s: NOW / 1000 + 100,
        content: content.to_owned(),
    }
}

#[test]
fn sessions_may_be_late_for_a_while_and_two_epochs_for_longer() {
    let found = |own: &Replica, peer: Option<&Replica>| {
        let peer: Vec<Replica> = peer.into_iter().cloned().collect();
        kinds(&sessions(std::slice::from_ref(own), &peer, NOW))
    };
    let (new, old) = (session((1, 4), 1000, "a"), session((1, 3), 70_000, "b"));
    let late = Some(Explanation::ReplicationLag);
    assert_eq!(found(&new, Some(&new)), []);
    assert_eq!(found(&new, None), [(Kind::SessionAbsent, late)]);
    assert_eq!(found(&old, None), [(Kind::SessionAbsent, None)]);
    assert_eq!(found(&new, Some(&old)), [(Kind::SessionBehind, late)]);
    assert_eq!(found(&old, Some(&new)), [(Kind::SessionBehind, late)]);
    assert_eq!(found(&old, Some(&session((1, 2), 80_000, "b"))), [(Kind::SessionBehind, None)]);
    assert_eq!(found(&old, Some(&session((1, 3), 80_000, "c"))), [(Kind::SessionForked, None)]);
    let later = session((2, 1), 70_000, "c");
    assert_eq!(found(&old, Some(&later)), [(Kind::SessionBehind, Some(Explanation::LaterEpochWins))]);
    let (one, other) = (session((1, 9), CONFLICT_MS_MAX, "a"), session((2, 1), CONFLICT_MS_MAX, "b"));
    assert_eq!(found(&one, Some(&other)), [(Kind::SessionBehind, None)]);
    let ended = Replica { expires_at_s: NOW / 1000, ..old };
    assert_eq!(found(&ended, None), [(Kind::SessionAbsent, Some(Explanation::Expired))]);
    let shown = sessions(&[ended], &[], NOW).remove(0).example;
    assert_eq!(shown, "session-…", "an id is its client's secret");
}

#[test]
fn names_are_what_serde_writes() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("a word"), kind.name());
    }
    for explanation in Explanation::ALL {
        assert_eq!(serde_json::to_value(explanation).expect("a word"), explanation.name());
    }
}

#[test]
fn the_page_says_what_each_difference_and_each_explanation_is() {
    let page = include_str!("../../../../docs/consistency.md");
    for kind in Kind::ALL {
        assert!(page.contains(&format!("| `{}` |", kind.name())), "{kind:?}");
    }
    for explanation in Explanation::ALL {
        assert!(page.contains(&format!("`{}`", explanation.name())), "{explanation:?}");
    }
}

/// A window in which each order has a fate: how it is in the database, its age, and whether it is in the journal.
fn window() -> impl Strategy<Value = (Vec<Acknowledged>, Vec<Settled>)> {
    prop::collection::vec((0_u8..7, 0_u64..2 * WAITING_MS_MAX), 0..40).prop_map(|fates| {
        let (mut journal, mut rows) = (Vec::new(), Vec::new());
        for (number, (fate, age_ms)) in (0_u64..).zip(fates) {
            let entry = acknowledged(number, age_ms);
            let row = settled(&entry);
            match fate {
                0 => {}
                1 => rows.push(Settled { quantity: row.quantity + 1, ..row }),
                2 => rows.push(Settled { balanced: false, announced: false, ..row }),
                _ => rows.push(row),
            }
            if fate != 3 {
                journal.push(entry);
            }
        }
        (journal, rows)
    })
}

proptest! {
    #[test]
    fn a_window_whose_orders_were_all_settled_by_the_journal_is_equal(
        (journal, rows) in window(), queued in 0_u64..2,
    ) {
        let found = orders(&journal, &rows, &seen(queued));
        let again: Vec<OrderId> = found.iter().filter_map(|one| one.queue_again).collect();
        let unsettled = found.iter().filter(|one| one.kind == Kind::NotSettled);
        prop_assert_eq!(again.len(), unsettled.filter(|one| one.explanation.is_none()).count());
        // Settlement reads the journal and writes what is not there; what is there it leaves.
        let late = journal.iter().filter(|entry| again.contains(&entry.order.id)).map(settled);
        let repaired: Vec<Settled> = rows.iter().cloned().chain(late).collect();
        let after = orders(&journal, &repaired, &seen(queued));
        prop_assert!(after.iter().all(|one| one.queue_again.is_none()), "a repair is not repeated");
        let left = |found: &[Difference]| {
            let left = found.iter().filter(|one| one.queue_again.is_none()).cloned();
            left.collect::<std::collections::BTreeSet<_>>()
        };
        prop_assert_eq!(left(&after), left(&found), "and nothing else has changed");
        let whole: Vec<Settled> = journal.iter().map(settled).collect();
        prop_assert_eq!(orders(&journal, &whole, &seen(queued)), vec![]);
        prop_assert_eq!(regions(&rows, &rows, Some(NOW)), vec![]);
    }

    #[test]
    fn explained_and_unexplained_are_all_and_their_order_says_nothing(
        (journal, rows) in window(), (_, copies) in window(), seed in any::<u64>(), through in any::<bool>(),
    ) {
        let all = |journal: &[Acknowledged], rows: &[Settled], copies: &[Settled]| {
            let mut found = orders(journal, rows, &seen(1));
            found.extend(regions(rows, copies, through.then_some(NOW)));
            found
        };
        let found = all(&journal, &rows, &copies);
        let report = Report::of(&found);
        let explained: u64 =
            report.findings.iter().filter(|one| one.explanation.is_some()).map(|one| one.count).sum();
        prop_assert_eq!(explained + report.unexplained_count(), found.len() as u64);
        prop_assert_eq!(report.by_kind().values().sum::<u64>(), report.found());
        prop_assert!(report.findings.iter().all(|one| one.examples.len() <= EXAMPLES_MAX));
        let mixed = |length: usize, at: usize| (at as u64).wrapping_mul(seed | 1) % (length as u64 + 1);
        let mut other = (journal.clone(), rows.clone(), copies.clone());
        let mut number = 0;
        other.0.sort_by_cached_key(|_| { number += 1; mixed(journal.len(), number) });
        other.1.reverse();
        other.2.sort_by_cached_key(|_| { number += 1; mixed(copies.len(), number) });
        prop_assert_eq!(&Report::of(&all(&other.0, &other.1, &other.2)), &report);
        let (first, second) = found.split_at(found.len() / 2);
        prop_assert_eq!(Report::of(second).and(Report::of(first)), report, "nor in how many parts");
    }
}
