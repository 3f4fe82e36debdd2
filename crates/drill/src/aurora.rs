//! The stand-in for an Aurora global database: two real PostgreSQL servers with
//! asynchronous streaming between them, behind the RDS calls that recovery makes.
//!
//! The stream passes through a [`delay::DelayLine`], so the standby is behind by a
//! known time and what is in the line when the primary dies is really lost. A
//! promotion is a real `pg_promote`. As in Aurora's managed failover, nothing here
//! fences a writer that still lives: its writes must be refused by the epoch.
//!
//! A switchover is not offered yet; it is refused as RDS refuses one that is not possible.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use recovery::Region;
use recovery::names::Names;
use tokio::sync::Mutex;

use crate::environment::Environment;
use crate::owned::RunDirectory;
use crate::postgres::{Installation, PostgresError, Server};
use delay::DelayLine;

pub mod delay;
mod rds;

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
}

/// Where a pair is put and how it behaves.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Home and standby region, each with the loopback address its server listens on.
    pub regions: [(Region, Ipv4Addr); 2],
    /// Computes the names of the clusters.
    pub names: Names,
    /// How far the standby is behind.
    pub lag: Duration,
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

/// The pair.
#[derive(Debug)]
pub struct Aurora {
    regions: [Region; 2],
    names: Names,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    servers: [Server; 2],
    dead: [bool; 2],
    writer: usize,
    stream: Option<DelayLine>,
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
        let Placement { regions: [(home, home_address), (other, other_address)], names, lag } = placement;
        let installation = Installation::prepare(environment, run)?;
        let server_name = |region: &Region| format!("postgres-{region}");
        let primary = Server::create(&installation, run, &server_name(&home), home_address).await?;
        let stream = DelayLine::start(primary.address(), lag).await.map_err(AuroraError::Delay)?;
        let name = server_name(&other);
        let standby =
            Server::base_backup_from(&primary, &installation, run, &name, other_address, stream.address())
                .await?;
        let servers = [primary, standby];
        let state = State { servers, dead: [false, false], writer: 0, stream: Some(stream) };
        Ok(Self { regions: [home, other], names, state: Mutex::new(state) })
    }

    fn index(&self, region: &Region) -> Result<usize, AuroraError> {
        self.regions.iter().position(|r| r == region).ok_or_else(|| AuroraError::NoCluster(region.clone()))
    }

    /// Where the region's server listens.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn address(&self, region: &Region) -> Result<SocketAddr, AuroraError> {
        let index = self.index(region)?;
        Ok(self.state.lock().await.servers[index].address())
    }

    /// A connection string for the region's server, past every gateway.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn connect_string(&self, region: &Region) -> Result<String, AuroraError> {
        let index = self.index(region)?;
        Ok(self.state.lock().await.servers[index].connect_string())
    }

    /// The region that the global cluster calls its writer, alive or not.
    pub async fn region_writer(&self) -> Region {
        self.regions[self.state.lock().await.writer].clone()
    }

    /// Whether the region's server runs.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn is_alive(&self, region: &Region) -> Result<bool, AuroraError> {
        let index = self.index(region)?;
        Ok(!self.state.lock().await.dead[index])
    }

    /// The region whose server has ended although nobody killed it, and its log file.
    pub async fn ended(&self) -> Option<(Region, std::path::PathBuf)> {
        let mut state = self.state.lock().await;
        let State { servers, dead, .. } = &mut *state;
        let mut all = self.regions.iter().zip(servers.iter_mut()).zip(dead.iter());
        all.find_map(|((region, server), dead)| {
            (!dead && !server.is_running()).then(|| (region.clone(), server.log_file()))
        })
    }

    /// How far the standby is behind; `None` when there is no pair to compare.
    ///
    /// # Errors
    /// When a living server does not answer.
    pub async fn lag(&self) -> Result<Option<Lag>, AuroraError> {
        let (writer, standby) = {
            let state = self.state.lock().await;
            if state.dead != [false, false] || state.stream.is_none() {
                return Ok(None);
            }
            let writer = state.servers[state.writer].connect().await?;
            (writer, state.servers[1 - state.writer].connect().await?)
        };
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

    /// The loss of the region's database: `kill -9`, and what was under way to the other region is gone.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn kill(&self, region: &Region) -> Result<(), AuroraError> {
        let index = self.index(region)?;
        let mut state = self.state.lock().await;
        state.servers[index].kill_9();
        state.dead[index] = true;
        if let Some(stream) = state.stream.take() {
            stream.cut();
        }
        Ok(())
    }

    /// Promotes the region's server to writer of the global cluster; does nothing when it is.
    ///
    /// # Errors
    /// When the region has no server that runs, or the promotion fails.
    pub async fn fail_over_to(&self, region: &Region) -> Result<(), AuroraError> {
        let index = self.index(region)?;
        let mut state = self.state.lock().await;
        if state.dead[index] {
            return Err(AuroraError::Down(region.clone()));
        }
        if state.writer == index {
            return Ok(());
        }
        if let Some(stream) = state.stream.take() {
            stream.cut();
        }
        state.servers[index].promote().await?;
        state.writer = index;
        Ok(())
    }

    /// Starts a killed server alone and read-only, so that a verdict can count what it had
    /// committed. The region stays dead to the RDS API. Returns a connection string.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn open_wreck(&self, region: &Region) -> Result<String, AuroraError> {
        let index = self.index(region)?;
        let mut state = self.state.lock().await;
        let server = &mut state.servers[index];
        server.start_read_only().await?;
        Ok(server.connect_string())
    }
}
