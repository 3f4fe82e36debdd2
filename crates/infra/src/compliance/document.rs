//! Pages and runbooks, as evidence of procedures that somebody wrote down.
//!
//! The pages are those that this program was built with, so that a digest names one text and no other.

use cdk::content_hash;
use recovery::Deployment;
use recovery::workflow::{failback_runbook, runbook};
use serde::{Deserialize, Serialize};

/// Pages of this repository.
const PAGES: [(&str, &str); 13] = [
    ("ARCHITECTURE.md", include_str!("../../../../ARCHITECTURE.md")),
    ("docs/alarms.md", include_str!("../../../../docs/alarms.md")),
    ("docs/check.md", include_str!("../../../../docs/check.md")),
    ("docs/consistency.md", include_str!("../../../../docs/consistency.md")),
    ("docs/incident-response.md", include_str!("../../../../docs/incident-response.md")),
    ("docs/infrastructure.md", include_str!("../../../../docs/infrastructure.md")),
    ("docs/preflight.md", include_str!("../../../../docs/preflight.md")),
    ("docs/requirements.md", include_str!("../../../../docs/requirements.md")),
    (
        "docs/decisions/2026-11-20-a-database-user-per-function.md",
        include_str!("../../../../docs/decisions/2026-11-20-a-database-user-per-function.md"),
    ),
    (
        "docs/decisions/2026-11-20-settlement-follows-the-lease.md",
        include_str!("../../../../docs/decisions/2026-11-20-settlement-follows-the-lease.md"),
    ),
    (
        "docs/decisions/2026-11-20-the-way-home.md",
        include_str!("../../../../docs/decisions/2026-11-20-the-way-home.md"),
    ),
    (
        "docs/decisions/2026-11-20-traffic-beside-settlement.md",
        include_str!("../../../../docs/decisions/2026-11-20-traffic-beside-settlement.md"),
    ),
    (
        "docs/decisions/2026-11-20-what-functions-keep-for-recovery.md",
        include_str!("../../../../docs/decisions/2026-11-20-what-functions-keep-for-recovery.md"),
    ),
];

/// A page, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its file, from the root of the repository.
    pub file: String,
    /// The heading of the part that matters; the whole page when it says nothing.
    pub section: Option<String>,
}

/// One of the recovery workflows, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runbook {
    /// To the standby.
    Failover,
    /// Back to home.
    Failback,
}

/// A text that is evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The file, or the command that prints it.
    pub source: String,
    /// The heading of the part that matters; `null` for all of it.
    pub section: Option<String>,
    /// SHA-256 of the whole text.
    pub sha256: String,
}

impl Page {
    /// The page, where there is one with that heading.
    ///
    /// # Errors
    /// What is missing.
    pub fn find(&self) -> Result<Text, String> {
        let page = PAGES.iter().find(|(file, _)| *file == self.file);
        let (_, text) = page.ok_or_else(|| format!("there is no page {}", self.file))?;
        if let Some(section) = &self.section {
            let is_heading =
                |line: &str| line.starts_with('#') && line.trim_start_matches('#').trim() == section;
            if !text.lines().any(is_heading) {
                return Err(format!("{} has no part \"{section}\"", self.file));
            }
        }
        Ok(Text {
            source: self.file.clone(),
            section: self.section.clone(),
            sha256: content_hash(text.as_bytes()),
        })
    }
}

impl Runbook {
    /// The runbook of a deployment, as `standfast workflow` prints it.
    pub fn of(self, deployment: &Deployment) -> Text {
        let (name, text) = match self {
            Self::Failover => ("failover", runbook(deployment)),
            Self::Failback => ("failback", failback_runbook(deployment)),
        };
        Text {
            source: format!("standfast workflow {name}"),
            section: None,
            sha256: content_hash((text.trim_end().to_owned() + "\n").as_bytes()),
        }
    }
}
