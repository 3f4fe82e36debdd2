//! One line of a history file. `docs/history.md` describes each for those who write one.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Balance, DeadRow, FenceRow, LeaseSeen, Move, Operation, OutboxRow, SettledRow, exact};
use crate::Region;
use crate::deployment::Objectives;
use crate::verdict::Expectation;

/// The version of the format that is written, and the latest that is read.
pub const VERSION: u64 = 1;

/// The first line: what the history is of, and what it tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    pub version: u64,
    /// Who wrote it, such as `standfast drill`.
    pub source: String,
    /// What was run, for people; absent when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// What was promised; absent when only the invariants are to be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objectives: Option<Objectives>,
    /// [`Facts::clock_error_ms`](super::Facts::clock_error_ms).
    pub clock_error_ms: u64,
    /// [`Facts::writes_refused`](super::Facts::writes_refused).
    pub writes_refused: u64,
    /// Whether the balances of all accounts follow. If not, they were not looked at.
    pub balances: bool,
    /// Whether all rows of the outbox follow. If not, they were not looked at.
    pub outbox: bool,
}

/// Which run it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the deployment.
    pub deployment: String,
    /// Seed.
    pub seed: u64,
    /// Commit of the source that ran.
    pub commit: String,
}

/// Something that was done to the system, for people: the checker asks for no reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultTold {
    /// When it struck.
    pub at_ms: u64,
    /// Where; absent when it was nowhere in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What it was, in the words of scenarios or of whoever did it.
    pub kind: String,
    /// When it ended; absent when it stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
}

/// What the legs of an asset add up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerSum {
    pub(super) asset: String,
    #[serde(with = "exact")]
    pub(super) sum: Decimal,
}

/// The last line. A file without it was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// Lines before this one that are not empty.
    pub(super) records: u64,
}

/// Any line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(super) enum Record<'a> {
    History(Cow<'a, Header>),
    Operation(Cow<'a, Operation>),
    Settled(Cow<'a, SettledRow>),
    Ledger(LedgerSum),
    Balance(Cow<'a, Balance>),
    Outbox(OutboxRow),
    Dead(DeadRow),
    Fence(FenceRow),
    Lease(Cow<'a, LeaseSeen>),
    Move(Cow<'a, Move>),
    Fault(Cow<'a, FaultTold>),
    Expectation(Cow<'a, Expectation>),
    End(End),
}
