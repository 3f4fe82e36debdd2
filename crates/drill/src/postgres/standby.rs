//! Copies of a primary that stream from it, and their promotion.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Installation, PostgresError, REPLICATION_USER, Server, data_directory, io, query};
use crate::owned::RunDirectory;

const PROMOTION_LIMIT: Duration = Duration::from_secs(60);

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
        let source = format!(
            "primary_conninfo = 'host={} port={} user={REPLICATION_USER} application_name={name} \
             connect_timeout=5 sslmode=disable gssencmode=disable'\n",
            through.ip(),
            through.port()
        );
        std::fs::write(data.join("postgresql.auto.conf"), source).map_err(io("write the settings"))?;
        std::fs::write(data.join("standby.signal"), "").map_err(io("mark a standby"))?;
        let mut server = Self::stopped(installation, run, name, data, address)?;
        server.start().await?;
        Ok(server)
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
