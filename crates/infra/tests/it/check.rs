//! What is judged before a deployment: the shipped deployment, the budget's figures, and templates from files.

use std::collections::BTreeSet;

use infra::check::acceptance::ours;
use infra::check::report::{Outcome, Verdict};
use infra::check::rule::RULES;
use infra::check::validator::{Finding, Tool};
use infra::check::{Inventory, Report, reading};
use infra::{Packages, Replay};
use recovery::Deployment;

use crate::{ACCOUNT, deployment, deployments, finance_west};

pub fn inventory(deployment: &Deployment) -> Inventory {
    let app = infra::app::compose(deployment, ACCOUNT, &Packages::stand_ins(), Replay::Included);
    Inventory::of(&app.expect("the account is one").synthesise().expect("the tree is sound"))
}

fn report(deployment: &Deployment, inventory: &Inventory) -> Report {
    Report::new(deployment, "synthesised".to_owned(), inventory, Vec::new(), &[])
}

#[test]
fn the_shipped_deployments_keep_every_rule() {
    for deployment in deployments() {
        let report = report(&deployment, &inventory(&deployment));
        let broken: Vec<_> = report.rules.iter().filter(|rule| !rule.findings.is_empty()).collect();
        assert!(broken.is_empty(), "{}: {broken:#?}", deployment.name);
        assert_eq!(report.budget_problem, None, "{}", deployment.name);
    }
}

#[test]
fn the_shipped_deployments_can_meet_their_objectives() {
    for deployment in deployments() {
        let budgets = reading::budgets(&inventory(&deployment), &deployment).expect("every figure is there");
        assert!(budgets.iter().all(recovery::budget::Budget::met), "{}", deployment.name);
    }
}

#[test]
fn the_budget_is_as_reviewed() {
    insta::assert_snapshot!("budget", budget_of(&deployment()));
    insta::assert_snapshot!("budget_with_containers", budget_of(&finance_west()));
}

fn budget_of(deployment: &Deployment) -> String {
    let budgets = reading::budgets(&inventory(deployment), deployment).expect("every figure is there");
    let lines = budgets.iter().map(|budget| {
        let parts = budget.parts.iter().chain(&budget.beside);
        let parts: Vec<String> = parts
            .map(|part| format!("  {:>5} s  {:?}: {}; {}", part.seconds, part.kind, part.name, part.source))
            .collect();
        format!(
            "{}: {} of {} s\n{}\n",
            budget.question,
            budget.total_s(),
            budget.objective_s,
            parts.join("\n")
        )
    });
    lines.collect()
}

#[test]
fn a_mirrored_deployment_is_judged_as_the_shipped_one() {
    for mut mirrored in [deployment(), finance_west()] {
        std::mem::swap(&mut mirrored.regions.home, &mut mirrored.regions.standby);
        let report = report(&mirrored, &inventory(&mirrored));
        let broken = report.rules.iter().filter(|rule| !rule.findings.is_empty()).map(|rule| rule.id);
        assert_eq!(broken.collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn a_protected_deployment_keeps_what_holds_data() {
    for mut protected in [deployment(), finance_west()] {
        protected.protect = true;
        let report = report(&protected, &inventory(&protected));
        let removal = report.rules.iter().find(|rule| rule.id == "removal-as-asked").expect("a rule");
        assert_eq!(removal.findings, []);
    }
}

#[test]
fn an_assembly_that_was_written_is_judged_like_the_one_in_memory() {
    let deployment = deployment();
    let app = infra::app::compose(&deployment, ACCOUNT, &Packages::stand_ins(), Replay::Included);
    let assembly = app.expect("the account is one").synthesise().expect("the tree is sound");
    let file = |name: &str| {
        assembly.files.get(name).cloned().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))
    };
    let (mut read, mut made) = (Inventory::read(file).expect("it was just made"), Inventory::of(&assembly));
    // A manifest has the order in which stacks were added, an assembly that of the deployment.
    for inventory in [&mut read, &mut made] {
        inventory.stacks.sort_by(|one, other| one.name.cmp(&other.name));
    }
    assert_eq!(read, made);
    let error = Inventory::read(|_| Ok("[]".to_owned())).expect_err("no manifest");
    assert_eq!(error.to_string(), "manifest.json is no JSON of a cloud assembly");
    let error = Inventory::read(|_| Err(std::io::ErrorKind::NotFound.into())).expect_err("no file");
    assert_eq!(error.to_string(), "cannot read manifest.json");
}

#[test]
fn every_rule_has_a_name_of_its_own_and_says_why() {
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.iter().all(|rule| rule.title.len() > 20 && rule.rationale.len() > 20));
}

#[test]
fn the_page_lists_every_rule_in_its_words() {
    let page = include_str!("../../../../docs/check.md");
    for rule in RULES {
        let row = format!("| `{}` | {} | {} |", rule.id, rule.title, rule.rationale);
        assert!(page.contains(&row), "docs/check.md lacks\n{row}");
    }
}

#[test]
fn a_finding_is_accepted_with_its_reason_or_fails_the_check() {
    let deployment = deployment();
    let inventory = Inventory { stacks: Vec::new() };
    let finding = |rule: &str| Finding { rule: rule.into(), path: "S/Logs".into(), what: "objects".into() };
    let list = "[[accepted]]\ntool = \"cfn-lint\"\nrule = \"W1\"\npath = \"*/Logs\"\nreason = \"known\"\n\
                [[accepted]]\ntool = \"cfn-lint\"\nrule = \"W2\"\nreason = \"gone\"\n\
                [[accepted]]\ntool = \"cfn-guard\"\nrule = \"W2\"\nreason = \"of a tool that did not run\"\n";
    let acceptances = infra::check::acceptance::parse(list).expect("a list");
    let said = |findings| vec![(Tool::CfnLint, Outcome::Ran { version: "1".into() }, findings)];
    let judge = |findings| Report::new(&deployment, String::new(), &inventory, said(findings), &acceptances);
    let report = judge(vec![finding("W1"), finding("W1"), finding("W3")]);
    let validated = &report.validators[0];
    assert_eq!(validated.findings, [finding("W3")]);
    assert_eq!((validated.accepted[0].count, validated.accepted[0].reason.as_str()), (2, "known"));
    let unused: Vec<&str> = report.unused_acceptances.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(unused, ["gone"]);
    assert_eq!(report.verdict, Verdict::Failed, "nothing is there, and no rule holds");
}

#[test]
fn every_acceptance_is_of_a_tool_and_a_rule() {
    for acceptance in ours() {
        assert!(!acceptance.rule.is_empty() && !acceptance.reason.is_empty(), "{acceptance:?}");
    }
}
