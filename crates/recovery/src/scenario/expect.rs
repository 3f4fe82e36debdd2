//! What has to follow from the faults, beside what holds of every run.

use serde::{Deserialize, Serialize};

/// What the verdict checks beside the invariants that hold of every run. A field that is absent is not
/// checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What becomes of the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseExpected>,
    /// What becomes of orders at the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedExpected>,
    /// What becomes of settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledExpected>,
    /// A failback completes under load, loses nothing, and nobody waits for longer than a client's retries
    /// cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_home: Option<bool>,
    /// The fence refused at least one write of the old owner; a run in which it did not proved nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes_refused: Option<bool>,
    /// The other region's sentinel says that it holds, with this in its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_because: Option<String>,
    /// People are told: the type of an event that reached the alerts, or the name of an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
}

/// What becomes of the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseExpected {
    /// The other region takes it under a higher epoch.
    Moves,
    /// Owner and epoch stay.
    Stays,
    /// Either is right.
    MayMove,
}

/// What becomes of orders at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedExpected {
    /// Within the objectives, counted from the fault.
    Again,
    /// All the time: nobody waits for longer than a client's retries cover.
    Always,
    /// Seen refused while the fault lasts, then accepted again.
    Refused,
}

/// What becomes of settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettledExpected {
    /// Within the objective, counted from the fault, or from its end where the lease stays.
    Again,
}

impl Expect {
    /// What is meant when a scenario does not say: a lost region has to be left, anything else must move
    /// nothing.
    pub fn of(loses_a_region: bool) -> Self {
        let (lease, accepted) = if loses_a_region {
            (LeaseExpected::Moves, Some(AcceptedExpected::Again))
        } else {
            (LeaseExpected::Stays, None)
        };
        Self { lease: Some(lease), accepted, settled: Some(SettledExpected::Again), ..Self::default() }
    }
}
