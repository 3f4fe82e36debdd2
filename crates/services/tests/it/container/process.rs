//! A container's program as a process of this machine, with nothing in its environment but what it is told.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use services::probe::{Answer, Prober};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::support::emulator;

/// The API's program.
pub const SERVICE: &str = env!("CARGO_BIN_EXE_orders-service");
/// The worker's program.
pub const WORKER: &str = env!("CARGO_BIN_EXE_orders-worker");
/// Longest wait for a program.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A program that listens. It is killed when this is dropped.
pub struct Container {
    pub address: SocketAddr,
    child: Child,
}

/// The program before it runs, with a free port to listen on and no credentials.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("AWS_REGION", "us-east-1").env(recovery::setting::LISTEN, "127.0.0.1:0");
    command
}

/// The same with credentials, and with an emulator to call.
pub async fn with_credentials(program: &str) -> Command {
    let mut command = command(program);
    command
        .env("AWS_ENDPOINT_URL", emulator().await)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

impl Container {
    /// Starts it and waits until it says where it listens.
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program is built");
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let listening = async {
            loop {
                let line = lines.next_line().await.expect("text").expect("it listens before it ends");
                let line: Value = serde_json::from_str(&line).expect("every line is JSON");
                if let Some(address) = line["address"].as_str() {
                    return address.parse().expect("an address");
                }
            }
        };
        let address = timeout(LIMIT, listening).await.expect("it starts in time");
        // Nobody reads on, and a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { address, child }
    }

    /// Sends it a signal, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await;
        assert!(sent.expect("there is a kill").success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(LIMIT, self.child.wait()).await.expect("it ends in time").expect("it can be waited for")
    }

    /// Asks it on a connection of its own.
    pub async fn get(&self, path: &str) -> Answer {
        let prober = Prober::new(None).expect("a prober");
        prober.get(&format!("http://{}{path}", self.address)).await.expect("it answers")
    }
}
