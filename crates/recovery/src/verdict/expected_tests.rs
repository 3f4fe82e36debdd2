//! Goal: each expectation holds of what it describes and of nothing less. Method: one run in miniature
//! around a fault at 100 s; every test changes one thing.

use serde_json::json;

use super::*;

const FAULT_MS: u64 = 100_000;
const HOME: &str = "us-east-1";
const STANDBY: &str = "us-east-2";

fn region(name: &str) -> Region {
    Region::new(name).expect("a valid name")
}

fn id(number: u8) -> OrderId {
    let uuid = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number));
    OrderId::new(uuid).expect("version 7")
}

/// An order that was placed and answered so many seconds after the fault; never answered when there is no
/// second time.
fn order(number: u8, client: &str, placed_s: f64, answered_s: Option<f64>) -> Operation {
    let ms = |s: f64| (FAULT_MS as f64 + s * 1000.0) as u64;
    let outcome = if answered_s.is_some() { "ok" } else { "unknown" };
    let mut order = json!({"client": client, "kind": "place_order", "id": id(number).to_string(),
        "invoked_ms": ms(placed_s), "outcome": outcome, "attempts": 1});
    if let Some(answered_s) = answered_s {
        order["completed_ms"] = json!(ms(answered_s));
        order["region"] = json!(STANDBY);
    }
    serde_json::from_value(order).expect("an operation")
}

fn history() -> Vec<Operation> {
    vec![
        order(1, "follows_dns", -5.0, Some(-4.9)),
        order(2, "knows_both_regions", 1.0, Some(2.0)),
        order(3, "follows_dns", 4.0, Some(31.0)),
        order(4, "follows_dns", 40.0, Some(40.1)),
    ]
}

/// The lease moves after 20 s; orders are settled from 25 s on; the fault stays.
fn moved(history: &[Operation]) -> Seen<'_> {
    Seen {
        struck_at_ms: FAULT_MS,
        ended_at_ms: None,
        owner: (Epoch(1), region(HOME)),
        owners: vec![(1_000, Epoch(1), region(HOME)), (FAULT_MS + 20_000, Epoch(2), region(STANDBY))],
        history,
        settled: vec![(id(1), 95_200), (id(2), FAULT_MS + 25_000), (id(3), FAULT_MS + 32_000)],
        writes_refused: 0,
        holds: vec![(FAULT_MS + 18_500, "1 probe failed; its database is gone".to_owned())],
        told: vec!["recovery completed".to_owned()],
        went_home: None,
        retries_cover_ms: 90_000,
    }
}

fn objectives() -> Objectives {
    Objectives {
        recovery_time_s: 60,
        settlement_time_s: 900,
        two_endpoints_recovery_time_s: 5,
        recovery_point_s: None,
        orders_lost: 0,
        availability_percent: 99.99,
    }
}

/// Whether the only expectation held, and its words.
fn one(expect: Expect, seen: &Seen<'_>) -> (bool, String) {
    let all = expectations(&expect, seen, &objectives());
    let [one] = &all[..] else { panic!("{all:?}") };
    (one.held, one.what.clone())
}

fn lease(expected: LeaseExpected) -> Expect {
    Expect { lease: Some(expected), ..Expect::default() }
}

fn accepted(expected: AcceptedExpected) -> Expect {
    Expect { accepted: Some(expected), ..Expect::default() }
}

#[test]
fn the_lease_moves_or_stays() {
    let history = history();
    let seen = moved(&history);
    let (held, what) = one(lease(LeaseExpected::Moves), &seen);
    assert!(held && what.contains("us-east-2 owns it under epoch 2 after 20.0 s"), "{what}");
    assert!(!one(lease(LeaseExpected::Stays), &seen).0);
    let stayed = Seen { owners: seen.owners[..1].to_vec(), ..seen.clone() };
    assert!(one(lease(LeaseExpected::Stays), &stayed).0);
    assert!(!one(lease(LeaseExpected::Moves), &stayed).0);
    let again = Seen { owners: vec![(FAULT_MS + 1, Epoch(2), region(HOME))], ..seen.clone() };
    assert!(!one(lease(LeaseExpected::Moves), &again).0, "a new epoch of the old owner is no move");
    assert!(!one(lease(LeaseExpected::Stays), &again).0, "and it is no rest");
    assert!(one(lease(LeaseExpected::MayMove), &seen).0 && one(lease(LeaseExpected::MayMove), &stayed).0);
}

