//! Goal: the mapping is sound: names agree, pages show it, no marker is stale, and nothing is quoted.
//! Method: the mapping that we ship against the deployments that we ship; broken ones made up.

use std::fs;
use std::path::Path;

use infra::compliance::evidence::Source;
use infra::compliance::report::State;
use infra::compliance::{Evidence, Mapping};

use super::{drilled, evidence, item, passed, report, shipped};
use crate::check::inventory;

const PAGE: &str = include_str!("../../../../../docs/compliance.md");

#[test]
fn every_piece_of_evidence_is_found_in_a_deployment_or_marked_as_absent() {
    let mapping = Mapping::ours();
    let reports: Vec<_> = shipped()
        .iter()
        .map(|deployment| {
            let scenario = |one: &Evidence| match &one.source {
                Source::Drill(asked) => asked.scenario.clone(),
                _ => None,
            };
            let scenarios = mapping.evidence.iter().filter(|one| one.absent.is_none()).filter_map(scenario);
            let drills: Vec<_> = scenarios.map(|one| drilled(passed(&deployment.name, &one))).collect();
            report(deployment, &inventory(deployment), &drills)
        })
        .collect();
    let wrong = mapping.evidence.iter().filter_map(|one| {
        let found = reports.iter().any(|report| evidence(report, &one.id).state == State::EvidenceFound);
        let why = || reports.iter().find_map(|report| evidence(report, &one.id).why.clone());
        match (&one.absent, found) {
            (None, false) => Some(format!("{} is nowhere: {}", one.id, why().unwrap_or_default())),
            (Some(absent), true) => {
                Some(format!("{} is there now: take `absent = \"{absent}\"` away", one.id))
            }
            _ => None,
        }
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scenario_that_is_evidence_is_one_that_can_be_run() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    for one in Mapping::ours().evidence {
        if let Source::Drill(asked) = &one.source
            && let Some(scenario) = &asked.scenario
        {
            let there = scenarios.join(format!("{scenario}.toml")).is_file();
            assert_eq!(there, one.absent.is_none(), "{}: scenario {scenario}", one.id);
        }
    }
}

#[test]
fn an_item_without_evidence_reads_not_demonstrated() {
    for deployment in shipped() {
        let report = report(&deployment, &inventory(&deployment), &[]);
        assert_eq!(item(&report, "CP-3").state, State::NotDemonstrated, "nothing is looked for");
        for item in report.frameworks.iter().flat_map(|framework| &framework.items) {
            let complete = !item.found.is_empty() && item.lacking.is_empty();
            assert_eq!(item.state != State::NotDemonstrated, complete, "{}", item.id);
        }
        let drills = report.evidence.iter().filter(|one| one.id.starts_with("drill-"));
        assert!(drills.clone().count() > 5);
        for drill in drills {
            assert_eq!(drill.state, State::NotDemonstrated, "no report was given, and {} is found", drill.id);
        }
    }
}

#[test]
fn every_item_says_what_is_not_looked_for() {
    for item in Mapping::ours().frameworks.iter().flat_map(|framework| &framework.items) {
        for text in [&item.title, &item.asks, &item.beyond] {
            assert!(text.len() > 3 && text.len() < 150 && !text.contains('|'), "{}: {text}", item.id);
        }
        assert!(!item.asks.contains(" shall ") && !item.asks.contains(" must "), "{} is quoted?", item.id);
    }
}

#[test]
fn the_page_shows_the_mapping() {
    let (start, end) = ("<!-- mapping -->", "<!-- /mapping -->");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compliance.md");
    let page = std::fs::read_to_string(file).expect("the page is in docs");
    let (before, rest) = page.split_once(start).expect("the page has the start");
    let (shown, after) = rest.split_once(end).expect("the page has the end");
    let (mapping, shown) = (Mapping::ours().to_markdown(), shown.trim());
    if std::env::var_os("STANDFAST_WRITE_DOCS").is_some() {
        let page = format!("{before}{start}\n{}\n{end}{after}", mapping.trim());
        std::fs::write(file, page).expect("the page is ours");
        return;
    }
    let differing = mapping.trim().lines().zip(shown.lines()).find(|(printed, shown)| printed != shown);
    assert_eq!(differing, None, "run this test with STANDFAST_WRITE_DOCS=1 to write the page");
    assert_eq!(mapping.trim().lines().count(), shown.lines().count());
}

#[test]
fn the_page_lists_every_field_of_the_json() {
    let deployment = &shipped()[0];
    let report = report(deployment, &inventory(deployment), &[drilled(passed("trading", "region-loss"))]);
    let json = serde_json::to_value(&report).expect("a report is plain data");
    let mut names = Vec::new();
    let mut values = vec![&json];
    while let Some(value) = values.pop() {
        match value {
            // A property's value is the template's own.
            serde_json::Value::Object(fields) => {
                for (name, field) in fields {
                    names.push(name.clone());
                    if name != "value" {
                        values.push(field);
                    }
                }
            }
            serde_json::Value::Array(items) => values.extend(items),
            _ => {}
        }
    }
    names.sort();
    names.dedup();
    let lacking: Vec<&String> = names.iter().filter(|name| !PAGE.contains(&format!("`{name}`"))).collect();
    assert!(lacking.is_empty(), "docs/compliance.md lacks {lacking:?}");
}

#[test]
fn a_mapping_whose_names_do_not_agree_is_refused() {
    let evidence = "[[evidence]]\nid = \"a\"\nshows = \"b\"\nsource = \"budget\"\n";
    let framework = |needs: &str| {
        format!(
            "id = \"f\"\ntitle = \"F\"\n[[items]]\nid = \"1\"\ntitle = \"t\"\nasks = \"a\"\nbeyond = \"b\"\n\
             needs = [{needs}]\n"
        )
    };
    let parse = |evidence: &str, framework: &str| {
        Mapping::parse(&[("evidence.toml", evidence)], &[("f.toml", framework)])
            .map_err(|error| error.to_string())
    };
    assert!(parse(evidence, &framework("\"a\"")).is_ok());
    for (evidence, framework, error) in [
        (evidence.to_owned(), framework("\"a\", \"c\""), "1 needs `c`, which is no evidence"),
        (evidence.to_owned(), framework(""), "no item needs `a`"),
        (evidence.repeat(2), framework("\"a\""), "`a` is there twice"),
        (evidence.replace("shows", "show"), framework("\"a\""), "evidence.toml is malformed"),
        (evidence.to_owned(), framework("\"a\"").replace("asks", "ask"), "f.toml is malformed"),
    ] {
        assert_eq!(parse(&evidence, &framework), Err(error.to_owned()));
    }
}

#[test]
fn runbooks_have_the_digest_of_what_the_command_prints() {
    let deployment = &shipped()[0];
    let report = report(deployment, &inventory(deployment), &[]);
    let text = recovery::workflow::runbook(deployment).trim_end().to_owned() + "\n";
    let json = serde_json::to_value(evidence(&report, "runbook-failover")).expect("plain data");
    assert_eq!(json["proofs"][0]["sha256"], cdk::content_hash(text.as_bytes()));
    let page = serde_json::to_value(evidence(&report, "doc-alarms")).expect("plain data");
    let alarms = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/alarms.md");
    assert_eq!(page["proofs"][0]["sha256"], cdk::content_hash(&fs::read(alarms).expect("it is there")));
}
