//! What a running drill tells whoever watches it.

use crate::report::Event;

/// What one region is doing now.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionSample {
    /// Name of the region.
    pub region: String,
    /// `primary`, `standby`, `lost`.
    pub role: String,
    /// Epoch the region owns, if it owns the lease.
    pub epoch: Option<u64>,
    /// Orders acknowledged by this region in the last second.
    pub orders_per_second: f64,
    /// Replication lag of its database in milliseconds, where it replicates.
    pub lag_ms: Option<u64>,
}

/// Receives narration. Calls come from one task at a time and must not block for long.
pub trait Progress: Send + Sync {
    /// The drill begins a new phase.
    fn phase(&self, text: &str);
    /// Something happened to the system under test. Its time is that of [`Progress::sample`].
    fn event(&self, event: &Event);
    /// How the regions are doing, about once a second. `at_s` counts from the fault; before there is
    /// one, from the moment that the stage was set.
    fn sample(&self, at_s: f64, regions: &[RegionSample]);
}
