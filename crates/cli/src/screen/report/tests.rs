//! Goal: a reader sees at once what was asked, what was measured, and what the run does not prove.
//! Method: two made-up reports as plain text.

use drill::fleet::{FleetReport, ScalingDecision, ServiceReport};
use drill::report::{EnvironmentFacts, Fencing, InPlace, Orders, Sessions};

use super::*;

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

fn passed() -> Report {
    let event = |at_s, region: Option<&str>, event: &str, detail: &str| Event {
        at_s,
        region: region.map(str::to_owned),
        event: event.to_owned(),
        detail: detail.to_owned(),
    };
    Report {
        scenario: "region-loss".into(),
        deployment: "trading".into(),
        deployment_environment: Some("production".into()),
        seed: 7,
        commit: "0123456789ab".into(),
        fault_at: Some("2026-11-20T10:24:05Z".into()),
        environment: EnvironmentFacts {
            platform: "linux x86_64".into(),
            processors: 2,
            emulator: "an emulator 1.0".into(),
            database: "PostgreSQL 16.0".into(),
            profile: "dev".into(),
            wal_delay_ms: 2000,
            orders_per_second: 25.0,
            arrival_late_max_ms: 12,
        },
        orders: Orders { offered: 2400, acknowledged: 2370, refused: 0, unknown: 30 },
        recovery: Some(Recovery {
            accepted_again_s: Some(38.2),
            accepted_again_two_endpoints_s: Some(0.4),
            settled_again_s: Some(29.96),
            objective_s: 60,
            settlement_objective_s: 900,
            met: true,
        }),
        loss: Loss {
            commits_lost_by_database: 52,
            orders_lost: 0,
            orders_settled_twice: 0,
            ledger_imbalance: 0,
        },
        fencing: Fencing { writes_refused: 3, writes_below_fence: 0, owners_per_epoch_max: 1 },
        sessions: Sessions { checked: 480, stale_served: 0, lost: 0 },
        fleet: None,
        in_place: None,
        timeline: vec![
            event(0.0, Some("us-east-1"), "lost", "every call is refused"),
            event(18.1, Some("us-east-2"), "lease taken", "epoch 2"),
            event(38.2, None, "accepted again", "first order of a client that follows DNS"),
        ],
        failback: None,
        not_exercised: vec!["latencies of AWS".into()],
        verdict: Outcome::Passed,
        why: Vec::new(),
    }
}

fn plain(report: &Report) -> String {
    anstream::adapter::strip_str(&render(report, &objectives())).to_string()
}

#[test]
fn a_drill_that_passed() {
    insta::assert_snapshot!("passed", plain(&passed()));
}

#[test]
fn a_drill_that_failed() {
    let mut report = passed();
    report.verdict = Outcome::Failed;
    report.recovery =
        report.recovery.map(|recovery| Recovery { accepted_again_s: None, met: false, ..recovery });
    report.loss = Loss { commits_lost_by_database: 1, orders_lost: 1, ..report.loss };
    report.why = vec![
        "orders accepted again for clients that follow DNS: never (objective 60 s)".into(),
        "1 acknowledged orders were lost (objective 0)".into(),
    ];
    insta::assert_snapshot!("failed", plain(&report));
}

#[test]
fn a_drill_of_containers_that_moved_nothing() {
    let service = |region: &str, service: &str, desired, restarts| ServiceReport {
        region: region.to_owned(),
        service: format!("service-{service}-production"),
        desired,
        desired_max: desired,
        running: desired,
        healthy: desired,
        healthy_min: desired - restarts,
        started: desired + restarts,
        failed: restarts,
        restarts,
        rollouts: 0,
        rollbacks: 0,
    };
    let grown = ScalingDecision {
        at_s: 61.0,
        region: "us-east-1".into(),
        service: "service-orders-service-production".into(),
        policy: "policy-orders-service-requests-production".into(),
        metric: "requests_per_target".into(),
        measured: 602.5,
        target: 300.0,
        from: 3,
        to: 7,
    };
    let fleet = FleetReport {
        minute_s: 20.0,
        services: vec![
            service("us-east-1", "orders-service", 3, 1),
            service("us-west-2", "orders-worker", 2, 0),
        ],
        decisions: vec![grown],
    };
    let in_place = Some(InPlace {
        lease_moves: 0,
        longest_wait_s: Some(0.31),
        longest_wait_two_endpoints_s: Some(0.04),
    });
    let report = Report { recovery: None, fleet: Some(fleet), in_place, ..passed() };
    insta::assert_snapshot!("containers", plain(&report));
}

#[test]
fn a_database_that_lost_nothing_proves_nothing() {
    let mut report = passed();
    report.loss.commits_lost_by_database = 0;
    report.why = vec!["the database lost no commit".into()];
    let text = plain(&report);
    assert!(text.contains("lost no commit with the region, so this run proves nothing about loss"), "{text}");
    assert!(text.contains("\nwhat limits the proof\n"), "{text}");
}

#[test]
fn a_row_follows_the_deployments_objective_and_no_owner_is_not_one_owner() {
    let mut report = passed();
    report.loss.orders_lost = 2;
    report.fencing.owners_per_epoch_max = 0;
    let rows = rows(&report, &Objectives { orders_lost: 2, ..objectives() });
    let met = |name: &str| rows.iter().find(|row| row.objective == name).map(|row| row.met);
    assert_eq!(met("acknowledged orders lost"), Some(true));
    assert_eq!(met("owners per epoch"), Some(false));
}
