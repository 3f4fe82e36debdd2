//! Kept connections to one region's database, with a fresh IAM token for each login.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config as TokenConfig};
use recovery::Region;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{DatabaseError, tls};
use crate::clock;
use crate::settings::{self, Endpoint, Tls};

/// Until one address accepts a TCP connection.
const TCP_CONNECT: Duration = Duration::from_secs(2);
/// Until the login is through, all addresses and TLS included.
const LOGIN: Duration = Duration::from_secs(4);
/// Longest [`Database::connect`], once it is the caller's turn.
pub const CONNECT_LIMIT: Duration = LOGIN.saturating_add(SIGN_OF_LIFE);
/// Until a kept connection shows that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// Sent bytes without an acknowledgement for this long break the connection; Linux alone would
/// wait for a quarter of an hour.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(3);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);
const KEEPALIVE_RETRIES: u32 = 3;
/// Bounds in milliseconds that the server keeps even if we are frozen: a frozen writer must not
/// hold its lock on the fence for ever.
const SESSION_LIMITS: &str =
    "-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=3000";

/// Where a database is, and who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Writer endpoint.
    pub endpoint: Endpoint,
    /// Region of the database; authentication tokens are valid in one region only.
    pub region: Region,
    /// Name of the database.
    pub name: String,
    /// User; the password is an IAM authentication token.
    pub user: String,
    /// Whether a database that offers no TLS is refused.
    pub tls: Tls,
    /// PEM file of the authorities that sign the certificate; `None`: Amazon RDS's own.
    pub ca_file: Option<PathBuf>,
    /// How the connection is called in the database's own views.
    pub application: &'static str,
    /// Connections at most; more callers wait for one.
    pub connections: u32,
}

impl Target {
    /// This region's own database.
    pub fn own(
        regions: &settings::Regions,
        database: &settings::Database,
        application: &'static str,
    ) -> Self {
        Self::at(&database.endpoint, &regions.own, database, application)
    }

    /// The peer region's database.
    pub fn peer(
        regions: &settings::Regions,
        database: &settings::Database,
        application: &'static str,
    ) -> Self {
        Self::at(&database.peer_endpoint, &regions.peer, database, application)
    }

    /// This region's own database by its reader endpoint, for reading only.
    pub fn own_reader(
        regions: &settings::Regions,
        database: &settings::Database,
        application: &'static str,
    ) -> Self {
        Self::at(&database.endpoint.reader(), &regions.own, database, application)
    }

    /// The peer region's database by its reader endpoint, for reading only.
    pub fn peer_reader(
        regions: &settings::Regions,
        database: &settings::Database,
        application: &'static str,
    ) -> Self {
        Self::at(&database.peer_endpoint.reader(), &regions.peer, database, application)
    }

    fn at(
        endpoint: &Endpoint,
        region: &Region,
        from: &settings::Database,
        application: &'static str,
    ) -> Self {
        Self {
            endpoint: endpoint.clone(),
            region: region.clone(),
            name: from.name.clone(),
            user: from.user.clone(),
            tls: from.tls,
            ca_file: from.ca_file.clone(),
            application,
            connections: from.connections.unwrap_or(1),
        }
    }
}

impl Target {
    /// A connection of the caller's own, with a password instead of a token.
    ///
    /// # Errors
    /// As [`Database::connect`], but for the token.
    pub async fn connect_with_password(&self, password: &str) -> Result<Client, DatabaseError> {
        self.login(password, tls::connector(self.ca_file.as_deref())?).await
    }

    async fn login(&self, password: &str, tls: MakeRustlsConnect) -> Result<Client, DatabaseError> {
        let endpoint = || self.endpoint.clone();
        let attempt = timeout(LOGIN, self.config(password).connect(tls)).await;
        let (client, driver) = attempt
            .map_err(|_| DatabaseError::Silent { endpoint: endpoint(), limit: LOGIN })?
            .map_err(|source| DatabaseError::Connect { endpoint: endpoint(), source })?;
        let at = endpoint();
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(database = %at, %error, "a database connection ended");
            }
        });
        Ok(client)
    }

    fn config(&self, password: &str) -> Config {
        let mut config = Config::new();
        config
            .host(&self.endpoint.host)
            .port(self.endpoint.port)
            .dbname(&self.name)
            .user(&self.user)
            .password(password)
            .application_name(self.application)
            .options(SESSION_LIMITS)
            .connect_timeout(TCP_CONNECT)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .ssl_mode(match self.tls {
                Tls::Require => SslMode::Require,
                Tls::Prefer => SslMode::Prefer,
            });
        config
    }
}

