//! What a drill found, as `standfast drill --output json` prints it.

use serde::{Deserialize, Serialize};

use crate::fleet::FleetReport;

/// The one object that a drill prints. Every figure in it was measured in this run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the deployment.
    pub deployment: String,
    /// Its environment; absent in reports of older versions.
    #[serde(default)]
    pub deployment_environment: Option<String>,
    /// Seed of the load.
    pub seed: u64,
    /// Commit of the source that ran, `unknown` outside a checkout.
    pub commit: String,
    /// When the fault struck, in UTC (RFC 3339); absent in reports of older versions.
    #[serde(default)]
    pub fault_at: Option<String>,
    /// What it ran on.
    pub environment: EnvironmentFacts,
    /// What the clients did.
    pub orders: Orders,
    /// How fast the system recovered; absent (null) when no region was lost, and nothing was to move.
    pub recovery: Option<Recovery>,
    /// What was lost.
    pub loss: Loss,
    /// Whether two writers ever met.
    pub fencing: Fencing,
    /// What clients saw of their sessions.
    pub sessions: Sessions,
    /// What became of the containers; absent where functions do their work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetReport>,
    /// What was seen while both regions stayed; absent when a region was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place: Option<InPlace>,
    /// What happened when; the fault is at 0.
    pub timeline: Vec<Event>,
    /// How the way home went; absent when the scenario does not go home.
    pub failback: Option<Failback>,
    /// What this machine could not exercise.
    pub not_exercised: Vec<String>,
    /// Whether everything held.
    pub verdict: Outcome,
    /// Why not, or what limits the proof.
    pub why: Vec<String>,
}

/// What a drill ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentFacts {
    /// Operating system and architecture.
    pub platform: String,
    /// Processors the drill may use.
    pub processors: usize,
    /// Emulator and its version.
    pub emulator: String,
    /// Database and its version.
    pub database: String,
    /// Build profile of the functions.
    pub profile: String,
    /// How far the database's replication ran behind, in milliseconds (set by the scenario).
    pub wal_delay_ms: u64,
    /// Orders per second that the load offered.
    pub orders_per_second: f64,
    /// The latest that an arrival of the load was sent after its time, in milliseconds.
    #[serde(default)]
    pub arrival_late_max_ms: u64,
}

/// Orders by what their clients were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Orders that arrived at a client.
    pub offered: u64,
    /// Orders the system acknowledged.
    pub acknowledged: u64,
    /// Orders that certainly did not happen: refused for good, or never sent.
    pub refused: u64,
    /// Orders whose client never learnt what became of them.
    pub unknown: u64,
}

/// Seconds from the fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// To the first acknowledgement for a client that follows DNS.
    pub accepted_again_s: Option<f64>,
    /// To the first acknowledgement for a client that knows both regions.
    pub accepted_again_two_endpoints_s: Option<f64>,
    /// To the first settlement of an order that was acknowledged after the fault.
    pub settled_again_s: Option<f64>,
    /// What the deployment file asks for of `accepted_again_s`.
    pub objective_s: u64,
    /// What it asks for of `settled_again_s`.
    pub settlement_objective_s: u64,
    /// Whether all of them kept to it.
    pub met: bool,
}

/// What was seen while both regions stayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InPlace {
    /// Changes of the lease's owner or epoch, of which there must be none.
    pub lease_moves: u64,
    /// Longest wait of a client that follows DNS for an acknowledgement, after what happened, in seconds.
    pub longest_wait_s: Option<f64>,
    /// The same of a client that knows both regions.
    pub longest_wait_two_endpoints_s: Option<f64>,
}

/// What was lost, counted in the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Settled orders that the dead database had and the promoted one did not.
    pub commits_lost_by_database: u64,
    /// Acknowledged orders that are nowhere in the surviving database.
    pub orders_lost: u64,
    /// Orders that were settled more than once.
    pub orders_settled_twice: u64,
    /// Orders and assets whose ledger does not sum to zero.
    pub ledger_imbalance: u64,
}

/// Whether an old owner ever wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fencing {
    /// Writes that the database refused because of their epoch.
    pub writes_refused: u64,
    /// Writes with an old epoch that reached the database after the fence was raised.
    pub writes_below_fence: u64,
    /// Most owners seen under one epoch.
    pub owners_per_epoch_max: u64,
}

/// What clients saw of their sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// Answers compared with the client's token.
    pub checked: u64,
    /// Answers older than the token.
    pub stale_served: u64,
    /// Sessions that were gone without a word.
    pub lost: u64,
}

/// One entry of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds from the fault; negative before it.
    pub at_s: f64,
    /// Region it happened in; absent when it has none.
    pub region: Option<String>,
    /// What happened, in a word.
    pub event: String,
    /// In words, with figures.
    pub detail: String,
}

/// The way home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failback {
    /// Seconds from the start of the move to the end of its validation.
    pub took_s: f64,
}

/// Whether everything held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Objectives met and nothing violated.
    Passed,
    /// Something was missed; `why` says what.
    Failed,
}
