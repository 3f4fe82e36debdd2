//! Real PostgreSQL servers: started, killed, copied and promoted.
//!
//! The binaries come from the [`Environment`]'s wheel and have the major version
//! of the deployment's Aurora. They are built without OpenSSL, so a server
//! answers a request for TLS with *no*; a client has to prefer TLS, not require it.
//! Servers listen on loopback only and trust every local user: they hold
//! rehearsal data.
//!
//! `fsync` is off. What a drill kills is processes, never the kernel, so what a
//! server wrote is in the page cache and survives exactly as it would on disk.
//!
//! PostgreSQL refuses to run as root. When the drill does, servers run as
//! `nobody` with a data directory of theirs, and with a copy of the binaries in
//! the run directory when the cache directory is closed to other users.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio_postgres::{Client, NoTls};

use crate::environment::Environment;
use crate::owned::{Farewell, OwnedProcess, RunDirectory};

mod data_directory;
mod descendants;
mod error;
mod installation;
mod standby;

pub use error::PostgresError;
pub use installation::Installation;
pub use standby::Lsn;

use error::{io, query};

/// The database that every server has.
pub const DATABASE: &str = "standfast";
/// The master user, who owns it and makes the users of the functions.
pub const USER: &str = "standfast";
/// The user that a standby streams as.
pub const REPLICATION_USER: &str = "replicator";

const START_LIMIT: Duration = Duration::from_secs(30);
const PORT_ATTEMPTS: usize = 5;

/// One PostgreSQL server, which may run or not. Ends with its value.
#[derive(Debug)]
pub struct Server {
    name: String,
    installation: Installation,
    run: Arc<RunDirectory>,
    data: PathBuf,
    address: SocketAddrV4,
    process: Option<OwnedProcess>,
}

impl Server {
    /// Makes and starts an empty primary that listens on `address`, a loopback
    /// address, at a free port, with database [`DATABASE`] and user [`USER`].
    /// `name` names its directory in the run directory.
    ///
    /// # Errors
    /// When it cannot be made or does not start.
    pub async fn create(
        installation: &Installation,
        run: &Arc<RunDirectory>,
        name: &str,
        address: Ipv4Addr,
    ) -> Result<Self, PostgresError> {
        let data = data_directory::prepare(run, name, installation)?;
        data_directory::initialise(installation, &data).await?;
        let mut server = Self::stopped(installation, run, name, data, address)?;
        server.start().await?;
        server.create_database().await?;
        Ok(server)
    }

    /// A running, empty server with a run directory of its own, for tests.
    ///
    /// # Errors
    /// As [`Server::create`].
    pub async fn start_temporary(environment: &Environment) -> Result<Self, PostgresError> {
        let run = Arc::new(RunDirectory::temporary().map_err(io("make a run directory"))?);
        let installation = Installation::prepare(environment, &run)?;
        Self::create(&installation, &run, "database", Ipv4Addr::LOCALHOST).await
    }

    fn stopped(
        installation: &Installation,
        run: &Arc<RunDirectory>,
        name: &str,
        data: PathBuf,
        address: Ipv4Addr,
    ) -> Result<Self, PostgresError> {
        let (installation, run, name) = (installation.clone(), Arc::clone(run), name.to_owned());
        let address = SocketAddrV4::new(address, free_port(address)?);
        Ok(Self { name, installation, run, data, address, process: None })
    }

    /// The name it was made with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens when it runs. Kept over a restart unless another process took the port.
    pub fn address(&self) -> SocketAddr {
        self.address.into()
    }

    /// A libpq connection string for [`USER`] and [`DATABASE`].
    pub fn connect_string(&self) -> String {
        connect_string(self.address())
    }

    /// Its log.
    pub fn log_file(&self) -> PathBuf {
        self.run.path().join(format!("{}.log", self.name))
    }

    /// Whether its process was alive when last looked at.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Starts a server that was stopped or killed, with the role its data has.
    /// Does nothing when it runs.
    ///
    /// # Errors
    /// When it does not start or is not ready in time.
    pub async fn start(&mut self) -> Result<(), PostgresError> {
        self.start_with(&[]).await
    }