/// A database with a bounded number of connections, made when they are needed and kept while they live.
pub struct Database {
    target: Target,
    aws: SdkConfig,
    tls: MakeRustlsConnect,
    /// One for each connection there may be.
    turns: Semaphore,
    kept: Mutex<Vec<Client>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Database {
    /// Reads the authorities, connects to nothing yet. `aws` must have credentials by the first
    /// connection.
    pub fn new(aws: SdkConfig, target: Target) -> Result<Self, DatabaseError> {
        let plain = |text: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            if !text.is_empty() && text.bytes().all(known) {
                Ok(())
            } else {
                Err(DatabaseError::Name(text.chars().take(80).collect()))
            }
        };
        plain(&target.endpoint.host)?;
        plain(&target.user)?;
        let tls = tls::connector(target.ca_file.as_deref())?;
        let most = usize::try_from(target.connections.max(1)).unwrap_or(1);
        Ok(Self { target, aws, tls, turns: Semaphore::new(most), kept: Mutex::default() })
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A kept connection if it still answers, else a new one. When all are in use, callers wait in line.
    ///
    /// Takes at most [`CONNECT_LIMIT`] once it is this caller's turn.
    pub async fn connect(&self) -> Result<Connection<'_>, DatabaseError> {
        let turn = self.turns.acquire().await.expect("nobody closes it");
        // Taken out before the next await, so that a caller who gives up leaves nothing half-used.
        let kept = self.kept().pop();
        if let Some(client) = kept {
            if !client.is_closed()
                && matches!(timeout(SIGN_OF_LIFE, client.check_connection()).await, Ok(Ok(())))
            {
                return Ok(Connection { database: self, client: Some(client), _turn: turn });
            }
            tracing::info!(database = %self.target.endpoint, "a kept database connection is gone");
            // The others lead to the same server.
            self.kept().clear();
        }
        let client = self.login().await?;
        Ok(Connection { database: self, client: Some(client), _turn: turn })
    }

    /// Asks it; a connection on which that failed is not used again.
    ///
    /// # Errors
    /// As [`Database::connect`], and those of the question.
    pub async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&Client) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let connection = self.connect().await?;
        let answer = question(&connection).await;
        if answer.is_err() {
            connection.discard();
        }
        answer
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Client>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn login(&self) -> Result<Client, DatabaseError> {
        let token = self.token().await?;
        self.target.login(&token, self.tls.clone()).await
    }

    /// Signed here, without a call to AWS; good for 15 minutes, and only the login needs it.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html>
    async fn token(&self) -> Result<String, DatabaseError> {
        let failed = |source| DatabaseError::Token { endpoint: self.target.endpoint.clone(), source };
        let config = TokenConfig::builder()
            .hostname(&self.target.endpoint.host)
            .port(self.target.endpoint.port.into())
            .username(&self.target.user)
            .region(aws_config::Region::new(self.target.region.to_string()))
            .build()
            .map_err(failed)?;
        let aws = self.aws.to_builder().time_source(clock::Believed).build();
        let token = AuthTokenGenerator::new(config).auth_token(&aws).await.map_err(failed)?;
        Ok(token.as_str().to_owned())
    }
}

/// The use of one of a [`Database`]'s connections, which goes back to be kept when this is dropped.
pub struct Connection<'a> {
    database: &'a Database,
    client: Option<Client>,
    /// Given back after the client.
    _turn: SemaphorePermit<'a>,
}

impl Connection<'_> {
    /// Closes the connection and those that wait for use, so that the next callers log in anew: after an
    /// error, because the endpoint may lead to another server by now.
    pub fn discard(mut self) {
        self.client = None;
        self.database.kept().clear();
    }
}

impl Deref for Connection<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client.as_ref().expect("only `discard` and `drop` take the client, and both end this value")
    }
}

impl DerefMut for Connection<'_> {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("only `discard` and `drop` take the client, and both end this value")
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.database.kept().extend(self.client.take());
    }
}
