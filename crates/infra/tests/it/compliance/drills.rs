//! Goal: a drill is evidence only of what it measured, for the deployment it was of. Method: made-up reports.

use infra::compliance::report::State;
use infra::compliance::{Drilled, Report};
use serde_json::json;

use super::{COMMIT, drilled, evidence, is_found, item, passed, report};
use crate::check::inventory;
use crate::deployment;

fn with(drills: &[Drilled]) -> Report {
    let deployment = deployment();
    report(&deployment, &inventory(&deployment), drills)
}

#[test]
fn a_drill_that_passed_is_evidence_with_its_seed_commit_time_and_digest() {
    let report = with(&[drilled(passed("trading", "region-loss"))]);
    assert_eq!(item(&report, "CP-6(2)").state, State::EvidenceFound);
    let found = serde_json::to_value(evidence(&report, "drill-loses-nothing")).expect("plain data");
    assert_eq!(
        found["proofs"],
        json!([{
            "kind": "drill", "file": "report.json", "sha256": "ab".repeat(32), "scenario": "region-loss",
            "deployment": "trading", "seed": 7, "commit": COMMIT, "fault_at": "2026-11-20T10:24:05Z",
            "verdict": "passed", "property": "loss/orders_lost", "value": 0,
        }])
    );
    assert_eq!((&report.drills[0].left_out, &report.drills[0].note), (&None, &None));
}

#[test]
fn a_drill_that_failed_or_is_of_another_deployment_is_none() {
    let changed = |field: &str, value: serde_json::Value| {
        let mut drill = passed("trading", "region-loss");
        drill[field] = value;
        drill
    };
    for (drill, why) in [
        (changed("verdict", "failed".into()), "its verdict is failed"),
        (passed("other", "region-loss"), "it is a drill of other"),
        (json!({}), "it is a drill of "),
        (changed("deployment_environment", "staging".into()), "it is a drill of staging"),
        (
            changed("deployment_environment", json!(null)),
            "it is a drill of an environment that it does not say",
        ),
        (changed("commit", "0123456789ab+changes".into()), "its source is no commit that can be looked at"),
        (changed("commit", "unknown".into()), "its source is no commit that can be looked at"),
        (changed("fault_at", "2025-11-19T23:59:59Z".into()), "it is more than a year old"),
        (changed("fault_at", json!(null)), "it says no time"),
    ] {
        let report = with(&[drilled(drill)]);
        assert!(!is_found(&report, "drill-recovers"));
        assert_eq!(item(&report, "CP-6(2)").state, State::NotDemonstrated);
        assert_eq!(report.drills[0].left_out.as_deref(), Some(why));
    }
    assert!(
        !is_found(&with(&[drilled(passed("trading", "zone-lost"))]), "drill-recovers"),
        "another scenario"
    );
}

#[test]
fn a_drill_that_shows_the_contrary_is_not_outweighed_by_another_one() {
    let mut lossy = passed("trading", "region-loss");
    lossy["loss"]["orders_lost"] = 1.into();
    let report = with(&[drilled(passed("trading", "region-loss")), drilled(lossy)]);
    assert!(is_found(&report, "drill-recovers") && !is_found(&report, "drill-loses-nothing"));
    let why = evidence(&report, "drill-loses-nothing").why.as_deref();
    assert_eq!(why, Some("report.json: loss/orders_lost is 1"));
}

#[test]
fn a_drill_that_failed_counts_against_until_one_has_passed_after_it() {
    let at = |verdict: &str, time: &str, scenario: &str| {
        let mut drill = passed("trading", scenario);
        (drill["verdict"], drill["fault_at"]) = (verdict.into(), time.into());
        drilled(drill)
    };
    let failed = || at("failed", "2026-11-20T12:00:00Z", "region-loss");
    let before = at("passed", "2026-11-20T10:00:00Z", "region-loss");
    let report = with(&[before, failed()]);
    assert!(!is_found(&report, "drill-recovers"));
    let why = evidence(&report, "drill-recovers").why.as_deref();
    assert_eq!(why, Some("report.json: its verdict is failed"));
    let after = at("passed", "2026-11-20T14:00:00Z", "region-loss");
    assert!(is_found(&with(&[failed(), after]), "drill-recovers"), "made good");
    let other = at("passed", "2026-11-20T14:00:00Z", "zone-lost");
    assert!(!is_found(&with(&[failed(), other]), "drill-recovers"), "not by another scenario");
}

#[test]
fn a_drill_of_another_commit_says_so() {
    let mut drill = passed("trading", "region-loss");
    drill["commit"] = "abcdefabcdef".into();
    let report = with(&[drilled(drill)]);
    assert_eq!(report.drills[0].note.as_deref(), Some("its commit is not the one of this report"));
    assert!(is_found(&report, "drill-recovers"));
}

#[test]
fn an_item_for_which_there_are_pages_alone_is_written_down() {
    let report = with(&[]);
    for id in ["CP-2(8)", "Art. 8(4)"] {
        assert_eq!(item(&report, id).state, State::WrittenDown, "{id}");
    }
}

#[test]
fn a_way_home_that_was_drilled_is_evidence_of_it() {
    let mut drill = passed("trading", "any");
    assert!(!is_found(&with(&[drilled(drill.clone())]), "drill-goes-home"));
    drill["failback"] = json!({ "took_s": 40.5 });
    assert!(is_found(&with(&[drilled(drill)]), "drill-goes-home"));
}
