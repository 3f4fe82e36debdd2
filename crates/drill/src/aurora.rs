//! The stand-in for an Aurora global database: two real PostgreSQL servers with
//! asynchronous streaming between them, behind the RDS calls that recovery makes.
//!
//! The stream passes through a [`delay::DelayLine`], so the standby is behind by a
//! known time and what is in the line when the primary dies is really lost. A
//! promotion is a real `pg_promote`. As in Aurora's managed failover, nothing here
//! fences a writer that still lives: its writes must be refused by the epoch.
//!
//! Whoever was the writer before a failover comes back as Aurora brings it back: on a new volume, a copy of
//! the new writer's, as soon as no fault holds it ([`care`]). A switchover stops the writer in order, waits
//! until the other has everything, promotes it, and the old writer follows ([`movement`]).

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recovery::Region;
use recovery::names::Names;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::environment::Environment;
use crate::gateway::Faults;
use crate::owned::RunDirectory;
use crate::postgres::{Installation, PostgresError, Server, connect_string};
use delay::DelayLine;
use standing::{Member, Standing};

mod care;
pub mod delay;
mod hold;
mod movement;
mod rds;
mod standing;
mod xml;

/// What can go wrong with the pair.
#[derive(Debug, thiserror::Error)]
pub enum AuroraError {
    /// One of the servers failed.
    #[error(transparent)]
    Server(#[from] PostgresError),
    /// The delay line could not listen.
    #[error("cannot delay the replication stream")]
    Delay(#[source] std::io::Error),
    /// The region is not one of the pair.
    #[error("region `{0}` has no database cluster")]
    NoCluster(Region),
    /// The region's server was killed.
    #[error("the database of region `{0}` is down")]
    Down(Region),
    /// The region's server does not follow the writer, so it cannot become the writer without loss.
    #[error("the database of region `{0}` does not follow the writer")]
    NotConnected(Region),
    /// The writer is on its way already.
    #[error("the writer is on its way to region `{0}`")]
    Moving(Region),
}

/// Where a pair is put and how it behaves.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Home and standby region, each with the loopback address its server listens on.
    pub regions: [(Region, Ipv4Addr); 2],
    /// Computes the names of the clusters.
    pub names: Names,
    /// How far the other region is behind while this one is the writer, home first.
    pub lags: [Duration; 2],
    /// What keeps the two apart, beside a killed server.
    pub faults: Faults,
}

/// How far the standby is behind the writer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// Bytes of log that the writer has written and the standby has not applied.
    pub bytes: u64,
    /// Age in seconds of the newest commit that the standby has applied; `None` before the first.
    /// Grows also when nothing is written.
    pub newest_commit_age_s: Option<f64>,
}

/// The pair. Dropping it ends both servers.
#[derive(Debug)]
pub struct Aurora {
    pair: Arc<Pair>,
    /// Looks after the pair.
    caring: JoinHandle<()>,
}

#[derive(Debug)]
struct Pair {
    regions: [Region; 2],
    addresses: [Ipv4Addr; 2],
    lags: [Duration; 2],
    names: Names,
    faults: Faults,
    installation: Installation,
    run: Arc<RunDirectory>,
    /// Locked while a server starts, stops or is copied. Everything else goes by `standing`.
    servers: [tokio::sync::Mutex<Server>; 2],
    /// Old volumes of both regions, set aside for a verdict to read.
    wrecks: tokio::sync::Mutex<[Vec<Server>; 2]>,
    standing: Mutex<Standing>,
    stream: Mutex<Option<DelayLine>>,
    /// Where each region's endpoint leads.
    leads: [watch::Sender<Option<SocketAddr>>; 2],
    /// A switchover or a rebuild, of which one at a time runs; a killed server ends it.
    work: Mutex<Option<JoinHandle<()>>>,
}

