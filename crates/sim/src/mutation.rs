//! The protocol broken on purpose, so that those who judge can be judged. Tests only: a world outside of them
//! breaks nothing, whatever it is told.

/// One way to break the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests make one"))]
pub(crate) enum Mutation {
    /// The client hears yes before the journal has the order.
    AcknowledgeBeforeJournal,
    /// The database takes every write.
    NoFence,
    /// A replay begins at the take-over.
    ReplayWindowTooShort,
    /// A replay asks once more whether each order is to be taken.
    ReplayDecidesAgain,
    /// A challenger compares the wall clock of the last renewal with its own.
    LeaseByWallClock,
    /// A processor goes on under the lease that it once read.
    ServeAfterLease,
    /// `/health/serving` does not ask the lease.
    HealthWithoutLease,
    /// An order is settled whenever it is met.
    NoIdempotence,
    /// The database goes home whether or not it has everything there.
    FailbackWithoutCatchingUp,
    /// A session is served and written whatever its client has seen.
    SessionWithoutVersion,
}
