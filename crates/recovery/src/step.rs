//! The actions of the recovery workflows: what each step is given and what it returns.
//!
//! The state machine passes these as JSON to the `recovery-step` function.

use serde::{Deserialize, Serialize};

use crate::{Epoch, Lease, Region};

/// What every step of one execution knows; the input of the state machine. A planned move has the context of
/// the recovery that brought the lease to where it is, for it runs under the same lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Epoch under which the surviving region recovers, and owns the lease until it goes home.
    pub epoch: Epoch,
    /// Region that recovers: the one the workflow runs in.
    pub region: Region,
    /// Region that was lost. In a failback this is home, which is back, and in a switchover on demand the other
    /// one, which was never lost.
    pub lost_region: Region,
    /// Why the lease was taken, in words, with the figures.
    pub evidence: String,
    /// Milliseconds since the Unix epoch at which the lease was taken.
    pub taken_at_ms: u64,
    /// Whether people asked for the move: then it leads to the other region, home or not, and waits for no
    /// cooldown and no dwell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_demand: bool,
}

impl Context {
    /// The context of the recovery that a lease asks for. The same lease always gives the
    /// same context, so an execution can be started again without harm.
    pub fn of(lease: &Lease, lost_region: &Region) -> Self {
        Self {
            epoch: lease.epoch,
            region: lease.owner.clone(),
            lost_region: lost_region.clone(),
            evidence: lease.evidence.clone(),
            taken_at_ms: lease.moved_at_ms,
            on_demand: false,
        }
    }

    /// The same for a move that people ask for.
    #[must_use]
    pub fn on_demand(self) -> Self {
        Self { on_demand: true, ..self }
    }
}

/// Input of the `recovery-step` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What to do.
    pub action: Action,
    /// For which recovery.
    pub context: Context,
    /// Where a paged action goes on; absent at its first call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// What failed; for [`Action::Escalate`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// A failed step, as Step Functions hands it to whoever catches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Failure {
    /// Name of the error, such as [`error::NOT_OWNER`].
    pub error: String,
    /// The error as the function reported it, in JSON or in words.
    #[serde(default)]
    pub cause: String,
}

/// One step of a workflow. Each may be killed and run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Verify that the lease is this region's, and note whether the lost region answers its callers.
    ConfirmOutage,
    /// Verify by a strong read that this region owns the lease under this epoch.
    OwnLease,
    /// Call `FailoverGlobalCluster` with data loss allowed, unless done already.
    PromoteDatabase,
    /// Fail with `NotYet` until the database takes writes.
    AwaitWriter,
    /// Raise the fence in the database to this epoch.
    RaiseFence,
    /// Bring compute to the size recovery needs.
    PrepareCompute,
    /// Fail with `NotYet` until this region's own API is ready.
    VerifyCompute,
    /// Update the failover records, best effort.
    SteerTraffic,
    /// Fail with `NotYet` until the public name resolves to this region.
    VerifyTraffic,
    /// Settle one page of journal entries that the promoted database lacks.
    ReplayJournal,
    /// Let the processors settle: the lease goes from `recovering` to `serving`.
    EnableSettlement,
    /// Place a synthetic order through this region's own name and see it settled.
    ValidateSettlement,
    /// Place a synthetic order through the public name and see it settled.
    ValidateEndToEnd,
    /// Record the outcome and announce it.
    Announce,
    /// Tell whoever subscribes to the alerts that a step failed for good.
    Escalate,
    /// Fail with `NotYet` unless home has been well for the dwell and is so now.
    ConfirmHome,
    /// Fail with `NotYet` until home's database follows this region's.
    AwaitRejoin,
    /// Fail with `NotYet` until home's database is behind by less than the bound.
    AwaitLag,
    /// Compare one page of the journal with the database, and in a failback with home's; fail on differences
    /// that nothing explains.
    CompareJournal,
    /// Stop settlement: the lease goes from `serving` to `draining`.
    Drain,
    /// Fail with `NotYet` until nothing is settled any more and home's database has everything.
    AwaitDrained,
    /// Call `SwitchoverGlobalCluster`, unless done already.
    SwitchOver,
    /// Fail with `NotYet` until home's database takes writes.
    AwaitHomeWriter,
    /// Give the lease to home, under the next epoch.
    HandOverLease,
    /// Fail with `NotYet` until home has recovered under its epoch and serves.
    AwaitHomeServing,
    /// Announce that the system is at home again.
    AnnounceFailback,
    /// Settle here again, unless the database has moved.
    UndoDrain,
    /// Tell whoever subscribes to the alerts that a failback has stopped.
    EscalateFailback,
}

/// What a step returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The step that ran.
    pub action: Action,
    /// False while a paged action has more to do.
    pub done: bool,
    /// Where it goes on; `null` when there is no more, for the workflow always reads it.
    #[serde(default)]
    pub cursor: Option<String>,
    /// What was found or done, for people.
    pub detail: String,
    /// Orders this page settled.
    #[serde(default)]
    pub replayed: u64,
}

/// The events that a recovery puts on its region's bus.
pub mod event {
    /// `source` of every event.
    pub const SOURCE: &str = "standfast";
    /// `detail-type` when a recovery has been validated.
    pub const RECOVERED: &str = "recovery completed";
    /// `detail-type` when a step failed for good.
    pub const ESCALATED: &str = "recovery escalated";
    /// `detail-type` when a preflight has found gaps that the one before had not.
    pub const PREFLIGHT_FAILED: &str = "preflight failed";
    /// `detail-type` when a preflight finds no gap any more.
    pub const PREFLIGHT_PASSED: &str = "preflight passed";
    /// `detail-type` when a reconciliation has found differences that nothing explains, and other ones than
    /// the one before.
    pub const DIFFERENCES_FOUND: &str = "differences unexplained";
    /// Types that the other region keeps a record of, for the region of an event may be the next to
    /// fall.
    pub const CRITICAL: [&str; 8] = [
        RECOVERED,
        ESCALATED,
        PREFLIGHT_FAILED,
        FAILED_BACK,
        FAILBACK_ESCALATED,
        SWITCHED_OVER,
        SWITCHOVER_ESCALATED,
        DIFFERENCES_FOUND,
    ];
    /// `detail-type` when the system is at home again.
    pub const FAILED_BACK: &str = "failback completed";
    /// `detail-type` when a failback has stopped.
    pub const FAILBACK_ESCALATED: &str = "failback escalated";
    /// `detail-type` when a switchover that people asked for is over.
    pub const SWITCHED_OVER: &str = "switchover completed";
    /// `detail-type` when one has stopped.
    pub const SWITCHOVER_ESCALATED: &str = "switchover escalated";
}

/// Error names that the workflows' retries and catches match.
pub mod error {
    /// Not so far yet: retry until the state's own limit.
    pub const NOT_YET: &str = "NotYet";
    /// The lease belongs to somebody else: stop, change nothing.
    pub const NOT_OWNER: &str = "NotOwner";
    /// The outage cannot be confirmed: stop, change nothing.
    pub const NOT_CONFIRMED: &str = "NotConfirmed";
    /// The database has gone home: what would undo the failback comes too late.
    pub const MOVED: &str = "DatabaseMoved";
    /// The input is no request, or asks for what cannot be: stop, for it stays so.
    pub const INVALID: &str = "InvalidRequest";
    /// A call failed in a way that may pass: retry with backoff.
    pub const TRANSIENT: &str = "Transient";
}