impl Aurora {
    /// Makes the home region's server and a standby of it in the other region.
    ///
    /// # Errors
    /// When a server or the delay line cannot be made.
    pub async fn start(
        environment: &Environment,
        run: &Arc<RunDirectory>,
        placement: Placement,
    ) -> Result<Self, AuroraError> {
        let Placement { regions: [(home, home_address), (other, other_address)], names, lags, faults } =
            placement;
        let installation = Installation::prepare(environment, run)?;
        let primary = Server::create(&installation, run, &volume_name(&home, 1), home_address).await?;
        let stream = DelayLine::start(primary.address(), lags[0]).await.map_err(AuroraError::Delay)?;
        let name = volume_name(&other, 1);
        let through = stream.address();
        let standby =
            Server::base_backup_from(&primary, &installation, run, &name, other_address, through).await?;
        let member = |server: &Server| Member {
            address: server.address(),
            up: true,
            lost: false,
            held: false,
            diverged: false,
        };
        let members = [member(&primary), member(&standby)];
        let leads = members.map(|member| watch::Sender::new(Some(member.address)));
        let pair = Arc::new(Pair {
            regions: [home, other],
            addresses: [home_address, other_address],
            lags,
            names,
            faults,
            installation,
            run: Arc::clone(run),
            servers: [primary, standby].map(tokio::sync::Mutex::new),
            wrecks: tokio::sync::Mutex::default(),
            standing: Mutex::new(Standing { writer: 0, members, connected: true, moving: None }),
            stream: Mutex::new(Some(stream)),
            leads,
            work: Mutex::default(),
        });
        Ok(Self { caring: tokio::spawn(care::look_after(Arc::downgrade(&pair))), pair })
    }

    /// Where the region's server listens.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub fn address(&self, region: &Region) -> Result<SocketAddr, AuroraError> {
        let index = self.pair.index(region)?;
        Ok(self.pair.standing().members[index].address)
    }

    /// Where the region's endpoint leads from now on; nowhere while its server is killed.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub fn leads(&self, region: &Region) -> Result<watch::Receiver<Option<SocketAddr>>, AuroraError> {
        Ok(self.pair.leads[self.pair.index(region)?].subscribe())
    }

    /// A connection string for the region's server, past every gateway.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub fn connect_string(&self, region: &Region) -> Result<String, AuroraError> {
        Ok(connect_string(self.address(region)?))
    }

    /// The region that the global cluster calls its writer, alive or not.
    pub fn region_writer(&self) -> Region {
        self.pair.regions[self.pair.standing().writer].clone()
    }

    /// Whether the region's server was killed and has not come back.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub fn is_alive(&self, region: &Region) -> Result<bool, AuroraError> {
        let index = self.pair.index(region)?;
        Ok(self.pair.standing().members[index].up)
    }

    /// Whether the region that is not the writer's follows it.
    pub fn is_connected(&self) -> bool {
        let standing = self.pair.standing();
        standing.connected && standing.moving.is_none()
    }

    /// The region whose server has ended although nobody ended it, and its log file.
    pub fn ended(&self) -> Option<(Region, PathBuf)> {
        let standing = self.pair.standing().clone();
        let well =
            |standing: &Standing, index: usize| standing.members[index].up && !standing.members[index].lost;
        (0..2).find_map(|index| {
            // Whoever holds it starts it, stops it or copies it.
            let mut server = self.pair.servers[index].try_lock().ok()?;
            let gone = standing == *self.pair.standing() && well(&standing, index) && !server.is_running();
            gone.then(|| (self.pair.regions[index].clone(), server.log_file()))
        })
    }

    /// How far the standby is behind; `None` when there is no pair to compare.
    ///
    /// # Errors
    /// When a living server does not answer.
    pub async fn lag(&self) -> Result<Option<Lag>, AuroraError> {
        let standing = self.pair.standing().clone();
        if !standing.connected || standing.moving.is_some() {
            return Ok(None);
        }
        let address = |index: usize| standing.members[index].address;
        let writer = crate::postgres::connect(address(standing.writer)).await?;
        let standby = crate::postgres::connect(address(standing.other())).await?;
        let ask = |source| PostgresError::Query { action: "ask for the lag", source };
        let row = writer.query_one("SELECT pg_current_wal_lsn()::text", &[]).await.map_err(ask)?;
        let written: String = row.get(0);
        let question = format!(
            "SELECT greatest(0, pg_wal_lsn_diff('{written}', pg_last_wal_replay_lsn()))::bigint, \
             extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8"
        );
        let row = standby.query_one(&question, &[]).await.map_err(ask)?;
        let bytes: i64 = row.get(0);
        Ok(Some(Lag { bytes: bytes.unsigned_abs(), newest_commit_age_s: row.get(1) }))
    }

    /// The loss of the region's database: `kill -9`, and what was under way to the other region is gone. It
    /// stays down until [`Aurora::release`].
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn kill(&self, region: &Region) -> Result<(), AuroraError> {
        let index = self.pair.index(region)?;
        self.pair.change(|standing| standing.members[index].lost = true);
        self.pair.cut_stream();
        self.pair.end_work().await;
        self.pair.servers[index].lock().await.kill_9();
        self.pair.change(|standing| standing.members[index].up = false);
        self.pair.settle_move().await;
        Ok(())
    }

    /// The fault that killed the region's server is over: it comes back by itself, as the writer that it
    /// still is, or on a new volume as a standby of whoever is the writer now.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub fn release(&self, region: &Region) -> Result<(), AuroraError> {
        let index = self.pair.index(region)?;
        self.pair.change(|standing| standing.members[index].lost = false);
        Ok(())
    }

    /// Starts the first volume that the region lost, alone and read-only, so that a verdict can count what it
    /// had committed; the region stays as it is to the RDS API. Returns a connection string.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn open_wreck(&self, region: &Region) -> Result<String, AuroraError> {
        let index = self.pair.index(region)?;
        let mut wrecks = self.pair.wrecks.lock().await;
        if let Some(server) = wrecks[index].first_mut() {
            server.start_read_only().await?;
            return Ok(connect_string(server.address()));
        }
        let mut server = self.pair.servers[index].lock().await;
        if self.pair.standing().members[index].held {
            server.kill_9();
        }
        server.start_read_only().await?;
        Ok(connect_string(server.address()))
    }
}

