//! Goal: servers start, die, stream and are promoted as PostgreSQL does.
//! Method: the real programs on loopback.

use std::net::Ipv4Addr;
use std::sync::Arc;

use drill::environment::Environment;
use drill::owned::RunDirectory;
use drill::postgres::{Installation, Server};

fn parts() -> (Arc<RunDirectory>, Installation) {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let installation = Installation::prepare(&environment, &run).expect("PostgreSQL can be run");
    (run, installation)
}

async fn numbers(server: &Server) -> Vec<i32> {
    let client = server.connect().await.expect("it accepts connections");
    let rows = client.query("SELECT number FROM numbers ORDER BY number", &[]).await.expect("it can be read");
    rows.iter().map(|row| row.get(0)).collect()
}

async fn execute(server: &Server, statement: &str) {
    let client = server.connect().await.expect("it accepts connections");
    client.batch_execute(statement).await.expect("the statement runs");
}

#[tokio::test]
async fn a_temporary_server_starts_empty_and_drops_clean() {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let server = Server::start_temporary(&environment).await.expect("it starts");
    let client = server.connect().await.expect("it accepts connections");
    let row =
        client.query_one("SELECT current_user::text, current_database()::text", &[]).await.expect("a row");
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("standfast", "standfast"));
    let address = server.address();
    let log = server.log_file();
    drop(server);
    assert!(std::net::TcpStream::connect(address).is_err());
    assert!(!log.exists());
}

#[tokio::test]
async fn a_killed_server_keeps_what_it_committed() {
    let (run, installation) = parts();
    let mut server =
        Server::create(&installation, &run, "lone", Ipv4Addr::LOCALHOST).await.expect("it starts");
    execute(&server, "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await;
    let open = server.connect().await.expect("it accepts connections");
    open.batch_execute("BEGIN; INSERT INTO numbers VALUES (2)").await.expect("an open transaction");
    server.kill_9();
    assert!(!server.is_running());
    assert!(open.batch_execute("COMMIT").await.is_err());
    server.start_read_only().await.expect("it starts alone");
    assert_eq!(numbers(&server).await, [1]);
    let client = server.connect().await.expect("it accepts connections");
    assert!(client.batch_execute("INSERT INTO numbers VALUES (3)").await.is_err());
}

#[tokio::test]
async fn a_standby_streams_and_is_promoted_once() {
    let (run, installation) = parts();
    let address = Ipv4Addr::new(127, 0, 0, 2);
    let mut primary =
        Server::create(&installation, &run, "primary", Ipv4Addr::LOCALHOST).await.expect("it starts");
    execute(&primary, "CREATE TABLE numbers (number int)").await;
    let through = primary.address();
    let standby = Server::base_backup_from(&primary, &installation, &run, "standby", address, through)
        .await
        .expect("a standby starts");
    assert!(standby.is_standby().await.expect("it answers"));
    execute(&primary, "INSERT INTO numbers VALUES (1)").await;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while numbers(&standby).await.is_empty() && std::time::Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    primary.kill_9();
    standby.promote().await.expect("it is promoted");
    standby.promote().await.expect("again changes nothing");
    execute(&standby, "INSERT INTO numbers VALUES (2)").await;
    assert_eq!(numbers(&standby).await, [1, 2]);
}

#[tokio::test]
async fn a_cache_that_is_closed_to_other_users_does_not_stop_root() {
    // As in the home of root: a directory that only its owner may enter, with the environment in it.
    let shared = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let closed = tempfile::tempdir().expect("a temporary directory, closed by default");
    let python = shared.python();
    let root = python.parent().and_then(std::path::Path::parent).expect("bin/python in it");
    let name = root.file_name().expect("a name");
    std::os::unix::fs::symlink(root, closed.path().join(name)).expect("a link");
    let environment = Environment::ensure(closed.path(), &|_| ()).expect("it is found");
    assert!(environment.packages().starts_with(closed.path()));
    let server = Server::start_temporary(&environment).await.expect("it starts");
    server.connect().await.expect("it accepts connections");
}
