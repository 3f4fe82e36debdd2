//! Goal: a reader sees at once what is in the way and what would mend it. Method: made-up reports as plain text.

use infra::check::acceptance::Acceptance;
use infra::check::report::{Accepted, Objection};
use infra::check::validator::Finding;
use recovery::budget::Change;

use super::*;

fn plain(report: &Report) -> String {
    anstream::adapter::strip_str(&render(report)).to_string()
}

fn passed() -> Report {
    let part = |name: &str, seconds, kind| Part::new(name, seconds, kind, "a source");
    Report {
        deployment: "trading".to_owned(),
        templates: "synthesised with stand-in packages".to_owned(),
        verdict: Verdict::Passed,
        budgets: vec![Judged {
            question: "orders settled again",
            objective_s: 900,
            worst_s: 320,
            met: true,
            parts: vec![
                part("the lease expires", 20, Kind::Configured),
                part("Aurora promotes", 300, Kind::Assumed),
            ],
            beside: vec![part("an execution ends at the latest", 3600, Kind::Configured)],
            changes: Vec::new(),
        }],
        budget_problem: None,
        rules: vec![Ruled {
            id: "a-rule",
            title: "all is well",
            rationale: "else it is not",
            findings: Vec::new(),
        }],
        validators: Tool::ALL.map(|tool| validated(tool, Outcome::NotInstalled)).to_vec(),
        unused_acceptances: Vec::new(),
    }
}

fn validated(tool: Tool, outcome: Outcome) -> Validated {
    Validated { tool, outcome, findings: Vec::new(), accepted: Vec::new() }
}

#[test]
fn a_check_that_passed() {
    insta::assert_snapshot!("passed", plain(&passed()));
}

#[test]
fn a_check_that_failed() {
    let mut report = passed();
    report.verdict = Verdict::Failed;
    let objection = Objection { path: "S/Cluster".to_owned(), what: "is not encrypted".to_owned() };
    report.rules[0].findings = vec![objection];
    let ran = |version: &str| Outcome::Ran { version: version.to_owned() };
    let finding =
        Finding { rule: "E1".to_owned(), path: "S/Queue".to_owned(), what: "no such thing".to_owned() };
    let accepted = Accepted { rule: "CT.SQS.PR.1".to_owned(), count: 4, reason: "people read it".to_owned() };
    report.validators = vec![
        Validated { findings: vec![finding], ..validated(Tool::CfnLint, ran("1.58.0")) },
        validated(Tool::AslValidator, Outcome::Broken { reason: "it says nothing".to_owned() }),
        Validated { accepted: vec![accepted], ..validated(Tool::CfnGuard, ran("3.1.1, rules of 0.0.62")) },
    ];
    report.unused_acceptances = vec![Acceptance {
        stack: None,
        tool: Tool::CfnGuard,
        rule: "CT.RDS.PR.3".to_owned(),
        path: "*".to_owned(),
        reason: "gone".to_owned(),
    }];
    insta::assert_snapshot!("failed", plain(&report));
}

#[test]
fn a_validator_of_another_version_is_named_with_the_pinned_one() {
    let mut report = passed();
    let (version, program) = ("1.51.0".to_owned(), "/usr/bin/cfn-lint".to_owned());
    report.validators = vec![validated(Tool::CfnLint, Outcome::OtherVersion { version, program })];
    let said = plain(&report);
    let expected =
        "  cfn-lint       not run: /usr/bin/cfn-lint is 1.51.0, and 1.58.0 is pinned (python3 -m venv";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn an_objective_that_cannot_be_met() {
    let mut report = passed();
    report.verdict = Verdict::ObjectivesMissed;
    let change =
        |setting: &str, enough| Change { setting: setting.to_owned(), from: 5, to: 2, saves_s: 30, enough };
    let budget = &mut report.budgets[0];
    (budget.met, budget.objective_s) = (false, 300);
    budget.changes =
        vec![change("health_check.failure_threshold", true), change("domain.record_ttl_s", false)];
    insta::assert_snapshot!("objective_missed", plain(&report));
    report.budgets[0].changes.clear();
    assert!(plain(&report).contains("nothing of it is configured: change the objective"));
    report.budgets.clear();
    report.budget_problem = Some("no schedule".to_owned());
    assert!(plain(&report).contains("no recovery budget\n  no schedule"), "{}", plain(&report));
}
