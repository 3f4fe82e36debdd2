//! What a check found, as tables.

use std::fmt::Write;

use infra::check::report::{Judged, Outcome, Report, Ruled, Validated, Verdict};
use infra::check::validator::Tool;
use recovery::budget::{Kind, Part};

use super::{BOLD, DIM, GREEN, RED};

/// The report, for a terminal.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let (style, word) = match report.verdict {
        Verdict::Passed => (GREEN, "passed"),
        Verdict::Failed => (RED, "failed"),
        Verdict::ObjectivesMissed => (RED, "an objective cannot be met"),
    };
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}: {style}{word}{style:#}", report.deployment);
    let _ = writeln!(text, "{DIM}templates {}{DIM:#}", report.templates);
    for budget in &report.budgets {
        judged(&mut text, budget);
    }
    if let Some(problem) = &report.budget_problem {
        let _ = writeln!(text, "\n{BOLD}no recovery budget{BOLD:#}\n  {RED}{problem}{RED:#}");
    }
    rules(&mut text, &report.rules);
    validators(&mut text, report);
    text
}

fn judged(text: &mut String, budget: &Judged) {
    let (style, word) = if budget.met { (GREEN, "met") } else { (RED, "CANNOT BE MET") };
    let Judged { question, objective_s, worst_s, .. } = budget;
    let _ = writeln!(
        text,
        "\n{BOLD}{question}{BOLD:#}: at worst {worst_s} s, objective {objective_s} s, {style}{word}{style:#}"
    );
    let all = || budget.parts.iter().chain(&budget.beside);
    let width = all().map(|part| part.name.chars().count()).max().unwrap_or(0);
    budget.parts.iter().for_each(|part| line(text, part, width));
    if !budget.beside.is_empty() {
        let _ = writeln!(text, "  {DIM}not judged{DIM:#}");
        budget.beside.iter().for_each(|part| line(text, part, width));
    }
    if budget.met {
        return;
    }
    let _ = writeln!(text, "  {BOLD}what could change{BOLD:#}");
    for change in &budget.changes {
        let _ = writeln!(text, "  - {change}");
    }
    if budget.changes.is_empty() {
        let _ = writeln!(text, "  - nothing of it is configured: change the objective");
    }
}

fn line(text: &mut String, part: &Part, width: usize) {
    let kind = match part.kind {
        Kind::Configured => "configured",
        Kind::Assumed => "assumed",
        Kind::Published => "published",
        Kind::Derived => "derived",
    };
    let Part { name, seconds, source, .. } = part;
    let _ = writeln!(text, "  {seconds:>5} s  {kind:10}  {name:width$}  {DIM}{source}{DIM:#}");
}

fn rules(text: &mut String, rules: &[Ruled]) {
    let broken: Vec<&Ruled> = rules.iter().filter(|rule| !rule.findings.is_empty()).collect();
    let kept = rules.len() - broken.len();
    let _ = writeln!(text, "\n{BOLD}rules{BOLD:#}: {kept} of {} kept", rules.len());
    for rule in broken {
        let _ = writeln!(text, "  {RED}{}{RED:#}: {}", rule.id, rule.title);
        for finding in &rule.findings {
            let _ = writeln!(text, "    {}: {}", finding.path, finding.what);
        }
        let _ = writeln!(text, "    {DIM}why: {}{DIM:#}", rule.rationale);
    }
}

fn validators(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\n{BOLD}validators{BOLD:#}");
    for validated in &report.validators {
        validator(text, validated);
    }
    if !report.unused_acceptances.is_empty() {
        let _ = writeln!(text, "\n{BOLD}acceptances that nothing needs{BOLD:#}");
        for unused in &report.unused_acceptances {
            let _ = writeln!(text, "  - {} {} at {}", unused.tool, unused.rule, unused.path);
        }
    }
}

fn validator(text: &mut String, validated: &Validated) {
    let Validated { tool, outcome, findings, accepted } = validated;
    match outcome {
        Outcome::LeftOut => drop(writeln!(text, "  {tool:13}  left out")),
        Outcome::NotInstalled => {
            let _ = writeln!(text, "  {tool:13}  not installed {DIM}({}){DIM:#}", installation(*tool));
        }
        Outcome::OtherVersion { version, program } => {
            let (pinned, install) = (tool.pinned(), installation(*tool));
            let _ = writeln!(
                text,
                "  {tool:13}  not run: {program} is {version}, and {pinned} is pinned {DIM}({install}){DIM:#}"
            );
        }
        Outcome::Broken { reason } => drop(writeln!(text, "  {tool:13}  {RED}broken{RED:#}: {reason}")),
        Outcome::Ran { version } => {
            let (style, word) = if findings.is_empty() { (GREEN, "clean") } else { (RED, "objects") };
            let _ = writeln!(text, "  {tool:13}  {style}{word}{style:#} {DIM}({version}){DIM:#}");
        }
    }
    for finding in findings {
        let _ = writeln!(text, "    {RED}{}{RED:#} {}: {}", finding.rule, finding.path, finding.what);
    }
    for one in accepted {
        let _ = writeln!(text, "    accepted {} × {}: {DIM}{}{DIM:#}", one.count, one.rule, one.reason);
    }
}

/// How to come by a validator.
fn installation(tool: Tool) -> &'static str {
    match tool {
        Tool::CfnLint => "python3 -m venv .venv && .venv/bin/pip install -r validation/requirements.txt",
        Tool::AslValidator | Tool::CfnGuard => "npm install --no-package-lock",
    }
}

#[cfg(test)]
mod tests;