impl Drop for Aurora {
    fn drop(&mut self) {
        self.caring.abort();
        if let Some(work) = held(&self.pair.work).take() {
            work.abort();
        }
    }
}

impl Pair {
    fn index(&self, region: &Region) -> Result<usize, AuroraError> {
        self.regions.iter().position(|r| r == region).ok_or_else(|| AuroraError::NoCluster(region.clone()))
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        held(&self.standing)
    }

    /// Changes the standing, and leads the regions' endpoints by it.
    fn change(&self, change: impl FnOnce(&mut Standing)) {
        let mut standing = self.standing();
        change(&mut standing);
        for (member, lead) in standing.members.iter().zip(&self.leads) {
            let address = (!member.lost && member.up).then_some(member.address);
            lead.send_if_modified(|led| std::mem::replace(led, address) != address);
        }
    }

    /// What is in the line to the other region never arrives.
    fn cut_stream(&self) {
        if let Some(stream) = held(&self.stream).take() {
            stream.cut();
        }
        self.change(|standing| standing.connected = false);
    }

    /// Whether no call gets from one region to the other and back.
    fn are_apart(&self) -> bool {
        let [home, other] = &self.regions;
        let faults = self.faults.now();
        let frozen = self.regions.iter().any(|region| faults.condition(region).freeze);
        frozen || !faults.reaches(home, other) || !faults.reaches(other, home)
    }
}

/// The directory of a region's n-th volume.
fn volume_name(region: &Region, volume: usize) -> String {
    if volume == 1 { format!("postgres-{region}") } else { format!("postgres-{region}-{volume}") }
}

/// A mutex that outlives a panicking holder: what it guards is changed in one go.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
