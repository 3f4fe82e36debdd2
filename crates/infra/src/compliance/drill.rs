//! Reports of drills, as evidence of what was measured.

use recovery::Deployment;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::{Condition, Surroundings};

/// The report of a drill, as a file on disk says.
#[derive(Clone, Debug, PartialEq)]
pub struct Drilled {
    /// The file, as it was named.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What is in it.
    pub report: Value,
}

/// What must be in the report of a drill that passed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Which scenario; any when it says nothing.
    pub scenario: Option<String>,
    /// The figure, as a way such as `loss/orders_lost`.
    pub property: String,
    /// What it must be.
    pub is: Condition,
}

/// A figure of a drill that is evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Which drill.
    #[serde(flatten)]
    pub drill: Identity,
    /// The way to the figure in the report.
    pub property: String,
    /// What was measured.
    pub value: Value,
}

/// What tells one drill from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The file of its report.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: String,
    /// Its scenario.
    pub scenario: String,
    /// Its deployment.
    pub deployment: String,
    /// Seed of its load.
    pub seed: u64,
    /// Commit of the source that ran.
    pub commit: String,
    /// When its fault struck, in UTC (RFC 3339); `null` where its report does not say.
    pub fault_at: Option<String>,
    /// How it ended, in the report's own word.
    pub verdict: String,
}

/// A drill that was given, and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Which drill.
    #[serde(flatten)]
    pub drill: Identity,
    /// Why it is no evidence; `null` where it counts.
    pub left_out: Option<String>,
    /// What a reader should know of it; `null` where there is nothing.
    pub note: Option<String>,
}

/// A file that is no report of a drill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no JSON object with a text `{0}`")]
pub struct NoReport(&'static str);

/// What every report of a drill says of itself.
const SAID: [&str; 4] = ["scenario", "deployment", "commit", "verdict"];

impl Drilled {
    /// A report, from the bytes of a file.
    ///
    /// # Errors
    /// When the file does not say which drill it is of.
    pub fn read(file: String, bytes: &[u8]) -> Result<Self, NoReport> {
        let report: Value = serde_json::from_slice(bytes).unwrap_or_default();
        match SAID.into_iter().find(|name| !report[name].is_string()) {
            Some(missing) => Err(NoReport(missing)),
            None => Ok(Self { file, sha256: cdk::content_hash(bytes), report }),
        }
    }

    /// What tells it from another one. What the report does not say is empty.
    pub fn identity(&self) -> Identity {
        let text = |name: &str| self.report[name].as_str().map(str::to_owned);
        Identity {
            file: self.file.clone(),
            sha256: self.sha256.clone(),
            scenario: text("scenario").unwrap_or_default(),
            deployment: text("deployment").unwrap_or_default(),
            seed: self.report["seed"].as_u64().unwrap_or_default(),
            commit: text("commit").unwrap_or_default(),
            fault_at: text("fault_at"),
            verdict: text("verdict").unwrap_or_default(),
        }
    }

    /// Whether it counts for a deployment, beside the commit that this report is made with.
    pub fn consider(&self, deployment: &Deployment, commit: &str) -> Considered {
        let drill = self.identity();
        let left_out = if drill.deployment != deployment.name {
            Some(format!("it is a drill of {}", drill.deployment))
        } else if drill.verdict != "passed" {
            Some(format!("its verdict is {}", drill.verdict))
        } else {
            None
        };
        let note = if drill.commit.ends_with("+changes") || drill.commit == "unknown" {
            Some("its source is no commit that can be looked at".to_owned())
        } else if drill.commit != commit {
            Some("its commit is not the one of this report".to_owned())
        } else {
            None
        };
        Considered { drill, left_out, note }
    }
}

impl Asked {
    /// The figures that show it, one for each drill that does.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(
        &self,
        drills: &[Drilled],
        deployment: &Deployment,
        commit: &str,
    ) -> Result<Vec<Figure>, String> {
        let counts = |drill: &&Drilled| drill.consider(deployment, commit).left_out.is_none();
        let meant = |drill: &&Drilled| {
            self.scenario.as_deref().is_none_or(|scenario| drill.report["scenario"] == scenario)
        };
        let mut figures = Vec::new();
        let mut against = None;
        for drill in drills.iter().filter(counts).filter(meant) {
            let surroundings = Surroundings { deployment, region: "" };
            match self.is.follow(&drill.report, &self.property, surroundings) {
                Ok(found) => figures.extend(found.into_iter().map(|(property, value)| Figure {
                    drill: drill.identity(),
                    property,
                    value,
                })),
                Err((way, value)) => against = Some(format!("{}: {way} is {value}", drill.file)),
            }
        }
        match against {
            // A drill that shows the contrary is not outweighed by another one.
            Some(against) => Err(against),
            None if figures.is_empty() => Err(format!(
                "no report of a drill{} that passed was given",
                self.scenario.as_deref().map(|scenario| format!(" of {scenario}")).unwrap_or_default()
            )),
            None => Ok(figures),
        }
    }
}
