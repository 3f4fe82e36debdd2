//! Goal: what is called evidence is there, and is lost when what it shows is broken; nothing is claimed without any.
//! Method: the mapping that we ship, the shipped deployments' templates, and made-up reports of drills.

mod changes;
mod drills;
mod mapping;
mod mutations;
mod places;

use infra::check::Inventory;
use infra::compliance::report::{Found, Judged, State};
use infra::compliance::{Drilled, Mapping, Report, Subject};
use recovery::Deployment;
use serde_json::{Value, json};

use crate::check::inventory;
use crate::deployment;

const COMMIT: &str = "0123456789ab";

/// Every deployment that we ship.
fn shipped() -> Vec<Deployment> {
    vec![
        deployment(),
        containers(),
        finance("finance-east.toml", include_str!("../../../../../deployments/finance-east.toml")),
    ]
}

/// One of those that run containers.
fn containers() -> Deployment {
    finance("finance-west.toml", include_str!("../../../../../deployments/finance-west.toml"))
}

fn finance(file: &str, text: &str) -> Deployment {
    Deployment::parse(text, file).expect("the deployment we ship is valid")
}

fn report(deployment: &Deployment, inventory: &Inventory, drills: &[Drilled]) -> Report {
    let subject = Subject {
        deployment,
        inventory,
        templates: "synthesised".to_owned(),
        commit: COMMIT.to_owned(),
        date: "2026-11-20".to_owned(),
        drills,
    };
    Report::new(&Mapping::ours(), subject)
}

/// The report of a drill in which all went well, of the environment of the shipped file of this name.
fn passed(deployment: &str, scenario: &str) -> Value {
    let shipped = shipped().into_iter().find(|one| one.name == deployment);
    let environment = shipped.map_or_else(|| "production".to_owned(), |one| one.environment);
    json!({
        "scenario": scenario, "deployment": deployment, "deployment_environment": environment,
        "seed": 7, "commit": COMMIT,
        "fault_at": "2026-11-20T10:24:05Z", "verdict": "passed",
        "recovery": { "met": true },
        "loss": { "orders_lost": 0, "orders_settled_twice": 0, "ledger_imbalance": 0 },
        "fencing": { "writes_below_fence": 0 },
        "failback": null,
    })
}

fn drilled(report: Value) -> Drilled {
    Drilled { file: "report.json".to_owned(), sha256: "ab".repeat(32), report }
}

fn evidence<'r>(report: &'r Report, id: &str) -> &'r Found {
    report.evidence.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("no evidence {id}"))
}

fn item<'r>(report: &'r Report, id: &str) -> &'r Judged {
    let mut items = report.frameworks.iter().flat_map(|framework| &framework.items);
    items.find(|item| item.id == id).unwrap_or_else(|| panic!("no item {id}"))
}

fn is_found(report: &Report, id: &str) -> bool {
    evidence(report, id).state == State::EvidenceFound
}

#[test]
fn the_report_says_first_what_it_is_not_and_what_it_was_computed_from() {
    let deployment = deployment();
    let report = report(&deployment, &inventory(&deployment), &[]);
    assert!(report.notice.starts_with("This is no claim of compliance"));
    assert_eq!((report.deployment.as_str(), report.environment.as_str()), ("trading", "production"));
    assert_eq!((report.date.as_str(), report.commit.as_str()), ("2026-11-20", COMMIT));
    let json = serde_json::to_value(&report).expect("a report is plain data");
    let fields: Vec<&String> = json.as_object().expect("an object").keys().collect();
    assert_eq!(fields[0], "notice", "nothing stands in front of it");
}

#[test]
fn digests_are_those_of_the_files_that_are_written() {
    let deployment = deployment();
    let app = infra::app::compose(
        &deployment,
        crate::ACCOUNT,
        &infra::Packages::stand_ins(),
        infra::Replay::Included,
    );
    let assembly = app.expect("the account is one").synthesise().expect("the tree is sound");
    let report = report(&deployment, &Inventory::of(&assembly), &[]);
    let mut list = String::new();
    for template in &report.templates.files {
        let written = assembly.files.get(&template.file).expect("a template of the assembly");
        assert_eq!(template.sha256, cdk::content_hash(written.as_bytes()), "{}", template.file);
        list += &format!("{}  {}\n", template.sha256, template.file);
    }
    assert_eq!(report.templates.files.len(), assembly.stacks.len());
    assert_eq!(report.templates.sha256, cdk::content_hash(list.as_bytes()));
}

#[test]
fn what_is_evidence_of_what_is_as_reviewed() {
    for deployment in shipped() {
        let drills = [drilled(passed(&deployment.name, "region-loss"))];
        let report = report(&deployment, &inventory(&deployment), &drills);
        let mut text = format!("{} of {} items\n", report.items_with_evidence, report.items);
        for framework in &report.frameworks {
            text += &format!("\n{}\n", framework.title);
            for item in &framework.items {
                let state = match item.state {
                    State::EvidenceFound => "evidence found".to_owned(),
                    State::WrittenDown => "written down".to_owned(),
                    State::NotDemonstrated if item.lacking.is_empty() => {
                        "not demonstrated: not looked for".to_owned()
                    }
                    State::NotDemonstrated => format!("not demonstrated: {}", item.lacking.join(", ")),
                };
                text += &format!("  {}: {state}\n", item.id);
            }
        }
        insta::assert_snapshot!(format!("evidence_{}", deployment.name), text);
    }
}
