//! What a client saw of one operation.

use std::sync::Mutex;

use recovery::Region;
use uuid::Uuid;

use super::held;

/// How a client finds a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientKind {
    /// Resolves the public name, honours its TTL and retries.
    FollowsDns,
    /// Knows both regional names and turns to the other at the first failure.
    KnowsBothRegions,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// A new order of this id.
    PlaceOrder(Uuid),
    /// A write to a session.
    WriteSession(String),
    /// A read of a session.
    ReadSession(String),
}

/// How it ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Done: for an order, acknowledged.
    Ok,
    /// A definite no, with its HTTP status: nothing was done.
    Refused(u16),
    /// No attempt ever reached a region: nothing was done.
    Failed,
    /// Some attempt may have been carried out.
    Unknown,
}

/// One operation from invocation to its end, retries included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who asked.
    pub client: ClientKind,
    /// For what.
    pub kind: OperationKind,
    /// First attempt, in milliseconds since the Unix epoch.
    pub invoked_ms: u64,
    /// When the client knew or gave up, in milliseconds since the Unix epoch.
    pub completed_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The region whose address gave the last answer.
    pub region: Option<Region>,
    /// Requests made.
    pub attempts: u32,
}

/// Every operation that has ended.
#[derive(Default)]
pub(super) struct History(Mutex<Vec<Operation>>);

impl History {
    pub(super) fn add(&self, operation: Operation) {
        held(&self.0).push(operation);
    }

    /// All of them in the order of invocation.
    pub(super) fn take(&self) -> Vec<Operation> {
        let mut operations = std::mem::take(&mut *held(&self.0));
        operations.sort_by_key(|operation| operation.invoked_ms);
        operations
    }
}
