//! A gateway per region: every call of that region's functions, clients and
//! probes goes through it, and a fault is applied here and nowhere else.
//!
//! Each region has five faces on its own loopback address, on the same ports in
//! every region: `aws`, `edge` and `db`, and the ways from inside the region to
//! its peer (`peer_edge`, `peer_db`), so that a dead or cut-off region cannot
//! reach the peer either. Start reading at [`Gateway::start`], then `aws`.

mod aws;
mod count;
mod database;
mod door;
mod edge;
mod fault;
mod passage;
mod port;
mod replication;
mod scope;
mod upstream;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use recovery::Region;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use count::{FaceCounts, RegionCounts};
pub use fault::{Condition, Fault, FaultState, Faults};
pub use port::Ports;

use crate::seeded::Seeded;
use aws::AwsFace;
use count::RegionCount;
use database::Target;
use edge::EdgeFace;
use passage::Passage;
use replication::{Replication, Route};
use scope::Tables;
use upstream::Upstream;

/// How long the eventual global table lags: half of the usual second that AWS names as a bound.
pub const REPLICATION_LAG: Duration = Duration::from_millis(500);

/// Why no gateway could be started.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Five free ports could not be found.
    #[error("no five ports are free on all of {addresses:?}")]
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
    target: Target,
}

/// Both regions' gateways. Dropping it closes every face.
pub struct Gateway {
    ports: Ports,
    faults: Faults,
    database: Arc<OnceLock<Arc<dyn DatabaseApi>>>,
    regions: [RegionState; 2],
    _tasks: JoinSet<()>,
}

