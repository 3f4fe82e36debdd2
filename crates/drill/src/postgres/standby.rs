//! Copies of a primary that stream from it, and their promotion.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Installation, PostgresError, REPLICATION_USER, Server, data_directory, io, query};
use crate::owned::RunDirectory;

const PROMOTION_LIMIT: Duration = Duration::from_secs(60);
const STREAMING_LIMIT: Duration = Duration::from_secs(60);
const RELOAD: &str = "SELECT pg_reload_conf()";

/// A place in a server's write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lsn(u64);

impl Lsn {
    /// Reads `16/B374D848`.
    fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let number = |part: &str| u32::from_str_radix(part, 16).ok();
        Some(Self(u64::from(number(high)?) << 32 | u64::from(number(low)?)))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & u64::from(u32::MAX))
    }
}

impl Server {
    /// Makes and starts a standby of `primary` on `address`. The copy is taken
    /// from the primary directly; the standby then streams through `through`, which
    /// may be a proxy that delays.
    ///
    /// # Errors
    /// When the copy cannot be taken or the standby does not start.
    pub async fn base_backup_from(
        primary: &Server,
        installation: &Installation,
        run: &Arc<RunDirectory>,
        name: &str,
        address: Ipv4Addr,
        through: SocketAddr,
    ) -> Result<Self, PostgresError> {
        let data = data_directory::prepare(run, name, installation)?;
        let from = primary.address;
        installation
            .run("pg_basebackup", |command| {
                command.arg("--host").arg(from.ip().to_string()).arg("--port").arg(from.port().to_string());
                command.args(["--username", REPLICATION_USER, "--checkpoint=fast", "--wal-method=stream"]);
                command.args(["--no-sync", "--pgdata"]).arg(&data);
            })
            .await?;
        let mut server = Self::stopped(installation, run, name, data, address)?;
        server.follow(through).await?;
        Ok(server)
    }

    /// Makes it a standby that streams through `through`: at once when it is one, else by a start. What it
    /// was before, it must have stopped in order, and whom it follows must have all that it wrote.
    ///
    /// # Errors
    /// When it does not start, or does not take the setting.
    pub async fn follow(&mut self, through: SocketAddr) -> Result<(), PostgresError> {
        let source = self.source(through);
        if self.is_running() {
            let client = self.connect_as("postgres").await?;
            for statement in [format!("ALTER SYSTEM SET primary_conninfo = '{source}'"), RELOAD.to_owned()] {
                client.batch_execute(&statement).await.map_err(query("follow another server"))?;
            }
            return Ok(());
        }
        let setting = format!("primary_conninfo = '{source}'\n");
        let (settings, mark) = (self.data.join("postgresql.auto.conf"), self.data.join("standby.signal"));
        std::fs::write(&settings, setting).map_err(io("write the settings"))?;
        std::fs::write(&mark, "").map_err(io("mark a standby"))?;
        // The server may want to change both later.
        for file in [&settings, &mark] {
            self.installation.give(file).map_err(io("mark a standby"))?;
        }
        self.start().await
    }

    fn source(&self, through: SocketAddr) -> String {
        format!(
            "host={} port={} user={REPLICATION_USER} application_name={} connect_timeout=5 sslmode=disable \
             gssencmode=disable",
            through.ip(),
            through.port(),
            self.name
        )
    }

    /// Where the log of a server ends that has stopped in order.
    ///
    /// # Errors
    /// When its control file cannot be read.
    pub async fn last_checkpoint(&self) -> Result<Lsn, PostgresError> {
        let said = self.installation.run("pg_controldata", |command| {
            command.arg(&self.data);
        });
        let said = said.await?;
        let mut lines = said.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(name, _)| *name == "Latest checkpoint location");
        let found = found.map(|(_, place)| place.trim()).unwrap_or_default();
        self.lsn(found)
    }

    fn lsn(&self, said: &str) -> Result<Lsn, PostgresError> {
        let no_place = || PostgresError::NoPlace { name: self.name.clone(), said: said.to_owned() };
        Lsn::parse(said).ok_or_else(no_place)
    }

    /// Whether the standby of that name has caught up with this server, and now streams from it. The standby
    /// itself calls it streaming before the first byte has come.
    ///
    /// # Errors
    /// When this server does not answer.
    pub async fn streams_to(&self, standby: &str) -> Result<bool, PostgresError> {
        let client = self.connect_as("postgres").await?;
        let asked =
            "SELECT count(*) FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'";
        let row = client.query_one(asked, &[&standby]).await.map_err(query("ask who streams"))?;
        Ok(row.get::<_, i64>(0) > 0)
    }

    /// Returns once the standby of that name streams from this server.
    ///
    /// # Errors
    /// When this server does not answer, or that takes longer than a minute.
    pub async fn await_streaming_to(&self, standby: &str) -> Result<(), PostgresError> {
        let deadline = Instant::now() + STREAMING_LIMIT;
        while !self.streams_to(standby).await? {
            if Instant::now() > deadline {
                let (name, limit_s) = (standby.to_owned(), STREAMING_LIMIT.as_secs());
                return Err(PostgresError::NotStreaming { name, limit_s });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Returns once a standby has replayed its log beyond `wanted`.
    ///
    /// # Errors
    /// When it does not answer, or has not within `limit`.
    pub async fn await_replayed(&self, wanted: Lsn, limit: Duration) -> Result<(), PostgresError> {
        let client = self.connect_as("postgres").await?;
        let deadline = Instant::now() + limit;
        loop {
            let asked = "SELECT coalesce(pg_last_wal_replay_lsn(), '0/0')::text";
            let row = client.query_one(asked, &[]).await.map_err(query("ask how far it is"))?;
            let replayed = self.lsn(row.get(0))?;
            if replayed > wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                let (name, limit_s) = (self.name.clone(), limit.as_secs());
                return Err(PostgresError::NotCaughtUp { name, replayed, wanted, limit_s });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether it is a standby now.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_standby(&self) -> Result<bool, PostgresError> {
        let client = self.connect_as("postgres").await?;
        let row =
            client.query_one("SELECT pg_is_in_recovery()", &[]).await.map_err(query("ask for the role"))?;
        Ok(row.get(0))
    }

    /// Makes it a primary; does nothing when it is one.
    ///
    /// # Errors
    /// When it does not answer or does not become one within a minute.
    pub async fn promote(&self) -> Result<(), PostgresError> {
        if !self.is_standby().await? {
            return Ok(());
        }
        let client = self.connect_as("postgres").await?;
        client.query("SELECT pg_promote(wait => false)", &[]).await.map_err(query("promote"))?;
        let deadline = Instant::now() + PROMOTION_LIMIT;
        while self.is_standby().await? {
            if Instant::now() > deadline {
                let (name, limit_s) = (self.name.clone(), PROMOTION_LIMIT.as_secs());
                return Err(PostgresError::NotPromoted { name, limit_s });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    // Goal: places in the log are read, compared and written as PostgreSQL writes them.
    use super::Lsn;

    #[test]
    fn a_place_in_the_log_survives_the_round_trip() {
        let place = |text| Lsn::parse(text);
        assert_eq!(place("16/B374D848").map(|place| place.to_string()).as_deref(), Some("16/B374D848"));
        assert!(place("1/0") > place("0/FFFFFFFF"));
        for text in ["", "16", "16/", "x/1", "1/100000000"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
