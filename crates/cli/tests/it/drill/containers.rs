//! Goal: where containers do the work, a crash within a region costs no order and moves nothing.
//! Method: a real drill of the real programs, of which one task each is killed under load.

use super::*;

/// The shipped scenario, shortened where that changes nothing but the waiting.
const KILLED: &str = r#"
name = "short"
summary = "a task of each service is killed"
must = ["orders go on"]
must_not = ["the lease moves"]
load = { steady_s = 5, after_recovery_s = 5, limit_s = 120 }
replication = { wal_delay_ms = 500, session_lag_ms = 500 }
fault = [
  { at_s = 0, region = "home", kind = "task_killed", service = "orders-service" },
  { at_s = 1, region = "home", kind = "task_killed", service = "orders-worker" },
]
"#;

#[test]
fn a_task_that_is_killed_costs_no_order_and_moves_nothing() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let said = Rehearsal::of("deployments/finance-west.toml", KILLED, &["--output", "json"]).finish();
    assert_eq!(said.code, Some(0), "{}\n{}", said.err, said.out);
    let report = report(&said);
    assert_eq!((report.verdict, report.loss.orders_lost, report.recovery), (Outcome::Passed, 0, None));
    let stayed = report.in_place.expect("both regions stayed");
    assert!(stayed.lease_moves == 0 && stayed.longest_wait_s.is_some(), "{stayed:?}");
    let fleet = report.fleet.expect("it runs containers");
    let home: Vec<_> = fleet.services.iter().filter(|service| service.region == "us-east-1").collect();
    assert_eq!(home.iter().map(|service| service.restarts).collect::<Vec<_>>(), [1, 1], "{fleet:?}");
    assert!(fleet.services.iter().all(|service| service.healthy == service.desired), "{fleet:?}");
    assert_eq!(fleet.services.len(), 4);
    assert!(report.orders.acknowledged > 100 && report.orders.refused == 0, "{:?}", report.orders);
    assert!(report.timeline.iter().any(|event| event.event == "task ended"));
}