#[test]
fn orders_are_accepted_again_within_the_objective_of_each_kind_of_client() {
    let mut history = history();
    let (held, what) = one(accepted(AcceptedExpected::Again), &moved(&history));
    assert!(held, "{what}");
    assert!(what.contains("after 31.0 s for clients that follow DNS"), "{what}");
    history[1] = order(2, "knows_both_regions", 1.0, Some(5.1));
    assert!(!one(accepted(AcceptedExpected::Again), &moved(&history)).0, "5 s is the objective");
    history[1] = order(2, "knows_both_regions", -1.0, Some(0.5));
    let (held, what) = one(accepted(AcceptedExpected::Again), &moved(&history));
    assert!(!held && what.contains("never for clients that know both"), "one under way is none: {what}");
}

#[test]
fn always_means_that_nothing_came_to_nothing() {
    let mut history = history();
    assert!(one(accepted(AcceptedExpected::Always), &moved(&history)).0);
    history.push(order(5, "follows_dns", 1.0, Some(92.0)));
    assert!(!one(accepted(AcceptedExpected::Always), &moved(&history)).0, "it waited for 91 s");
    history.pop();
    history.push(order(5, "follows_dns", 1.0, None));
    assert!(!one(accepted(AcceptedExpected::Always), &moved(&history)).0);
}

#[test]
fn refused_means_none_at_all_and_then_again() {
    let placed = [order(1, "follows_dns", 6.0, Some(31.0)), order(2, "follows_dns", 40.0, Some(40.1))];
    let seen = Seen { ended_at_ms: Some(FAULT_MS + 30_000), ..moved(&placed) };
    assert!(one(accepted(AcceptedExpected::Refused), &seen).0);
    let early = Seen { ended_at_ms: Some(FAULT_MS + 35_000), ..seen.clone() };
    let (held, what) = one(accepted(AcceptedExpected::Refused), &early);
    assert!(!held && what.contains("1 of 1 accepted"), "{what}");
    let stays = Seen { ended_at_ms: None, ..seen.clone() };
    assert!(!one(accepted(AcceptedExpected::Refused), &stays).0, "it never came to an end");
    let nobody = Seen { history: &placed[1..], ..seen };
    assert!(!one(accepted(AcceptedExpected::Refused), &nobody).0, "nobody asked");
}

#[test]
fn settled_again_counts_from_the_end_where_the_lease_stays() {
    let history = history();
    let settled = || Expect { settled: Some(SettledExpected::Again), ..Expect::default() };
    let (held, what) = one(settled(), &moved(&history));
    assert!(held && what.contains("after 25.0 s from the fault on"), "{what}");
    let stayed = Seen { owners: Vec::new(), ended_at_ms: Some(FAULT_MS + 30_000), ..moved(&history) };
    let (held, what) = one(settled(), &stayed);
    assert!(held && what.contains("after 2.0 s from the end of the fault on"), "{what}");
    let only_before = Seen { settled: vec![(id(1), FAULT_MS + 40_000)], ..moved(&history) };
    assert!(!one(settled(), &only_before).0, "order 1 was acknowledged before the fault");
}

#[test]
fn what_was_said_counts_in_its_time_and_with_its_words() {
    let history = history();
    let because = |text: &str| Expect { held_because: Some(text.to_owned()), ..Expect::default() };
    assert!(one(because("its database is gone"), &moved(&history)).0);
    assert!(!one(because("the switch is off"), &moved(&history)).0);
    let late =
        Seen { holds: vec![(FAULT_MS + 21_000, "its database is gone".to_owned())], ..moved(&history) };
    assert!(!one(because("its database is gone"), &late).0, "the lease had moved by then");
    let told = |text: &str| Expect { told: Some(text.to_owned()), ..Expect::default() };
    assert!(one(told("recovery completed"), &moved(&history)).0);
    assert!(!one(told("recovery escalated"), &moved(&history)).0);
}

#[test]
fn the_fence_and_the_way_home_have_to_be_seen() {
    let history = history();
    let fenced = || Expect { writes_refused: Some(true), ..Expect::default() };
    assert!(!one(fenced(), &moved(&history)).0);
    assert!(one(fenced(), &Seen { writes_refused: 1, ..moved(&history) }).0);
    let home = || Expect { goes_home: Some(true), ..Expect::default() };
    assert!(!one(home(), &moved(&history)).0);
    assert!(one(home(), &Seen { went_home: Some(true), ..moved(&history) }).0);
    let unasked = Expect { goes_home: Some(false), writes_refused: Some(false), ..Expect::default() };
    assert!(expectations(&unasked, &moved(&history), &objectives()).is_empty());
}
