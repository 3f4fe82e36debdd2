//! A gateway per region: every call of that region's functions, clients and
//! probes goes through it, and a fault is applied here and nowhere else.
//!
//! Each region has six faces on its own loopback address, on the same ports in
//! every region: `aws`, `edge` and `db`, the way from inside to its own edge
//! (`own_edge`), which is there when its callers are cut off, and the ways to
//! its peer (`peer_edge`, `peer_db`), so that a dead or cut-off region cannot
//! reach the peer either. Start reading at [`Gateway::start`], then `aws`.

mod aws;
pub mod balancer;
mod containers;
mod count;
mod database;
mod door;
mod edge;
mod face;
mod fault;
mod lease;
mod passage;
mod port;
mod refusal;
mod replication;
mod scope;
mod throttle;
mod upstream;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use recovery::Region;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use balancer::{Balancer, BalancerCounts};
pub use containers::ContainerApi;
pub use count::{FaceCounts, RegionCounts};
pub use fault::{Condition, Denied, Fault, FaultState, Faults, Outside};
pub use lease::{LeaseItem, LeaseWrite};
pub use port::Ports;

use count::RegionCount;
use database::Target;
use lease::LeaseWrites;
use throttle::Throttle;
use upstream::Upstream;

/// Why no gateway could be started.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Six free ports could not be found.
    #[error("no six ports are free on all of {addresses:?}")]
    NoPorts {
        /// Where they were looked for.
        addresses: Vec<Ipv4Addr>,
    },
    /// A port that was free a moment ago is taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The control plane of the database, answered by its stand-in instead of the emulator.
#[async_trait::async_trait]
pub trait DatabaseApi: Send + Sync {
    /// Answers one RDS call that arrived for `region`: `form` is its
    /// `application/x-www-form-urlencoded` body; returns HTTP status and XML.
    async fn call(&self, region: &Region, form: &[u8]) -> (u16, String);
}

/// One region of the pair.
#[derive(Clone, Debug)]
pub struct RegionAddress {
    /// The region.
    pub region: Region,
    /// Its loopback address.
    pub address: Ipv4Addr,
    /// The name that always means it.
    pub host: String,
}

/// What the gateways need to know.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// The pair, home first.
    pub regions: [RegionAddress; 2],
    /// The third voter; the emulator keeps the strongly consistent table in its scope.
    pub witness: Region,
    /// The name that clients use.
    pub public_host: String,
    /// The strongly consistent table.
    pub journal_table: String,
    /// The eventual global table.
    pub sessions_table: String,
    /// Where the emulator listens.
    pub emulator: SocketAddr,
    /// How long a session write takes to the peer.
    pub replication_lag: Duration,
    /// Ports, as [`Ports::find`] gave them.
    pub ports: Ports,
    /// Decides which requests a dropping region drops.
    pub seed: u64,
}

struct RegionState {
    at: RegionAddress,
    count: Arc<RegionCount>,
    balancer: Arc<OnceLock<Balancer>>,
    target: Target,
    throttle: Throttle,
}

/// Both regions' gateways. Dropping it closes every face.
pub struct Gateway {
    ports: Ports,
    faults: Faults,
    database: Arc<OnceLock<Arc<dyn DatabaseApi>>>,
    containers: Arc<OnceLock<Arc<dyn ContainerApi>>>,
    lease_writes: LeaseWrites,
    regions: [RegionState; 2],
    /// Held so that every face closes with the gateway.
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Opens all faces of both regions. The database faces refuse until [`Gateway::lead_database`].
    pub async fn start(options: GatewayOptions, faults: Faults) -> Result<Self, GatewayError> {
        let regions = options.regions.clone().map(|at| RegionState {
            at,
            count: Arc::default(),
            balancer: Arc::default(),
            target: Target::new(None),
            throttle: Throttle::new(),
        });
        let mut gateway = Self {
            ports: options.ports,
            faults,
            database: Arc::default(),
            containers: Arc::default(),
            lease_writes: LeaseWrites::default(),
            regions,
            tasks: JoinSet::new(),
        };
        let upstream = Upstream::new(options.emulator);
        let replications = gateway.replicate(&options, &upstream);
        for here in 0..2 {
            gateway.open_aws(&options, here, &upstream, &replications).await?;
            gateway.open_edge(&options, here, &upstream).await?;
            gateway.open_database(&options, here).await?;
        }
        Ok(gateway)
    }

    /// The ports of every face.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// What is broken; inject and lift through it.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Where RDS calls go. The first answer stays.
    pub fn answer_database_calls(&self, api: Arc<dyn DatabaseApi>) {
        if self.database.set(api).is_err() {
            tracing::debug!("the database stand-in is set already");
        }
    }

    /// Where ECS calls go; without it they go to the emulator. The first answer stays.
    pub fn answer_container_calls(&self, api: Arc<dyn ContainerApi>) {
        if self.containers.set(api).is_err() {
            tracing::debug!("the container stand-in is set already");
        }
    }

    /// From now on a load balancer stands at the region's edge, and no longer what leads to its
    /// functions. The first one stays.
    pub fn balance(&self, region: &Region, balancer: Balancer) {
        if let Some(state) = self.regions.iter().find(|state| state.at.region == *region) {
            let _ = state.balancer.set(balancer);
        }
    }

    /// Leads a region's database face to `target`, resetting open connections; None refuses.
    pub fn lead_database(&self, region: &Region, target: Option<SocketAddr>) {
        if let Some(state) = self.regions.iter().find(|state| state.at.region == *region) {
            state.target.send_replace(target);
        }
    }

    /// From now on a region's database face leads wherever `addresses` says last.
    pub fn follow_database(&mut self, region: &Region, mut addresses: watch::Receiver<Option<SocketAddr>>) {
        let Some(state) = self.regions.iter().find(|state| state.at.region == *region) else { return };
        let target = state.target.clone();
        target.send_replace(*addresses.borrow_and_update());
        self.tasks.spawn(async move {
            while addresses.changed().await.is_ok() {
                target.send_replace(*addresses.borrow_and_update());
            }
        });
    }

    /// Changes of the lease that the strongly consistent table confirmed, but for the first `count`.
    #[must_use]
    pub fn lease_writes(&self, count: usize) -> Vec<LeaseWrite> {
        self.lease_writes.since(count)
    }

    /// What passed through a region since the start; None for a region that is not of the pair.
    #[must_use]
    pub fn counts(&self, region: &Region) -> Option<RegionCounts> {
        self.regions.iter().find(|state| state.at.region == *region).map(|state| state.count.read())
    }
}