impl Gateway {
    /// Opens all faces of both regions. The database faces refuse until [`Gateway::lead_database`].
    pub async fn start(options: GatewayOptions, faults: Faults) -> Result<Self, GatewayError> {
        let regions = options.regions.clone().map(|at| RegionState {
            at,
            count: Arc::default(),
            target: Target::new(None),
        });
        let mut gateway =
            Self { ports: options.ports, faults, database: Arc::default(), regions, _tasks: JoinSet::new() };
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

    /// Leads a region's database face to `target`, resetting open connections; None refuses.
    pub fn lead_database(&self, region: &Region, target: Option<SocketAddr>) {
        if let Some(state) = self.regions.iter().find(|state| state.at.region == *region) {
            state.target.send_replace(target);
        }
    }

    /// What passed through a region since the start; None for a region that is not of the pair.
    #[must_use]
    pub fn counts(&self, region: &Region) -> Option<RegionCounts> {
        self.regions.iter().find(|state| state.at.region == *region).map(|state| state.count.read())
    }

    fn replicate(&mut self, options: &GatewayOptions, upstream: &Upstream) -> Arc<[(Region, Replication)]> {
        let mut replications = Vec::with_capacity(2);
        for here in 0..2 {
            let from = self.regions[here].at.region.clone();
            let route = Route {
                from: from.clone(),
                to: self.regions[1 - here].at.region.clone(),
                table: options.sessions_table.clone(),
                upstream: upstream.clone(),
                faults: self.faults.clone(),
                count: Arc::clone(&self.regions[here].count),
            };
            let (replication, worker) = Replication::new(options.replication_lag, route);
            self._tasks.spawn(worker);
            replications.push((from, replication));
        }
        replications.into()
    }

    async fn open_aws(
        &mut self,
        options: &GatewayOptions,
        here: usize,
        upstream: &Upstream,
        replications: &Arc<[(Region, Replication)]>,
    ) -> Result<(), GatewayError> {
        let state = &self.regions[here];
        let face = AwsFace {
            region: state.at.region.clone(),
            witness: options.witness.clone(),
            peer: self.regions[1 - here].at.region.clone(),
            tables: Arc::new(Tables {
                journal: options.journal_table.clone(),
                sessions: options.sessions_table.clone(),
            }),
            upstream: upstream.clone(),
            faults: self.faults.clone(),
            database: Arc::clone(&self.database),
            replications: Arc::clone(replications),
            count: Arc::clone(&state.count),
        };
        let (listener, passage) = self.door(options, here, self.ports.aws, 1).await?;
        self._tasks.spawn(door::attend(listener, face.region.clone(), self.faults.clone(), move |connection| {
            let (face, passage) = (face.clone(), passage.clone());
            async move { upstream::serve(connection, passage, |parts, body| face.answer(parts, body)).await }
        }));
        Ok(())
    }

    /// The region's own edge, and the way to it from inside the peer.
    async fn open_edge(
        &mut self,
        options: &GatewayOptions,
        here: usize,
        upstream: &Upstream,
    ) -> Result<(), GatewayError> {
        for from in [here, 1 - here] {
            let state = &self.regions[here];
            let face = EdgeFace {
                region: state.at.region.clone(),
                public_host: options.public_host.clone(),
                region_host: state.at.host.clone(),
                any_name: from != here,
                upstream: upstream.clone(),
                count: Arc::clone(&state.count),
            };
            let port = if from == here { self.ports.edge } else { self.ports.peer_edge };
            let (listener, _) = self.door(options, from, port, 2).await?;
            let passage = self.passage(options, here, 2);
            let (caller, faults) = (self.regions[from].at.region.clone(), self.faults.clone());
            self._tasks.spawn(door::attend(listener, caller.clone(), faults.clone(), move |connection| {
                let (face, passage) = (face.clone(), passage.clone());
                let (caller, faults) = (caller.clone(), faults.clone());
                async move {
                    let reset = connection.reset();
                    let called = face.region.clone();
                    let serving =
                        upstream::serve(connection, passage, |parts, body| face.answer(parts, body));
                    unless_apart(&faults, &caller, &called, reset, serving).await;
                }
            }));
        }
        Ok(())
    }

    async fn open_database(&mut self, options: &GatewayOptions, here: usize) -> Result<(), GatewayError> {
        for from in [here, 1 - here] {
            let port = if from == here { self.ports.db } else { self.ports.peer_db };
            let (listener, _) = self.door(options, from, port, 3).await?;
            let passage = self.passage(options, here, 3);
            let state = &self.regions[here];
            let (target, count) = (state.target.subscribe(), Arc::clone(&state.count));
            let (caller, faults) = (self.regions[from].at.region.clone(), self.faults.clone());
            self._tasks.spawn(door::attend(listener, caller.clone(), faults.clone(), move |connection| {
                let reset = connection.reset();
                let called = passage.region.clone();
                let carrying =
                    database::carry(connection, passage.clone(), target.clone(), Arc::clone(&count));
                let (caller, faults) = (caller.clone(), faults.clone());
                async move { unless_apart(&faults, &caller, &called, reset, carrying).await }
            }));
        }
        Ok(())
    }

    async fn door(
        &self,
        options: &GatewayOptions,
        here: usize,
        port: u16,
        purpose: u64,
    ) -> Result<(TcpListener, Passage), GatewayError> {
        let address = SocketAddr::from((self.regions[here].at.address, port));
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| GatewayError::Listen { address, source })?;
        Ok((listener, self.passage(options, here, purpose)))
    }

    fn passage(&self, options: &GatewayOptions, here: usize, purpose: u64) -> Passage {
        let stream = purpose * 2 + u64::try_from(here).expect("one of two regions");
        let seeded = Seeded::stream(options.seed, stream);
        Passage::new(self.regions[here].at.region.clone(), self.faults.clone(), seeded)
    }
}

/// Polls `work` until the two regions cannot reach each other; then resets its connection.
async fn unless_apart(
    faults: &Faults,
    caller: &Region,
    called: &Region,
    reset: door::Reset,
    work: impl Future<Output = ()>,
) {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        () = &mut work => {}
        () = faults.until(|state| !state.reaches(caller, called)) => reset.mark(),
    }
}
