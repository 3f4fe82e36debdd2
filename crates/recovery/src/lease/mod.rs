//! The lease: which region settles orders, under which epoch.
//!
//! One item in the strongly consistent table, changed only by compare-and-set
//! on its epoch, owner and version; every change raises its version. The
//! [`Owner`] keeps count of its renewals; the [`Challenger`]
//! watches the version with its own monotonic clock, so that no clocks are
//! compared; [`decide`] says what one tick of the sentinel does.
//!
//! Three things keep one owner per epoch and old owners harmless:
//! compare-and-set (a taken lease cannot be renewed by its old owner), the
//! margins (a lease expires only after its owner can no longer be sure of it),
//! and the [`Fence`], which stops an owner that was paused and has not noticed,
//! or one that was declared unfit while it still renewed.
//!
//! Nobody serves by a clock. What DNS asks, `/health/serving`, is a strong read
//! of the lease; a writer reads the lease anew before each batch, and the fence
//! judges what it writes. What a paused writer puts
//! into the database that was lost had been acknowledged before the lease
//! moved, so the replay, which begins after that, finds it in the journal.

mod challenger;
mod decision;
mod failback;
mod fence;
mod item;
mod owner;
mod timing;

pub use challenger::Challenger;
pub use decision::{Database, Decision, Observed, Probes, Readiness, View, decide};
pub use failback::{DRAIN_LIMIT, Failback, not_settling};
pub use fence::{Fence, Refused};
pub use item::{LEASE_KEY, Lease, LeaseState};
pub use owner::Owner;
pub use timing::{CLOCK_SLACK, LEASE_LIMIT, START_LIMIT, TICK, Timing};

#[cfg(test)]
mod interleavings;
