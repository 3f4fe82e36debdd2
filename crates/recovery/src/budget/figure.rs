//! Figures that no template holds, each with what it rests on.

use crate::lease::{LEASE_LIMIT, START_LIMIT, TICK};

/// Seconds within which an HTTP or HTTPS health check must have connected.
///
/// Source: Route 53 Developer Guide, "How Amazon Route 53 determines whether a health check is healthy".
pub(super) const CHECK_CONNECTS_S: u64 = 4;
/// Seconds after connecting within which the endpoint must have answered. Source: the same page.
pub(super) const CHECK_ANSWERS_S: u64 = 2;
/// Seconds until the checkers' findings are aggregated and the name servers answer by them. AWS publishes
/// no figure; ours.
pub(super) const AGGREGATION_S: u64 = 8;
/// TTL of an alias record, in seconds, whatever the record says: its target's. Source: Route 53 Developer
/// Guide, "Choosing between alias and non-alias records", for a load balancer.
pub(super) const ALIAS_TTL_S: u64 = 60;
/// Seconds a client takes to give its old connection up and to have a request answered by a new one.
pub(super) const RECONNECT_S: u64 = 5;
/// Seconds a client waits for an answer, and then turns to the other region.
pub(super) const REQUEST_S: u64 = 2;
/// Seconds a client pauses before its second attempt, rounded up.
pub(super) const PAUSE_S: u64 = 1;
/// Seconds by which a schedule's target may be called late.
///
/// Source: EventBridge Scheduler User Guide, "Schedule types": all schedules have a precision of 60 s.
pub const SCHEDULE_PRECISION_S: u64 = 60;
/// Seconds between two looks of a sentinel at the lease.
pub(super) const TICK_S: u64 = TICK.as_secs();
/// Seconds that a take-over may take: the limit of one call to the table, and that of starting the workflow.
pub(super) const TAKE_OVER_S: u64 = LEASE_LIMIT.as_secs() + START_LIMIT.as_secs();
/// Seconds for Aurora's managed failover. AWS says "in the order of minutes" (Aurora User Guide, "Using
/// switchover or failover in Amazon Aurora Global Database") and publishes no figure; this is our reading of it.
pub const AURORA_FAILOVER_S: u64 = 300;
/// Orders that a replay reads and settles in a second. The drill does about as many on two cores.
pub(super) const REPLAYED_PER_SECOND: u64 = 1000;
