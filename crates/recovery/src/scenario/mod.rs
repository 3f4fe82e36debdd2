//! Scenarios: what happens to the two regions, and what must and must not follow.
//!
//! As TOML, with every field:
//!
//! ```toml
//! name = "region-frozen"        # on the command line
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
//! wal_delay_back_ms = 200       # optional: the same while the standby is the writer
//! session_lag_ms = 500          # and the session table's
//!
//! [burst]                       # optional
//! times = 10                    # as many orders as the steady load
//! for_s = 240                   # for so long, from the end of the steady phase
//!
//! [hurry]                       # optional: waits of the deployment that a rehearsal makes shorter, and says so
//! cooldown_s = 20               # instead of lease.cooldown_s
//! dwell_s = 15                  # instead of failback.dwell_s
//! database_patience_s = 20      # instead of lease.database_patience_s
//!
//! [clients]                     # optional
//! dns_cache_s = 300             # clients that follow DNS keep an answer so long, whatever its TTL says
//!
//! [[fault]]                     # none in a burst
//! at_s = 0                      # after the steady phase; or instead:
//! during = "failover:ReplayJournal" # strikes when this step of that workflow (failover or failback) begins
//! for_s = 60                    # optional: ends after so long; without it, it stays; or instead:
//! until = "recovered"           # ends when orders are accepted and settled again
//! times = 3                     # optional, with every_s: strikes again and again
//! every_s = 60                  # from one beginning to the next, longer than for_s
//! region = "home"               # home, standby or both
//! kind = "frozen"               # what it does: see FaultKind
//! service = "orders-service"    # with task_killed and bad_deployment: whose task or revision it is
//! zone = 2                      # with zone_lost, from 1
//! share = 0.4                   # with errors: of the requests from outside
//! delay_ms = 5000               # with slow: of every answer to outside
//! ahead_s = 3600                # with clock_ahead
//! step = "PromoteDatabase"      # with step_killed; "each": every step of the workflow once
//!
//! [expect]                      # what the verdict checks beside the invariants; without it: see Scenario::expected
//! lease = "moves"               # moves, stays or may_move
//! accepted = "again"            # again (within the objectives), always (nobody waits for longer than a
//!                               # client's retries cover) or refused (seen refused, then again)
//! settled = "again"             # within the objective
//! goes_home = true              # a failback completes under load and loses nothing
//! writes_refused = true         # the fence refused a write of the old owner
//! held_because = "off"          # the other region's sentinel holds, with this in its reason
//! told = "recovery completed"   # an event of this type, or an alarm of this name, reached people
//! ```

mod error;
mod expect;
mod fault;
mod hurry;
mod kind;
mod rules;
mod step;

pub use error::{InvalidScenario, Misfit};
pub use expect::{AcceptedExpected, Expect, LeaseExpected, SettledExpected};
pub use fault::{Beginning, Fault, Place, Until};
pub use hurry::{Hurried, Hurry};
pub use kind::{FaultKind, Parameter};
pub use step::{KilledStep, NoSuchStep, WorkflowName, WorkflowStep};

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
    /// [verdict](crate::verdict) has invariants of its own, and `expect` says what else it checks.
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
    /// Load far beyond the steady one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// Waits of the deployment that a rehearsal makes shorter.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hurry: Hurry,
    /// How clients are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub clients: Clients,
    /// What is done to the regions.
    #[serde(rename = "fault", default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What has to follow; read it through [`Scenario::expected`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
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

/// How clients are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Seconds for which a client that follows DNS keeps an answer, whatever its TTL says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_cache_s: Option<u64>,
}

fn cloudwatch_minute_s() -> u64 {
    CLOUDWATCH_MINUTE_S
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_cloudwatch_minute(seconds: &u64) -> bool {
    *seconds == CLOUDWATCH_MINUTE_S
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    /// Of the database's write-ahead log while home is the writer.
    pub wal_delay_ms: u64,
    /// The same while the standby is the writer; the same as the other way where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_delay_back_ms: Option<u64>,
    /// Of the session table.
    pub session_lag_ms: u64,
}

impl Replication {
    /// Of the write-ahead log while home is the writer, and while the standby is.
    pub fn wal_delays_ms(&self) -> [u64; 2] {
        [self.wal_delay_ms, self.wal_delay_back_ms.unwrap_or(self.wal_delay_ms)]
    }
}

impl Scenario {
    /// Reads a scenario; `file` is only named in errors.
    ///
    /// # Errors
    /// The first thing that is wrong with its form, with its place, or with its meaning.
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

    /// Whether a region is lost, so that the other one has to take over.
    pub fn loses_a_region(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind.loses_the_region())
    }

    /// What has to follow from it. Where the file does not say: the lease leaves a lost region, and orders
    /// are accepted and settled again within the objectives; with any other fault the lease stays.
    pub fn expected(&self) -> Expect {
        self.expect.clone().unwrap_or_else(|| Expect::of(self.loses_a_region()))
    }

    /// Whether it can be run on a deployment at all.
    ///
    /// # Errors
    /// When it is about containers and the deployment has none.
    pub fn fits(&self, deployment: &Deployment) -> Result<(), Misfit> {
        let scales = self.burst.is_some() && self.faults.is_empty();
        let about_containers = scales || self.faults.iter().any(|fault| fault.kind.is_about_containers());
        if about_containers && deployment.compute.profile != Profile::Containers {
            let (scenario, deployment) = (self.name.clone(), deployment.name.clone());
            return Err(Misfit { scenario, deployment });
        }
        Ok(())
    }
}

#[cfg(test)]
mod generated;
#[cfg(test)]
mod tests;
