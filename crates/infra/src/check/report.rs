//! What `standfast check` says: the object that `--output json` prints.

use recovery::Deployment;
use recovery::budget::{Budget, Change, Part};
use serde::Serialize;

use super::acceptance::Acceptance;
use super::inventory::{Inventory, Stack};
use super::reading::budgets;
use super::rule::{self, RULES};
use super::validator::{self, Tool};

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the deployment.
    pub deployment: String,
    /// Where the templates come from, in words.
    pub templates: String,
    /// Passed, failed, or an objective that cannot be met.
    pub verdict: Verdict,
    /// The worst cases; empty where a figure is missing.
    pub budgets: Vec<Judged>,
    /// Why there is no budget; `null` where there is one.
    pub budget_problem: Option<String>,
    /// Every rule of ours.
    pub rules: Vec<Ruled>,
    /// Every validator, installed or not.
    pub validators: Vec<Validated>,
    /// Acceptances that no finding of a validator that ran needs.
    pub unused_acceptances: Vec<Acceptance>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is in the way.
    Passed,
    /// A rule or a validator objects, or there is no budget.
    Failed,
    /// No rule and no validator objects, and an objective cannot be met.
    ObjectivesMissed,
}

/// One worst case beside its objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// What is waited for.
    pub question: &'static str,
    /// What the deployment file promises, in seconds.
    pub objective_s: u64,
    /// The sum of the parts, in seconds.
    pub worst_s: u64,
    /// Whether the objective can be met.
    pub met: bool,
    /// One after another.
    pub parts: Vec<Part>,
    /// Worth knowing, and not judged.
    pub beside: Vec<Part>,
    /// What could change so that it can be met, the most helpful first.
    pub changes: Vec<Change>,
}

/// One rule, and what it objects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ruled {
    /// Its name for good.
    pub id: &'static str,
    /// What must be so.
    pub title: &'static str,
    /// What happens in an outage where it is not so.
    pub rationale: &'static str,
    /// Empty where all is well.
    pub findings: Vec<Objection>,
}

/// What a rule objects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// Construct path, or what is missing.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

/// One validator, and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Validated {
    /// Which one.
    pub tool: Tool,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Findings without a reason to accept them.
    pub findings: Vec<validator::Finding>,
    /// Findings that are accepted.
    pub accepted: Vec<Accepted>,
}

/// What became of a validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was not asked for.
    LeftOut,
    /// It is not on this machine.
    NotInstalled,
    /// Only another version than the pinned one is on this machine, and it was not run.
    OtherVersion {
        /// The version of it, as it says.
        version: String,
        /// Where it is.
        program: String,
    },
    /// It did not come to an end that can be understood.
    Broken {
        /// Why.
        reason: String,
    },
    /// It ran.
    Ran {
        /// Its version, as it says.
        version: String,
    },
}

/// Findings of one rule that one acceptance covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The tool's name of its rule.
    pub rule: String,
    /// How many findings.
    pub count: usize,
    /// Why they are accepted.
    pub reason: String,
}

impl Report {
    /// Judges the templates, and what the validators said about them.
    pub fn new(
        deployment: &Deployment,
        templates: String,
        inventory: &Inventory,
        said: Vec<(Tool, Outcome, Vec<validator::Finding>)>,
        acceptances: &[Acceptance],
    ) -> Self {
        let (budgets, budget_problem) = match budgets(inventory, deployment) {
            Ok(budgets) => (budgets.into_iter().map(judge).collect(), None),
            Err(missing) => (Vec::new(), Some(missing.to_string())),
        };
        let kinds: Vec<&str> = inventory.stacks.iter().map(Stack::kind).collect();
        let there = |one: &&Acceptance| one.stack.as_deref().is_none_or(|kind| kinds.contains(&kind));
        let acceptances: Vec<Acceptance> = acceptances.iter().filter(there).cloned().collect();
        let acceptances = acceptances.as_slice();
        let unused_acceptances = unused(&said, acceptances);
        let mut report = Self {
            deployment: deployment.name.clone(),
            templates,
            verdict: Verdict::Passed,
            budgets,
            budget_problem,
            rules: RULES.iter().map(|rule| apply(rule, inventory, deployment)).collect(),
            validators: said
                .into_iter()
                .map(|(tool, outcome, findings)| sort_out(tool, outcome, findings, acceptances))
                .collect(),
            unused_acceptances,
        };
        report.verdict = report.judgement();
        report
    }

    fn judgement(&self) -> Verdict {
        let objects = |validated: &Validated| {
            !validated.findings.is_empty() || matches!(validated.outcome, Outcome::Broken { .. })
        };
        let ruled = self.rules.iter().any(|rule| !rule.findings.is_empty());
        if ruled || self.budget_problem.is_some() || self.validators.iter().any(objects) {
            Verdict::Failed
        } else if self.budgets.iter().any(|budget| !budget.met) {
            Verdict::ObjectivesMissed
        } else {
            Verdict::Passed
        }
    }
}

fn judge(budget: Budget) -> Judged {
    Judged {
        question: budget.question,
        objective_s: budget.objective_s,
        worst_s: budget.total_s(),
        met: budget.met(),
        changes: budget.changes(),
        parts: budget.parts,
        beside: budget.beside,
    }
}

fn apply(rule: &rule::Rule, inventory: &Inventory, deployment: &Deployment) -> Ruled {
    let findings = rule.findings(inventory, deployment).into_iter();
    Ruled {
        id: rule.id,
        title: rule.title,
        rationale: rule.rationale,
        findings: findings.map(|rule::Finding { path, what }| Objection { path, what }).collect(),
    }
}

fn sort_out(
    tool: Tool,
    outcome: Outcome,
    findings: Vec<validator::Finding>,
    acceptances: &[Acceptance],
) -> Validated {
    let mut validated = Validated { tool, outcome, findings: Vec::new(), accepted: Vec::new() };
    for finding in findings {
        let Some(acceptance) = acceptances.iter().find(|one| one.covers(tool, &finding)) else {
            validated.findings.push(finding);
            continue;
        };
        let known = validated
            .accepted
            .iter_mut()
            .find(|one| one.rule == finding.rule && one.reason == acceptance.reason);
        match known {
            Some(known) => known.count += 1,
            None => {
                let reason = acceptance.reason.clone();
                validated.accepted.push(Accepted { rule: finding.rule, count: 1, reason });
            }
        }
    }
    validated.findings.sort();
    validated.accepted.sort_by(|one, other| one.rule.cmp(&other.rule));
    validated
}

/// Of the tools that ran.
fn unused(said: &[(Tool, Outcome, Vec<validator::Finding>)], acceptances: &[Acceptance]) -> Vec<Acceptance> {
    let idle = |acceptance: &&Acceptance| {
        let of_tool = said.iter().find(|(tool, ..)| *tool == acceptance.tool);
        of_tool.is_some_and(|(tool, outcome, findings)| {
            matches!(outcome, Outcome::Ran { .. })
                && !findings.iter().any(|finding| acceptance.covers(*tool, finding))
        })
    };
    acceptances.iter().filter(idle).cloned().collect()
}
