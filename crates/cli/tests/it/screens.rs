//! Goal: what a user reads does not change unseen. Method: snapshots of standard output and error.

use crate::standfast::{checkout, run};

fn printed(arguments: &[&str]) -> String {
    let said = run(&checkout(), arguments);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    said.out
}

fn beginning(text: &str) -> String {
    text.lines().take(12).collect::<Vec<_>>().join("\n")
}

#[test]
fn help() {
    insta::assert_snapshot!("help", printed(&["--help"]));
}

#[test]
fn help_of_every_command() {
    for command in ["synth", "check", "cost", "compliance", "drill", "verify", "workflow"] {
        insta::assert_snapshot!(format!("help_of_{command}"), printed(&[command, "--help"]));
    }
}

#[test]
fn no_argument_at_all_is_a_usage_error_that_helps() {
    let said = run(&checkout(), &[]);
    said.refused(2, &["Usage: standfast", "Commands:", "drill"]);
}

#[test]
fn the_list_of_scenarios() {
    insta::assert_snapshot!("scenarios", printed(&["drill", "--list"]));
    let listed: Vec<recovery::scenario::Scenario> =
        serde_json::from_str(&printed(&["drill", "--list", "--output", "json"])).expect("scenarios as JSON");
    assert_eq!(listed[0].name, "region-loss");
    let mut names: Vec<String> = listed.into_iter().map(|scenario| scenario.name).collect();
    names.sort();
    let files = std::fs::read_dir(checkout().join("scenarios")).expect("the checkout has scenarios");
    let stem = |file: std::fs::DirEntry| file.path().file_stem()?.to_str().map(str::to_owned);
    let mut files: Vec<String> = files.flatten().filter_map(stem).collect();
    files.sort();
    assert_eq!(names, files, "every file is built in under its own name");
}

#[test]
fn the_page_on_scenarios_has_each_as_its_file_has_it() {
    let listed: Vec<recovery::scenario::Scenario> =
        serde_json::from_str(&printed(&["drill", "--list", "--output", "json"])).expect("scenarios as JSON");
    let page = checkout().join("docs/scenarios.md");
    let page = std::fs::read_to_string(page).expect("the checkout has the page");
    let mut rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for scenario in &listed {
        let list = |all: &[String]| all.join("; ");
        let (must, must_not) = (list(&scenario.must), list(&scenario.must_not));
        let row = format!("| `{}` | {} | {must} | {must_not} |", scenario.name, scenario.summary);
        let before = rows.len();
        rows.retain(|known| *known != row);
        assert_eq!(rows.len() + 1, before, "docs/scenarios.md needs exactly once:\n{row}");
    }
    assert!(rows.is_empty(), "rows of scenarios that are gone: {rows:#?}");
}

#[test]
fn the_workflow_in_each_reading() {
    for format in ["runbook", "mermaid", "asl"] {
        let text = printed(&["workflow", "--format", format]);
        insta::assert_snapshot!(format!("workflow_as_{format}"), beginning(&text));
    }
    assert_eq!(printed(&["workflow"]), printed(&["workflow", "--format", "runbook"]));
    assert_eq!(printed(&["workflow"]), printed(&["workflow", "failover"]));
}

#[test]
fn the_failback_in_each_reading() {
    for format in ["runbook", "mermaid", "asl"] {
        let text = printed(&["workflow", "failback", "--format", format]);
        insta::assert_snapshot!(format!("failback_as_{format}"), beginning(&text));
    }
}

#[test]
fn every_reading_of_the_workflow_is_one_object_when_json_is_asked_for() {
    let json = |arguments: &[&str]| {
        let all = [&["workflow", "--output", "json"], arguments].concat();
        serde_json::from_str::<serde_json::Value>(&printed(&all)).expect("one JSON object")
    };
    assert_eq!(json(&[])["StartAt"], json(&["--format", "asl"])["StartAt"]);
    assert!(json(&[])["StartAt"].is_string());
    assert_eq!(json(&["--format", "mermaid"])["format"], "mermaid");
    assert!(json(&["--format", "runbook"])["text"].as_str().is_some_and(|text| text.starts_with('#')));
}

#[test]
fn colour_is_used_exactly_where_it_is_asked_for() {
    for arguments in [["--help", "drill"], ["drill", "elsewhere"]] {
        let with = |choice: &str| {
            let said = run(&checkout(), &[&["--color", choice], &arguments[..]].concat());
            said.out + &said.err
        };
        assert!(with("always").contains("\x1b["), "{arguments:?}");
        for plain in ["never", "auto"] {
            assert!(!with(plain).contains("\x1b["), "{arguments:?} with {plain}");
        }
    }
}