    /// Starts a killed server alone and read-only, to read what it had committed.
    /// Nothing may stream from it while it runs so.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_read_only(&mut self) -> Result<(), PostgresError> {
        self.start_with(&["default_transaction_read_only=on"]).await
    }

    async fn start_with(&mut self, settings: &[&str]) -> Result<(), PostgresError> {
        if self.is_running() {
            return Ok(());
        }
        for attempt in 1.. {
            match self.try_start(settings).await {
                Err(PostgresError::Ended { log, .. })
                    if attempt < PORT_ATTEMPTS && log.contains("could not bind") =>
                {
                    let ip = *self.address.ip();
                    self.address = SocketAddrV4::new(ip, free_port(ip)?);
                }
                other => return other,
            }
        }
        Ok(())
    }

    async fn try_start(&mut self, settings: &[&str]) -> Result<(), PostgresError> {
        let mut options = std::fs::OpenOptions::new();
        let log = options.create(true).append(true).open(self.log_file()).map_err(io("open a log"))?;
        let log_start = log.metadata().map(|m| m.len()).unwrap_or(0);
        let mut command: Command = self.installation.command("postgres");
        command.arg("-D").arg(&self.data);
        command.arg("-c").arg(format!("listen_addresses={}", self.address.ip()));
        command.arg("-c").arg(format!("port={}", self.address.port()));
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        let also = log.try_clone().map_err(io("open a log"))?;
        command.stdin(Stdio::null()).stdout(log).stderr(also);
        let process =
            OwnedProcess::spawn(&self.run, command, Farewell::Quit).map_err(io("start PostgreSQL"))?;
        self.process = Some(process);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Ok(client) = self.connect_as("postgres").await
                && client.simple_query("SELECT 1").await.is_ok()
            {
                return Ok(());
            }
            if !self.is_running() {
                self.process = None;
                return Err(PostgresError::Ended { name: self.name.clone(), log: self.log_since(log_start) });
            }
            if Instant::now() > deadline {
                return Err(PostgresError::NotReady { name: self.name.clone() });
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn log_since(&self, start: u64) -> String {
        let text = std::fs::read(self.log_file()).unwrap_or_default();
        let start = usize::try_from(start).unwrap_or(0).min(text.len());
        let text = String::from_utf8_lossy(&text[start..]).into_owned();
        text.trim().replace('\n', "; ")
    }

    /// Stops it in order, so that a standby has everything. Waits at most ten seconds, then kills.
    pub async fn stop(&mut self) {
        if self.stop_in_order(Duration::from_secs(10)).await.is_err() {
            self.kill_9();
        }
    }

    /// Takes no more connections, ends those that are open, and ends once every standby that is connected has
    /// written down everything.
    ///
    /// # Errors
    /// When it has not ended within `limit`; it is on its way out and takes no writes.
    pub async fn stop_in_order(&mut self, limit: Duration) -> Result<(), PostgresError> {
        let Some(process) = self.process.as_mut() else { return Ok(()) };
        process.signal(Signal::INT);
        let deadline = Instant::now() + limit;
        while matches!(process.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let (name, limit_s) = (self.name.clone(), limit.as_secs());
                return Err(PostgresError::NotStopped { name, limit_s });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.process = None;
        Ok(())
    }

    /// Stops it and everything it has started where they are: connections are accepted and nothing is
    /// answered.
    pub fn freeze(&mut self) {
        if let Some(process) = self.process.as_mut() {
            descendants::stop_all(process);
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw(&mut self) {
        if let Some(process) = self.process.as_mut() {
            descendants::continue_all(process);
        }
    }

    /// `kill -9` to the server and to every process it has, as when a machine is gone.
    pub fn kill_9(&mut self) {
        if let Some(mut process) = self.process.take() {
            descendants::kill_all(&mut process);
            descendants::free_shared_memory(&self.data);
        }
    }

    /// A connection as [`USER`].
    ///
    /// # Errors
    /// When the server does not accept it within five seconds.
    pub async fn connect(&self) -> Result<Client, PostgresError> {
        self.connect_as(USER).await
    }

    async fn connect_as(&self, user: &str) -> Result<Client, PostgresError> {
        let database = if user == "postgres" { "postgres" } else { DATABASE };
        connect_as(self.address(), user, database).await
    }

    async fn create_database(&self) -> Result<(), PostgresError> {
        let client = self.connect_as("postgres").await?;
        let statements = [
            // As on RDS, where the master user is no superuser, makes other users, and lets them sign
            // in with an IAM token.
            format!("CREATE ROLE {USER} LOGIN CREATEDB CREATEROLE"),
            format!("CREATE ROLE {REPLICATION_USER} LOGIN REPLICATION"),
            format!("CREATE ROLE rds_iam NOLOGIN; GRANT rds_iam TO {USER} WITH ADMIN OPTION"),
            format!("CREATE DATABASE {DATABASE} OWNER {USER}"),
        ];
        for statement in &statements {
            client.batch_execute(statement).await.map_err(query("create the database"))?;
        }
        Ok(())
    }
}

/// A libpq connection string for [`USER`] and [`DATABASE`] of the server that listens there.
pub fn connect_string(address: SocketAddr) -> String {
    connect_string_for(address, USER, DATABASE)
}

fn connect_string_for(address: SocketAddr, user: &str, database: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    format!("host={host} port={port} user={user} dbname={database} connect_timeout=5")
}

/// A connection as [`USER`] to the server that listens there.
///
/// # Errors
/// When it does not accept it within five seconds.
pub async fn connect(address: SocketAddr) -> Result<Client, PostgresError> {
    connect_as(address, USER, DATABASE).await
}

async fn connect_as(address: SocketAddr, user: &str, database: &str) -> Result<Client, PostgresError> {
    let text = connect_string_for(address, user, database);
    let (client, connection) = tokio_postgres::connect(&text, NoTls).await.map_err(query("connect"))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a database connection ended");
        }
    });
    Ok(client)
}

/// A port that nothing listens on now. Another process may take it before it is used.
pub(crate) fn free_port(address: Ipv4Addr) -> Result<u16, PostgresError> {
    let listener = std::net::TcpListener::bind((address, 0)).map_err(io("find a free port"))?;
    Ok(listener.local_addr().map_err(io("find a free port"))?.port())
}
