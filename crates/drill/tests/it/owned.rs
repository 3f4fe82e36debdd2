//! Goal: a drill that is killed with `SIGKILL` leaves no process and no file behind.
//! Method: this test program runs itself again as a small drill, and is killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;
use drill::postgres::{Installation, Server};

const CHILD: &str = "STANDFAST_TEST_CHILD";

/// Does nothing unless it is the child of the test below.
#[tokio::test]
async fn a_small_drill() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let installation = Installation::prepare(&environment, &run).expect("PostgreSQL can be run");
    let address = std::net::Ipv4Addr::LOCALHOST;
    let server = Server::create(&installation, &run, "database", address).await.expect("it starts");
    let emulator = Emulator::start(&environment, &run).await.expect("it starts");
    eprintln!("ready {} {} {}", run.path().display(), server.address(), emulator.address());
    std::future::pending::<()>().await;
}

#[test]
fn a_killed_drill_leaves_nothing() {
    Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "--nocapture", "owned::a_small_drill"]).env(CHILD, "1");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let ready = lines.map_while(Result::ok).find(|line| line.starts_with("ready "));
    child.kill().expect("it runs");
    child.wait().expect("it was ours");
    let ready = ready.expect("the drill starts");
    let parts: Vec<&str> = ready.split(' ').collect();
    let gone = || {
        !Path::new(parts[1]).exists() && parts[2..].iter().all(|a| std::net::TcpStream::connect(a).is_err())
    };
    let killed = Instant::now();
    while !gone() {
        assert!(killed.elapsed() < Duration::from_secs(30), "still there: {ready}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
