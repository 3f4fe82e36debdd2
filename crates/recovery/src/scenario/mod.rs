//! Scenarios: what happens to the two regions, and what must and must not follow.
//!
//! A scenario either takes a region away, and then the other one has to take over, or it leaves both and
//! harms the containers of one, and then nothing may move. As TOML, with every field:
//!
//! ```toml
//! name = "zone-lost"            # on the command line
//! summary = "one line"          # for the list
//! must = ["prose for people"]   # nobody reads it to judge a run
//! must_not = ["the same"]
//! cloudwatch_minute_s = 20      # optional, 5 to 60: a minute of CloudWatch's, for scaling; 60 in AWS
//!
//! [load]
//! steady_s = 25                 # load before the first fault
//! after_recovery_s = 20         # load after all is well again
//! limit_s = 150                 # longest wait for that
//!
//! [replication]
//! wal_delay_ms = 2000           # the database's replication runs so far behind
//! session_lag_ms = 500          # and the session table's
//!
//! [[fault]]                     # none in a burst
//! at_s = 0                      # after the steady phase
//! region = "home"
//! kind = "zone_lost"            # or lost, task_killed, bad_deployment
//! service = "orders-service"    # whose task or revision it is; with task_killed and bad_deployment
//! zone = 2                      # from 1; with zone_lost
//!
//! [burst]                       # optional
//! times = 10                    # as many orders as the steady load
//! for_s = 240                   # for so long, from the end of the steady phase
//! ```

mod rules;

use serde::{Deserialize, Serialize};

use crate::deployment::{Deployment, Profile};

/// Seconds of a minute of CloudWatch's, in AWS.
pub const CLOUDWATCH_MINUTE_S: u64 = 60;
/// The services whose tasks a fault may harm, by the names of their binaries.
pub const SERVICES: [&str; 2] = ["orders-service", "orders-worker"];

/// One scenario, as its TOML file says. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name on the command line.
    pub name: String,
    /// One line for the list.
    pub summary: String,
    /// What has to happen, in words: for people. Nothing reads it to judge a run; the
    /// [verdict](crate::verdict) has invariants of its own.
    pub must: Vec<String>,
    /// What must never happen, in words: for people, like `must`.
    pub must_not: Vec<String>,
    /// Seconds that a minute of CloudWatch's takes, by which autoscaling decides; a rehearsal that
    /// cannot wait makes it shorter, and its report says so.
    #[serde(default = "cloudwatch_minute_s", skip_serializing_if = "is_cloudwatch_minute")]
    pub cloudwatch_minute_s: u64,
    /// How long load runs before and after.
    pub load: LoadPhases,
    /// How far replication runs behind.
    pub replication: Replication,
    /// What is done to the regions, in order of time.
    #[serde(rename = "fault", default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Load far beyond the steady one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
}

/// Load far beyond the steady one, for a while from the end of the steady phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// So many times the orders of the steady load.
    pub times: u32,
    /// For so many seconds.
    pub for_s: u64,
}

fn cloudwatch_minute_s() -> u64 {
    CLOUDWATCH_MINUTE_S
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_cloudwatch_minute(seconds: &u64) -> bool {
    *seconds == CLOUDWATCH_MINUTE_S
}

/// Durations of the phases of load, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LoadPhases {
    /// Load before the first fault.
    pub steady_s: u64,
    /// Load after the recovery has been observed.
    pub after_recovery_s: u64,
    /// Longest time after the first fault that a recovery is waited for.
    pub limit_s: u64,
}

/// Lag of the asynchronous replications, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// Of the database's write-ahead log.
    pub wal_delay_ms: u64,
    /// Of the session table.
    pub session_lag_ms: u64,
}

/// One injected failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Seconds after the end of the steady phase.
    pub at_s: u64,
    /// Which region it strikes.
    pub region: Place,
    /// What it does.
    pub kind: FaultKind,
    /// The service that it harms, by the name of its binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The zone that it takes away, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<u32>,
}

/// A region by its place in the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The region the deployment prefers as primary.
    Home,
    /// The other one.
    Standby,
}

/// What a fault does to a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Every call is refused, the database is killed, the functions are cut off.
    Lost,
    /// One task of a service ends at once, as in a crash.
    TaskKilled,
    /// A revision of a service that is never found healthy is rolled out.
    BadDeployment,
    /// Every task in a zone falls silent, and none can be started there.
    ZoneLost,
}

impl FaultKind {
    /// Whether it takes the region away, so that the other one has to take over.
    pub fn loses_the_region(self) -> bool {
        self == Self::Lost
    }
}

/// A scenario that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScenario {
    /// Not TOML, or not of the scenario's form; the message names line and column.
    #[error("{file}:{line}:{column}: {reason}")]
    Form {
        /// File the text came from.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Well formed, and yet not to be run.
    #[error("{file}: {reason}")]
    Meaning {
        /// File the text came from.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

impl Scenario {
    /// Reads a scenario; `file` is only named in errors.
    pub fn parse(text: &str, file: &str) -> Result<Self, InvalidScenario> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            InvalidScenario::Form {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
                reason: error.message().to_owned(),
            }
        })?;
        scenario.check().map_err(|reason| InvalidScenario::Meaning { file: file.to_owned(), reason })?;
        Ok(scenario)
    }

    /// Whether a region is lost, so that the other one has to take over; otherwise nothing may move.
    pub fn loses_a_region(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind.loses_the_region())
    }

    /// Whether it can be run on a deployment at all.
    ///
    /// # Errors
    /// When it is about containers and the deployment has none.
    pub fn fits(&self, deployment: &Deployment) -> Result<(), Misfit> {
        let about_containers = self.burst.is_some() || !self.loses_a_region();
        if about_containers && deployment.compute.profile != Profile::Containers {
            let (scenario, deployment) = (self.name.clone(), deployment.name.clone());
            return Err(Misfit { scenario, deployment });
        }
        Ok(())
    }
}

/// A scenario about containers, on a deployment that has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scenario {scenario} is about containers, and {deployment} runs functions")]
pub struct Misfit {
    /// The scenario.
    pub scenario: String,
    /// The deployment.
    pub deployment: String,
}

#[cfg(test)]
mod tests;
