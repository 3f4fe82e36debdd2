//! The report: for each item, what evidence there is, and what there is not.

use recovery::Deployment;
use serde::Serialize;

use super::digest::{self, Templates};
use super::drill::{Considered, Drilled};
use super::evidence::{Evidence, Material, Proof};
use super::mapping::{Item, Mapping};
use super::residency::{self, Residency};
use crate::check::Inventory;

/// What stands in front of every report.
pub const NOTICE: &str = "This is no claim of compliance with anything. It lists evidence that was found in templates, \
     rules, reports of drills and pages; a standard asks for more than these can show, and whether evidence is \
     enough is for an assessor to say. Nothing in it was observed in an AWS account.";

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Subject<'s> {
    /// The deployment file.
    pub deployment: &'s Deployment,
    /// Its templates.
    pub inventory: &'s Inventory,
    /// Where they come from, in words.
    pub templates: String,
    /// Commit of the source that the report is made with, `unknown` outside a checkout.
    pub commit: String,
    /// Today, as year, month and day in UTC.
    pub date: String,
    /// Reports of drills.
    pub drills: &'s [Drilled],
}

/// Everything that was found: the object that `--output json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What this report is not.
    pub notice: &'static str,
    /// Name of the deployment.
    pub deployment: String,
    /// Its environment.
    pub environment: String,
    /// Day on which the report was made, in UTC.
    pub date: String,
    /// Commit of the source that made it.
    pub commit: String,
    /// What it was computed from.
    pub templates: Templates,
    /// Every drill whose report was given.
    pub drills: Vec<Considered>,
    /// How many items have evidence for all that is looked for.
    pub items_with_evidence: usize,
    /// How many items there are.
    pub items: usize,
    /// Item by item.
    pub frameworks: Vec<Framework>,
    /// Every piece of evidence that is looked for, found or not.
    pub evidence: Vec<Found>,
    /// Where data is.
    pub residency: Residency,
}

/// A standard, a law or a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Framework {
    /// Its name for good.
    pub id: String,
    /// What it is called, with its edition.
    pub title: String,
    /// Those of its items that concern recovery.
    pub items: Vec<Judged>,
}

/// One item, and what there is for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its own number.
    pub id: String,
    /// What it is about, in our words.
    pub title: String,
    /// What it asks, in our words.
    pub asks: String,
    /// Whether there is evidence for all that is looked for.
    pub state: State,
    /// Ids of evidence that was found.
    pub found: Vec<String>,
    /// Ids of evidence that was looked for and not found.
    pub lacking: Vec<String>,
    /// What the item asks beyond that, which is not looked for.
    pub beyond: String,
}

/// Whether there is evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// For all that is looked for.
    EvidenceFound,
    /// For all that is looked for, and all of it is pages and runbooks: somebody wrote it down, and no more.
    WrittenDown,
    /// For something there is none, or nothing is looked for.
    NotDemonstrated,
}

/// One piece of evidence that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// What it shows where it is found.
    pub shows: String,
    /// Whether it was found.
    pub state: State,
    /// Why not; `null` where it was.
    pub why: Option<String>,
    /// What shows it.
    pub proofs: Vec<Proof>,
}

impl Report {
    /// Looks for the evidence of a mapping.
    pub fn new(mapping: &Mapping, subject: Subject<'_>) -> Self {
        let Subject { deployment, inventory, templates, commit, date, drills } = subject;
        let material = Material { deployment, inventory, drills, commit: &commit, date: &date };
        let evidence: Vec<Found> = mapping.evidence.iter().map(|one| look_for(one, material)).collect();
        let frameworks: Vec<Framework> = mapping
            .frameworks
            .iter()
            .map(|framework| Framework {
                id: framework.id.clone(),
                title: framework.title.clone(),
                items: framework.items.iter().map(|item| judge(item, &evidence)).collect(),
            })
            .collect();
        let all = || frameworks.iter().flat_map(|framework| &framework.items);
        Self {
            notice: NOTICE,
            deployment: deployment.name.clone(),
            environment: deployment.environment.clone(),
            templates: digest::templates(inventory, templates),
            drills: drills.iter().map(|drill| drill.consider(material.asking())).collect(),
            items_with_evidence: all().filter(|item| item.state == State::EvidenceFound).count(),
            items: all().count(),
            frameworks,
            evidence,
            residency: residency::of(inventory, deployment),
            commit,
            date,
        }
    }
}

fn look_for(evidence: &Evidence, material: Material<'_>) -> Found {
    let (state, why, proofs) = match evidence.find(material) {
        Ok(proofs) => (State::EvidenceFound, None, proofs),
        Err(why) => (State::NotDemonstrated, Some(why), Vec::new()),
    };
    Found { id: evidence.id.clone(), shows: evidence.shows.clone(), state, why, proofs }
}

fn judge(item: &Item, evidence: &[Found]) -> Judged {
    let is_found =
        |need: &&String| evidence.iter().any(|one| one.id == **need && one.state == State::EvidenceFound);
    let (found, lacking): (Vec<&String>, Vec<&String>) = item.needs.iter().partition(|need| is_found(need));
    let is_page = |need: &&String| {
        let mut all = evidence.iter().filter(|one| one.id == **need).flat_map(|one| &one.proofs);
        all.all(|proof| matches!(proof, Proof::Document(_)))
    };
    let state = if found.is_empty() || !lacking.is_empty() {
        State::NotDemonstrated
    } else if found.iter().all(is_page) {
        State::WrittenDown
    } else {
        State::EvidenceFound
    };
    Judged {
        id: item.id.clone(),
        title: item.title.clone(),
        asks: item.asks.clone(),
        state,
        found: found.into_iter().cloned().collect(),
        lacking: lacking.into_iter().cloned().collect(),
        beyond: item.beyond.clone(),
    }
}
