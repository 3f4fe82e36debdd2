//! Goal: every violation fails the verdict and is named, and a run that proves nothing says
//! so. Method: one sound run in miniature; every test spoils it in one respect.

mod in_place;
mod times;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::history::{ClientKind, DeadRow, FenceRow, LeaseSeen, OperationKind, Outcome, SettledRow};
use crate::session::SessionVersion;
use crate::{Epoch, OrderId, Region};

const FAULT_MS: u64 = 100_000;

struct Run {
    history: Vec<Operation>,
    fault: Fault,
    facts: Facts,
    objectives: Objectives,
}

fn region(name: &str) -> Region {
    Region::new(name).expect("a valid name")
}

fn id(number: u8) -> OrderId {
    let uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number));
    OrderId::new(uuid).expect("version 7")
}

fn order(number: u8, client: ClientKind, at_s: i64, region_name: &str) -> Operation {
    let at_ms = FAULT_MS.checked_add_signed(at_s * 1000).expect("small numbers");
    Operation {
        client,
        kind: OperationKind::PlaceOrder,
        id: id(number).to_string(),
        invoked_ms: at_ms - 50,
        completed_ms: Some(at_ms),
        outcome: Outcome::Ok,
        region: Some(region(region_name)),
        attempts: 1,
        by: None,
        terms: None,
        token: None,
        seen: None,
        content: None,
    }
}

fn read(token: u64, seen: Option<u64>, outcome: Outcome) -> Operation {
    let version = |version| SessionVersion { epoch: Epoch(1), version };
    Operation {
        kind: OperationKind::ReadSession,
        id: "session".to_owned(),
        outcome,
        token: Some(version(token)),
        seen: seen.map(version),
        ..order(0, ClientKind::FollowsDns, 40, "us-east-2")
    }
}

fn row(number: u8, at_s: i64, epoch: u64, by: &str) -> SettledRow {
    SettledRow {
        id: id(number),
        settled_at_ms: FAULT_MS.checked_add_signed(at_s * 1000).expect("small numbers"),
        settled_epoch: Epoch(epoch),
        settled_by: by.to_owned(),
        legs: 2,
        legs_sum: Decimal::ZERO,
        sequence: None,
        terms: None,
    }
}

fn owns(epoch: u64, owner: &str) -> LeaseSeen {
    LeaseSeen { epoch: Epoch(epoch), owner: region(owner), state: None, asked_ms: None, at_ms: FAULT_MS }
}

/// Orders 1 and 2 before the fault, of which the database lost 2; 3 and 4 after it.
fn sound() -> Run {
    let dead = |number| DeadRow { id: id(number), settled_epoch: Epoch(1) };
    Run {
        history: vec![
            order(1, ClientKind::FollowsDns, -20, "us-east-1"),
            order(2, ClientKind::FollowsDns, -1, "us-east-1"),
            order(3, ClientKind::KnowsBothRegions, 1, "us-east-2"),
            order(4, ClientKind::FollowsDns, 35, "us-east-2"),
            read(3, Some(3), Outcome::Ok),
            read(9, None, Outcome::Failed),
        ],
        fault: Fault {
            at_ms: FAULT_MS,
            lost_region: region("us-east-1"),
            surviving_region: region("us-east-2"),
            epoch: Epoch(1),
            accepted_again: true,
            settled_again: true,
        },
        facts: Facts {
            settled: vec![
                row(1, -19, 1, "queue"),
                row(2, 29, 2, "replay"),
                row(3, 30, 2, "replay"),
                row(4, 36, 2, "queue"),
            ],
            ledger_sums: [("USD".to_owned(), Decimal::ZERO)].into(),
            dead: vec![dead(1), dead(2)],
            fences: vec![FenceRow { epoch: Epoch(2), raised_at_ms: FAULT_MS + 28_000 }],
            lease_history: vec![owns(1, "us-east-1"), owns(2, "us-east-2"), owns(2, "us-east-2")],
            writes_refused: 1,
            ..Facts::default()
        },
        objectives: Objectives {
            recovery_time_s: 60,
            settlement_time_s: 900,
            two_endpoints_recovery_time_s: 5,
            recovery_point_s: None,
            orders_lost: 0,
            availability_percent: 99.99,
        },
    }
}

impl Run {
    fn judge(&self) -> Verdict {
        judge(&self.history, &self.fault, &self.facts, &self.objectives)
    }

    fn fails_with(&self, reason: &str) -> Verdict {
        let verdict = self.judge();
        assert_eq!(verdict.verdict, Judgement::Failed, "{reason}");
        assert!(verdict.why.iter().any(|why| why.contains(reason)), "{reason:?} is not in {:?}", verdict.why);
        verdict
    }
}

#[test]
fn a_sound_run_passes_with_its_figures() {
    let verdict = sound().judge();
    assert_eq!((verdict.verdict, &verdict.why[..]), (Judgement::Passed, &[][..]));
    assert_eq!(verdict.accepted_again_s, Some(35.0));
    assert_eq!(verdict.accepted_again_two_endpoints_s, Some(1.0));
    assert_eq!(verdict.settled_again_s, Some(30.0));
    assert!(verdict.objective_met);
    assert_eq!((verdict.orders_offered, verdict.orders_acknowledged), (4, 4));
    assert_eq!((verdict.commits_lost_by_database, verdict.orders_lost), (1, 0));
    assert_eq!((verdict.owners_per_epoch_max, verdict.writes_refused), (1, 1));
    assert_eq!((verdict.sessions_checked, verdict.sessions_stale_served, verdict.sessions_lost), (1, 0, 0));
}

