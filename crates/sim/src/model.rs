//! What a deployment is to the simulator: its timings, prepared once and shared by all trials.

use std::time::Duration;

use recovery::lease::{Failback, Timing};
use recovery::{Deployment, Region};

use crate::agenda::{MS, S, Us};
use crate::workflow::Workflows;

/// A deployment, prepared for trials.
#[derive(Debug)]
pub struct Model {
    pub(crate) regions: [Region; 2],
    pub(crate) timing: Timing,
    pub(crate) failback: Failback,
    pub(crate) schedule: Us,
    pub(crate) watch: Us,
    pub(crate) probe_interval: Us,
    pub(crate) probe_failures: u32,
    pub(crate) replay_margin: Duration,
    pub(crate) record_ttl: Us,
    pub(crate) check_interval: Us,
    pub(crate) check_threshold: u32,
    pub(crate) lag_ms_max: u64,
    /// Microseconds that the replay of one minute of the journal takes.
    pub(crate) replay_minute: Us,
    /// How long clients keep a DNS answer at least.
    pub(crate) dns_cache: Us,
    pub(crate) workflows: Workflows,
    pub(crate) control_plane_of_dns: Option<usize>,
}

/// Orders that a replay settles in a second: what the recovery budget takes.
const REPLAYED_PER_SECOND: u64 = 1000;
/// Where Route 53's control plane is.
const DNS_CONTROL_PLANE: &str = "us-east-1";

/// Why a deployment cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A workflow is none that can be run.
    #[error("the {which} workflow cannot be interpreted")]
    Workflow {
        /// `failover` or `failback`.
        which: &'static str,
        /// Why.
        #[source]
        source: crate::workflow::Unprepared,
    },
}

impl Model {
    /// Prepares a deployment.
    ///
    /// # Errors
    /// When one of its workflows cannot be interpreted.
    pub fn new(deployment: &Deployment) -> Result<Self, ModelError> {
        let regions = [deployment.regions.home.clone(), deployment.regions.standby.clone()];
        let minute_of_orders = 60 * u64::from(deployment.load.orders_per_second);
        Ok(Self {
            timing: Timing::from(&deployment.lease),
            failback: Failback::from(&deployment.failback),
            schedule: deployment.sentinel.schedule_s * S,
            watch: deployment.sentinel.watch_s * S,
            probe_interval: deployment.sentinel.probe_interval_s * S,
            probe_failures: deployment.sentinel.probe_failures,
            replay_margin: Duration::from_secs(deployment.journal.replay_margin_s),
            record_ttl: deployment.domain.record_ttl_s * S,
            check_interval: deployment.health_check.interval_s * S,
            check_threshold: deployment.health_check.failure_threshold,
            lag_ms_max: deployment.failback.lag_ms_max,
            replay_minute: minute_of_orders * 1000 / REPLAYED_PER_SECOND * MS,
            dns_cache: 0,
            workflows: Workflows::of(deployment)?,
            control_plane_of_dns: regions.iter().position(|region| region.as_str() == DNS_CONTROL_PLANE),
            regions,
        })
    }
}
