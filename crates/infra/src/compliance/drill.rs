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

    /// Whether it counts for what is asked about.
    pub fn consider(&self, asking: Asking<'_>) -> Considered {
        let drill = self.identity();
        let left_out = self.not_of(asking.deployment).or_else(|| {
            if drill.verdict != PASSED {
                Some(format!("its verdict is {}", drill.verdict))
            } else if drill.commit.ends_with("+changes") || drill.commit == "unknown" {
                Some("its source is no commit that can be looked at".to_owned())
            } else {
                asking.is_too_old(drill.fault_at.as_deref())
            }
        });
        let other = drill.commit != asking.commit && left_out.is_none();
        let note = other.then(|| "its commit is not the one of this report".to_owned());
        Considered { drill, left_out, note }
    }

    /// Why it is of something else than this deployment in this environment; `None` where it is not.
    fn not_of(&self, deployment: &Deployment) -> Option<String> {
        let drill = self.identity();
        let environment = self.report["deployment_environment"].as_str();
        if drill.deployment != deployment.name {
            Some(format!("it is a drill of {}", drill.deployment))
        } else if environment != Some(&deployment.environment) {
            Some(format!("it is a drill of {}", environment.unwrap_or("an environment that it does not say")))
        } else {
            None
        }
    }
}

/// What drills are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The deployment, in one environment.
    pub deployment: &'a Deployment,
    /// Commit that this report is made with.
    pub commit: &'a str,
    /// Day of this report, such as `2026-11-20`, in UTC.
    pub date: &'a str,
}

impl Asking<'_> {
    /// Standards ask for a drill every year: an older one, or one that says no time, shows nothing of today.
    fn is_too_old(&self, fault_at: Option<&str>) -> Option<String> {
        let Some(at) = fault_at else { return Some("it says no time".to_owned()) };
        let (year, rest) = self.date.split_once('-')?;
        let year_ago = format!("{:04}-{rest}", year.parse::<u32>().ok()?.saturating_sub(1));
        (at < year_ago.as_str()).then(|| "it is more than a year old".to_owned())
    }
}

/// The verdict of a drill in which all held.
const PASSED: &str = "passed";

/// A drill that failed, and after which none of the same scenario has passed.
fn not_made_good(drills: &[&Drilled], asking: Asking<'_>) -> Option<String> {
    let failed = drills.iter().find(|failed| {
        let begun = failed.report["fault_at"].as_str();
        let made_good = drills.iter().any(|later| {
            later.report["scenario"] == failed.report["scenario"]
                && later.consider(asking).left_out.is_none()
                && later.report["fault_at"].as_str() > begun
        });
        failed.report["verdict"] != PASSED && !made_good
    })?;
    Some(format!("{}: its verdict is {}", failed.file, failed.identity().verdict))
}

impl Asked {
    /// The figures that show it, one for each drill that does.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(&self, drills: &[Drilled], asking: Asking<'_>) -> Result<Vec<Figure>, String> {
        let meant = |drill: &&Drilled| {
            let of_scenario =
                self.scenario.as_deref().is_none_or(|scenario| drill.report["scenario"] == scenario);
            of_scenario && drill.not_of(asking.deployment).is_none()
        };
        let meant: Vec<&Drilled> = drills.iter().filter(meant).collect();
        let mut figures = Vec::new();
        let mut against = not_made_good(&meant, asking);
        let counts = |drill: &&&Drilled| drill.consider(asking).left_out.is_none();
        for drill in meant.iter().filter(counts) {
            let surroundings = Surroundings { deployment: asking.deployment, region: "" };
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