#[test]
fn an_order_under_way_at_the_fault_is_no_recovery() {
    let mut run = sound();
    let mut under_way = order(3, ClientKind::KnowsBothRegions, 0, "us-east-2");
    under_way.completed_ms = Some(FAULT_MS + 20);
    run.history.push(under_way.clone());
    assert_eq!(run.judge().accepted_again_two_endpoints_s, Some(1.0));
    under_way.attempts = 2;
    run.history.push(under_way);
    assert_eq!(run.judge().accepted_again_two_endpoints_s, Some(0.02), "it turned to the survivor");
}

#[test]
fn an_empty_history_fails() {
    let verdict = Run { history: Vec::new(), ..sound() }.fails_with("nothing was acknowledged");
    assert!(!verdict.objective_met);
}

#[test]
fn a_lost_order_fails_and_the_objective_bears_what_it_bears() {
    let mut run = sound();
    run.facts.settled.remove(1);
    let verdict = run.fails_with("1 acknowledged orders were lost (objective 0)");
    assert_eq!((verdict.orders_lost, verdict.commits_lost_by_database), (1, 1));
    run.objectives.orders_lost = 1;
    assert_eq!(run.judge().verdict, Judgement::Passed);
    run.history[1].outcome = Outcome::Unknown;
    assert_eq!(run.judge().orders_lost, 0, "an unknown order may be absent");
}

#[test]
fn a_database_that_lost_nothing_proves_nothing() {
    let mut run = sound();
    run.facts.settled[1] = row(2, -1, 1, "queue");
    let verdict = run.judge();
    assert_eq!((verdict.verdict, verdict.commits_lost_by_database), (Judgement::Passed, 0));
    assert!(verdict.why[0].contains("proves nothing about the loss of orders"));
}

#[test]
fn late_or_missing_recovery_misses_the_objective() {
    let mut run = sound();
    run.history[3].completed_ms = Some(FAULT_MS + 60_100);
    let verdict =
        run.fails_with("orders accepted again for clients that follow DNS: after 60.1 s (objective 60 s)");
    assert!(!verdict.objective_met);
    run.history[3].region = Some(region("us-east-1"));
    run.fails_with("orders accepted again for clients that follow DNS: never");
    let mut run = sound();
    run.history[2].outcome = Outcome::Failed;
    run.fails_with("clients that know both regions: never");
    run.history.remove(2);
    run.facts.settled.remove(2);
    assert_eq!(run.judge().verdict, Judgement::Passed, "no such client took part");
    let mut run = sound();
    run.facts.settled[2].settled_epoch = Epoch(1);
    run.facts.settled[3].settled_at_ms = FAULT_MS + 901_000;
    run.fails_with("orders settled again: after 901.0 s");
}

#[test]
fn a_run_in_which_no_old_writer_wrote_passes_and_says_so() {
    let mut run = sound();
    run.facts.writes_refused = 0;
    let verdict = run.judge();
    assert_eq!(verdict.verdict, Judgement::Passed);
    assert_eq!(verdict.why, ["no old writer tried to write, so this run proves nothing about the fence"]);
}

#[test]
fn orders_settled_twice_fail() {
    let mut run = sound();
    run.facts.settled[0].legs = 4;
    assert_eq!(run.fails_with("1 orders were settled twice").ledger_imbalance, 0);
    let mut run = sound();
    run.facts.settled.push(row(4, 37, 2, "replay"));
    run.fails_with("1 orders were settled twice");
}

#[test]
fn a_ledger_that_does_not_balance_fails() {
    let mut run = sound();
    run.facts.settled[0].legs = 1;
    run.facts.settled[1].legs_sum = Decimal::ONE;
    run.facts.ledger_sums.insert("AAPL".to_owned(), Decimal::NEGATIVE_ONE);
    run.fails_with("3 orders or assets have a ledger that does not sum to zero");
}

#[test]
fn a_write_below_the_fence_fails() {
    let mut run = sound();
    run.facts.settled[2] = row(3, 29, 1, "queue");
    assert_eq!(run.fails_with("1 rows of an older epoch").writes_below_fence, 1);
}

#[test]
fn two_owners_no_owner_and_no_move_fail() {
    let mut run = sound();
    run.facts.lease_history.push(owns(2, "us-east-1"));
    run.fails_with("2 regions owned the lease under one epoch");
    run.facts.lease_history.truncate(1);
    run.fails_with("us-east-2 never took the lease from us-east-1");
    run.facts.lease_history.clear();
    run.fails_with("no lease was seen");
}

#[test]
fn stale_and_lost_sessions_fail() {
    let mut run = sound();
    run.history.push(read(4, Some(3), Outcome::Ok));
    run.history.push(read(4, None, Outcome::Ok));
    let verdict = run.fails_with("1 sessions were served older");
    assert_eq!((verdict.sessions_checked, verdict.sessions_lost), (3, 1));
    run.fails_with("1 sessions were gone without a word");
}
