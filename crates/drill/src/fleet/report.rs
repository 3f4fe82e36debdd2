//! What a fleet did, for the drill's report.

use serde::{Deserialize, Serialize};

/// The containers of both regions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetReport {
    /// Seconds that a minute of CloudWatch's took in this run; 60 in AWS.
    pub minute_s: f64,
    /// Every service of every region.
    pub services: Vec<ServiceReport>,
    /// Every change of size that a scaling policy asked for.
    pub decisions: Vec<ScalingDecision>,
}

/// One service at the end of a run. Restarts and rollouts are counted from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// Its region.
    pub region: String,
    /// Its name.
    pub service: String,
    /// Tasks that are wanted.
    pub desired: u32,
    /// Most tasks that were wanted at any time.
    pub desired_max: u32,
    /// Tasks that run.
    pub running: u32,
    /// Tasks that are well.
    pub healthy: u32,
    /// Fewest tasks that were well at any time from the steady phase on.
    pub healthy_min: u32,
    /// Tasks that were ever started.
    pub started: u32,
    /// Tasks that ended by themselves or failed their checks.
    pub failed: u32,
    /// Of these, tasks that were or are to be replaced.
    pub restarts: u32,
    /// Revisions that were rolled out on purpose.
    pub rollouts: u32,
    /// Rollouts that the circuit breaker took back.
    pub rollbacks: u32,
}

/// One change of size by a scaling policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalingDecision {
    /// Seconds from the fault, or from the burst; negative before it.
    pub at_s: f64,
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
    /// The policy that asked for it.
    pub policy: String,
    /// What the policy looks at: `cpu_percent` or `requests_per_target`.
    pub metric: String,
    /// What it was in the last minute.
    pub measured: f64,
    /// Where the policy wants it.
    pub target: f64,
    /// Tasks wanted before.
    pub from: u32,
    /// Tasks wanted from then on.
    pub to: u32,
}
