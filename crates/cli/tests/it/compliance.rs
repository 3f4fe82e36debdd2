//! Goal: the report on evidence is printed as people and programs read it, says what it was made of, and refuses what
//! is no report of a drill. Method: the shipped deployment, reports that are written here, and an assembly on disk.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::standfast::{Said, checkout, run};

fn json_of(said: &Said) -> Value {
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// A minute ago: a drill of long ago would be none.
fn lately() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    recovery::calendar::rfc3339(now.as_secs() - 60)
}

fn drill(at: &str) -> Value {
    json!({
        "scenario": "region-loss", "deployment": "trading", "deployment_environment": "production",
        "seed": 7, "commit": "0123456789ab",
        "fault_at": at, "verdict": "passed", "recovery": { "met": true },
        "loss": { "orders_lost": 0, "orders_settled_twice": 0, "ledger_imbalance": 0 },
        "fencing": { "writes_below_fence": 0 }, "failback": null,
    })
}

fn state(report: &Value, item: &str) -> Value {
    let frameworks = report["frameworks"].as_array().expect("a list").iter();
    let mut items = frameworks.flat_map(|framework| framework["items"].as_array().expect("a list"));
    items.find(|one| one["id"] == item).expect("an item")["state"].clone()
}

#[test]
fn the_report_is_markdown_that_says_first_what_it_is_not() {
    let said = run(&checkout(), &["compliance"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[0], "# Evidence on recovery: trading (production)");
    assert!(lines[2].starts_with("> This is no claim of compliance"), "{}", lines[2]);
    for words in [
        "| deployment | trading, production: us-east-1 → us-east-2, witness us-west-2 |",
        "| drills | none given: name reports with --drill |",
        "## NIST SP 800-53 Rev. 5",
        "| CP-3: people are trained |",
        "| TapStack-Database-us-east-1-production/Cluster | ClusterC137A7F4 | `BackupRetentionPeriod` | `7` |",
        "Nothing is, or is named, outside the declared regions.",
    ] {
        assert!(said.out.contains(words), "no `{words}` in:\n{}", said.out);
    }
}

#[test]
fn reports_of_drills_are_read_from_files_and_directories() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("report.json");
    let at = lately();
    fs::write(&file, drill(&at).to_string()).expect("a file");
    let without = json_of(&run(&checkout(), &["compliance", "--output", "json"]));
    assert_eq!((&without["drills"], state(&without, "CP-6(2)")), (&json!([]), json!("not_demonstrated")));
    for path in [file.as_path(), directory.path()] {
        let path = path.to_str().expect("a path of ours is text");
        let with = json_of(&run(&checkout(), &["compliance", "--output", "json", "--drill", path]));
        assert_eq!(state(&with, "CP-6(2)"), "evidence_found");
        let used = &with["drills"][0];
        assert_eq!((&used["seed"], &used["fault_at"]), (&json!(7), &json!(at)));
        assert_eq!(used["file"].as_str(), file.to_str());
        let sum = Command::new("sha256sum").arg(&file).output().expect("coreutils are there");
        let sum = String::from_utf8(sum.stdout).expect("text");
        assert_eq!(used["sha256"].as_str(), sum.split_whitespace().next());
    }
}

#[test]
fn what_is_no_report_of_a_drill_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let at = |path: &str| run(&checkout(), &["compliance", "--drill", path]);
    let here = directory.path().to_str().expect("a path of ours is text");
    at(here).refused(
        2,
        &["cannot read the report of a drill", "report.json", "hint: `standfast drill --report DIR`"],
    );
    for text in ["no json", "[]", "{}", "{\"scenario\": \"region-loss\"}"] {
        fs::write(directory.path().join("report.json"), text).expect("a file");
        at(here).refused(2, &["is no report of a drill", "because: it is no JSON object with a text `"]);
    }
    run(&checkout(), &["compliance", "--mapping", "--drill", here]).refused(2, &["cannot be used with"]);
}

#[test]
fn the_templates_of_an_assembly_on_disk_are_looked_into_and_can_be_summed() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let packages = directory.path().join("packages");
    fs::create_dir(&packages).expect("a directory");
    for function in infra::packages::FUNCTIONS {
        fs::write(packages.join(format!("{function}.zip")), function).expect("a file");
    }
    let text = |path: &std::path::Path| path.to_str().expect("a path of ours is text").to_owned();
    let out = directory.path().join("out");
    let (packages, outdir) = (text(&packages), text(&out));
    let said = run(&checkout(), &["synth", "--packages", &packages, "--outdir", &outdir]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let report = json_of(&run(&checkout(), &["compliance", "--output", "json", "--templates", &outdir]));
    assert_eq!(report["templates"]["source"], format!("read in {outdir}"));
    let mut shell = Command::new("sh");
    shell.current_dir(&out).env("LC_ALL", "C").args(["-c", "sha256sum *.template.json | sha256sum"]);
    let sum = String::from_utf8(shell.output().expect("coreutils are there").stdout).expect("text");
    assert_eq!(report["templates"]["sha256"].as_str(), sum.split_whitespace().next());
}

#[test]
fn the_mapping_is_printed_without_a_deployment() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let said = run(directory.path(), &["compliance", "--mapping"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.contains("| CP-9 | backups |"), "{}", said.out);
    let json = json_of(&run(directory.path(), &["compliance", "--mapping", "--output", "json"]));
    assert_eq!(json["text"].as_str().map(str::trim), Some(said.out.trim()));
}
