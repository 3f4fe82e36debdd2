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
    let mut failed = passed("trading", "region-loss");
    failed["verdict"] = "failed".into();
    for (drill, why) in [
        (failed, "its verdict is failed"),
        (passed("other", "region-loss"), "it is a drill of other"),
        (json!({}), "it is a drill of "),
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
fn a_drill_of_other_source_says_so() {
    for (commit, note) in [
        ("abcdefabcdef", "its commit is not the one of this report"),
        ("0123456789ab+changes", "its source is no commit that can be looked at"),
    ] {
        let mut drill = passed("trading", "region-loss");
        drill["commit"] = commit.into();
        let report = with(&[drilled(drill)]);
        assert_eq!(report.drills[0].note.as_deref(), Some(note));
        assert!(is_found(&report, "drill-recovers"));
    }
}

#[test]
fn a_way_home_that_was_drilled_is_evidence_of_it() {
    let mut drill = passed("trading", "any");
    assert!(!is_found(&with(&[drilled(drill.clone())]), "drill-goes-home"));
    drill["failback"] = json!({ "took_s": 40.5 });
    assert!(is_found(&with(&[drilled(drill)]), "drill-goes-home"));
}
