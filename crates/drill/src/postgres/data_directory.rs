//! A server's data directory and settings.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::{Installation, PostgresError, REPLICATION_USER, io};
use crate::owned::RunDirectory;

/// The same for every server; address and port are given at each start.
const SETTINGS: &str = "
unix_socket_directories = ''
max_connections = 100
shared_buffers = 32MB
# Files in the data directory, not in /dev/shm, where a killed server would leave them.
dynamic_shared_memory_type = mmap
fsync = off
synchronous_commit = local
wal_level = replica
wal_log_hints = on
max_wal_senders = 8
wal_keep_size = 512MB
max_wal_size = 1GB
hot_standby = on
# Reconnect at once, as a drill is short.
wal_retrieve_retry_interval = 200ms
wal_receiver_status_interval = 1s
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
";

/// Makes the empty directory for a server of that name.
pub(super) fn prepare(
    run: &RunDirectory,
    name: &str,
    installation: &Installation,
) -> Result<PathBuf, PostgresError> {
    let data = run.path().join(name);
    // PostgreSQL refuses a directory that others can read.
    fs::DirBuilder::new().mode(0o700).create(&data).map_err(io("make a data directory"))?;
    installation.give(&data).map_err(io("make a data directory"))?;
    Ok(data)
}

/// Fills it for an empty primary.
pub(super) async fn initialise(installation: &Installation, data: &Path) -> Result<(), PostgresError> {
    installation
        .run("initdb", |command| {
            command.args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-sync",
                "--no-instructions",
            ]);
            // Orders text by bytes as C.UTF-8 does, and exists on every system.
            command.args(["--locale=C", "--pgdata"]).arg(data);
        })
        .await?;
    let hba =
        format!("host all all 127.0.0.0/8 trust\nhost replication {REPLICATION_USER} 127.0.0.0/8 trust\n");
    fs::write(data.join("pg_hba.conf"), hba).map_err(io("write the access rules"))?;
    let path = data.join("postgresql.conf");
    fs::write(&path, SETTINGS).map_err(io("write the settings"))
}
