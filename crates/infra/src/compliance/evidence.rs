//! One piece of evidence: what it would show, and where it is looked for.

use serde::{Deserialize, Serialize};

use super::document::{Page, Runbook, Text};
use super::drill::{Asked, Asking, Drilled, Figure};
use super::look::{Look, Property, Seen};
use super::residency::{self, Holding};
use crate::check::Inventory;
use crate::check::reading::budgets;
use crate::check::rule::RULES;
use recovery::Deployment;

/// A piece of evidence that items may need.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its name for good.
    pub id: String,
    /// What it shows where it is found.
    pub shows: String,
    /// Where it is looked for.
    pub source: Source,
    /// Why no deployment of ours has it. A test refuses this where one does.
    pub absent: Option<String>,
}

/// Where evidence is looked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the templates: each of these must be so.
    All(Vec<Look>),
    /// In the templates: at least one of these must be so, and none of the others may be otherwise. Deployments
    /// differ in the types they have.
    Any(Vec<Look>),
    /// A rule of `standfast check`, by its id, which must object to nothing.
    Rule(String),
    /// Every worst case of `standfast check`, which must keep to its objective.
    Budget,
    /// The report of a drill.
    Drill(Asked),
    /// A page of this repository.
    Document(Page),
    /// A runbook, rendered from the workflow that is deployed.
    Runbook(Runbook),
    /// Where data is: nowhere outside the deployment's regions.
    Residency,
}

/// One thing that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// A property of a resource.
    Property(Property),
    /// A rule that objects to nothing.
    Rule {
        /// Its id.
        rule: &'static str,
        /// What is so.
        title: &'static str,
    },
    /// A worst case that keeps to its objective.
    Budget {
        /// What is waited for.
        question: &'static str,
        /// The sum of its parts, in seconds.
        worst_s: u64,
        /// What the deployment file promises, in seconds.
        objective_s: u64,
    },
    /// A figure of a drill.
    Drill(Figure),
    /// A page or a runbook.
    Document(Text),
    /// A place that holds data.
    Holding(Holding),
}

/// What evidence is looked for in.
#[derive(Clone, Copy, Debug)]
pub struct Material<'m> {
    /// The deployment file.
    pub deployment: &'m Deployment,
    /// Its templates.
    pub inventory: &'m Inventory,
    /// Reports of drills.
    pub drills: &'m [Drilled],
    /// Commit that the report is made with.
    pub commit: &'m str,
    /// Day of the report, in UTC.
    pub date: &'m str,
}

impl<'m> Material<'m> {
    /// What drills are asked about.
    pub fn asking(self) -> Asking<'m> {
        Asking { deployment: self.deployment, commit: self.commit, date: self.date }
    }
}

impl Evidence {
    /// Everything that shows it.
    ///
    /// # Errors
    /// Why nothing does.
    pub fn find(&self, material: Material<'_>) -> Result<Vec<Proof>, String> {
        let Material { deployment, inventory, drills, .. } = material;
        match &self.source {
            Source::All(looks) => properties(looks, material, true),
            Source::Any(looks) => properties(looks, material, false),
            Source::Rule(id) => rule(id, material),
            Source::Budget => budget(material),
            Source::Drill(asked) => {
                let figures = asked.of(drills, material.asking())?;
                Ok(figures.into_iter().map(Proof::Drill).collect())
            }
            Source::Document(page) => Ok(vec![Proof::Document(page.find()?)]),
            Source::Runbook(runbook) => Ok(vec![Proof::Document(runbook.of(deployment))]),
            Source::Residency => {
                let residency = residency::of(inventory, deployment);
                match residency.outside.first() {
                    Some(first) => Err(format!("{} is in {}", first.path, first.region)),
                    None => Ok(residency.holdings.into_iter().map(Proof::Holding).collect()),
                }
            }
        }
    }
}

/// What the looks show; without `all`, types that are nowhere are passed over.
fn properties(looks: &[Look], material: Material<'_>, all: bool) -> Result<Vec<Proof>, String> {
    let mut proofs = Vec::new();
    let mut missing = Vec::new();
    for look in looks {
        match look.at(material.inventory, material.deployment) {
            Seen::Shown(properties) => proofs.extend(properties.into_iter().map(Proof::Property)),
            Seen::Against(reason) => return Err(reason),
            Seen::Nothing if missing.contains(&look.kind.as_str()) => {}
            Seen::Nothing => missing.push(look.kind.as_str()),
        }
    }
    if proofs.is_empty() || (all && !missing.is_empty()) {
        return Err(format!("there is no such {}", missing.join(" and no such ")));
    }
    Ok(proofs)
}

fn rule(id: &str, material: Material<'_>) -> Result<Vec<Proof>, String> {
    let rule = RULES.iter().find(|rule| rule.id == id);
    let rule = rule.ok_or_else(|| format!("there is no rule {id}"))?;
    match rule.findings(material.inventory, material.deployment).first() {
        Some(finding) => Err(format!("the rule objects: {}: {}", finding.path, finding.what)),
        None => Ok(vec![Proof::Rule { rule: rule.id, title: rule.title }]),
    }
}

fn budget(material: Material<'_>) -> Result<Vec<Proof>, String> {
    let budgets = budgets(material.inventory, material.deployment).map_err(|missing| missing.to_string())?;
    if let Some(missed) = budgets.iter().find(|budget| !budget.met()) {
        let (question, worst_s, objective_s) = (missed.question, missed.total_s(), missed.objective_s);
        return Err(format!("{question}: at worst {worst_s} s, objective {objective_s} s"));
    }
    let proof = |budget: &recovery::budget::Budget| Proof::Budget {
        question: budget.question,
        worst_s: budget.total_s(),
        objective_s: budget.objective_s,
    };
    Ok(budgets.iter().map(proof).collect())
}
