//! Goal: a reader sees first what the report is not, and for each item what there is and what there is not.
//! Method: a small made-up report, and one with the worst that may be in it.

use infra::compliance::digest::{Template, Templates};
use infra::compliance::document::Text;
use infra::compliance::drill::{Figure, Identity};
use infra::compliance::look::Property;
use infra::compliance::report::NOTICE;
use infra::compliance::residency::Holding;
use serde_json::{Value, json};

use super::*;

fn property(name: &str, value: Value) -> Proof {
    Proof::Property(Property {
        stack: "TapStack-Database-us-east-1-production".to_owned(),
        region: "us-east-1".to_owned(),
        path: "TapStack-Database-us-east-1-production/Cluster".to_owned(),
        logical_id: "ClusterC137A7F4".to_owned(),
        kind: "AWS::RDS::DBCluster".to_owned(),
        property: name.to_owned(),
        value,
    })
}

fn drill(verdict: &str) -> Identity {
    Identity {
        file: "out/report.json".to_owned(),
        sha256: "ab".repeat(32),
        scenario: "region-loss".to_owned(),
        deployment: "trading".to_owned(),
        seed: 7,
        commit: "0123456789ab".to_owned(),
        fault_at: Some("2026-11-20T10:24:05Z".to_owned()),
        verdict: verdict.to_owned(),
    }
}

fn found(id: &str, proofs: Vec<Proof>) -> Found {
    let (state, why) = match proofs.is_empty() {
        true => (State::NotDemonstrated, Some("there is no such thing".to_owned())),
        false => (State::EvidenceFound, None),
    };
    Found { id: id.to_owned(), shows: format!("this shows {id}"), state, why, proofs }
}

fn item(id: &str, found: &[&str], lacking: &[&str]) -> Judged {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let complete = !found.is_empty() && lacking.is_empty();
    Judged {
        id: id.to_owned(),
        title: "a title".to_owned(),
        asks: "that it be so".to_owned(),
        state: if complete { State::EvidenceFound } else { State::NotDemonstrated },
        found: owned(found),
        lacking: owned(lacking),
        beyond: "people".to_owned(),
    }
}

fn holding(region: &str) -> Holding {
    Holding {
        region: region.to_owned(),
        what: "objects",
        path: "S/Bucket".to_owned(),
        logical_id: "Bucket".to_owned(),
        said_by: "the stack's region".to_owned(),
    }
}

fn report() -> Report {
    let text = Text {
        source: "docs/alarms.md".to_owned(),
        section: Some("All".to_owned()),
        sha256: "cd".repeat(32),
    };
    let figure = Figure { drill: drill("passed"), property: "loss/orders_lost".to_owned(), value: json!(0) };
    Report {
        notice: NOTICE,
        deployment: "trading".to_owned(),
        environment: "production".to_owned(),
        date: "2026-11-20".to_owned(),
        commit: "0123456789ab".to_owned(),
        templates: Templates {
            source: "synthesised".to_owned(),
            sha256: "ef".repeat(32),
            files: vec![Template {
                file: "S.template.json".to_owned(),
                region: "us-east-1".to_owned(),
                sha256: "01".repeat(32),
            }],
        },
        drills: vec![Considered { drill: drill("passed"), left_out: None, note: None }],
        items_with_evidence: 1,
        items: 4,
        frameworks: vec![Framework {
            id: "f".to_owned(),
            title: "A standard 1.0".to_owned(),
            items: vec![
                item("A-1", &["backups"], &[]),
                item("A-2", &["backups"], &["restored"]),
                item("A-3", &[], &["restored"]),
                item("A-4", &[], &[]),
            ],
        }],
        evidence: vec![
            found("backups", vec![property("BackupRetentionPeriod", json!(7))]),
            found("restored", Vec::new()),
            found("rule-restorable", vec![Proof::Rule { rule: "restorable", title: "all can be restored" }]),
            found("budget", vec![Proof::Budget { question: "settled again", worst_s: 5, objective_s: 9 }]),
            found("drill-loses-nothing", vec![Proof::Drill(figure)]),
            found("doc-alarms", vec![Proof::Document(text)]),
            found("residency", vec![Proof::Holding(holding("us-east-1"))]),
        ],
        residency: Residency {
            declared: ["us-east-1", "us-east-2", "us-west-2"].map(str::to_owned),
            holdings: vec![holding("us-east-1")],
            outside: Vec::new(),
        },
    }
}

#[test]
fn a_report() {
    insta::assert_snapshot!("report", render(&report()));
}

#[test]
fn a_report_says_first_what_it_is_not() {
    let text = render(&report());
    let first: Vec<&str> = text.lines().take(3).collect();
    assert!(first[2].starts_with("> This is no claim of compliance"), "{first:?}");
}

#[test]
fn what_is_outside_or_left_out_is_named_and_long_values_end() {
    let mut report = report();
    report.residency.outside = vec![holding("eu-west-1")];
    report.drills[0].left_out = Some("its verdict is failed".to_owned());
    report.drills[0].note = Some("a note".to_owned());
    report.evidence[0].proofs = vec![property("A", json!(format!("{}|{}", "x".repeat(50), "y".repeat(50))))];
    let text = render(&report);
    for words in [
        "**Outside the declared regions:**\n\n- S/Bucket: objects in eu-west-1 (the stack's region)",
        "**left out**: its verdict is failed; a note",
        "xx\\|yy",
        "y…` |",
    ] {
        assert!(text.contains(words), "no `{words}` in:\n{text}");
    }
    report.drills.clear();
    assert!(render(&report).contains("| drills | none given: name reports with --drill |"));
}
