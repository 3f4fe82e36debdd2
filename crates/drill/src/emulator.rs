//! The AWS emulator: one process that stands for every region, told apart by the
//! region in each request's signature.
//!
//! It runs `provided.al2023` functions as plain processes, with their own
//! environment variables deciding where they send their calls. What its
//! CloudFormation lacks is recorded by name and never created; see
//! [`Emulator::recorded`]. It is never killed to simulate the loss of a region.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::owned::{Farewell, OwnedProcess, RunDirectory};

/// The program that Python runs, file by file.
const LAUNCHER: [(&str, &str); 7] = [
    ("__main__.py", include_str!("emulator/launcher/__main__.py")),
    ("documented.py", include_str!("emulator/launcher/documented.py")),
    ("functions.py", include_str!("emulator/launcher/functions.py")),
    ("inventory.py", include_str!("emulator/launcher/inventory.py")),
    ("recorded.py", include_str!("emulator/launcher/recorded.py")),
    ("regions.py", include_str!("emulator/launcher/regions.py")),
    ("steps.py", include_str!("emulator/launcher/steps.py")),
];
const START_LIMIT: Duration = Duration::from_secs(60);
const INVENTORY_LIMIT: Duration = Duration::from_secs(10);
const PORT_ATTEMPTS: usize = 5;
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Name and version of the emulator, as pinned in `requirements.txt`.
pub const VERSION: &str = "ministack 1.5.33";

mod holding;
mod steps;

pub use holding::{Holding, Remains};
pub use steps::{Held, StepEvent, StepHappened, StepLog};

/// Where the functions send their calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Each function's own environment decides, as in a drill, where a gateway stands in between.
    AsConfigured,
    /// Back to the emulator, which is all there is.
    ToTheEmulator,
}

/// Why the emulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// A file or process could not be made.
    #[error("cannot {action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It ended while starting.
    #[error("the AWS emulator ended while starting: {log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// It did not become ready.
    #[error("the AWS emulator was not ready after {} s", START_LIMIT.as_secs())]
    NotReady,
}

fn io(action: &'static str) -> impl FnOnce(io::Error) -> EmulatorError {
    move |source| EmulatorError::Io { action, source }
}

/// A resource that the emulator was asked for and only took note of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Recorded {
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Its logical id.
    pub logical_id: String,
    /// The stack.
    pub stack: String,
    /// The region that the stack was deployed to.
    pub region: String,
}

/// A running emulator. Ends with its value, and its functions with it.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    home: PathBuf,
    process: Mutex<OwnedProcess>,
}

impl Emulator {
    /// Starts it on a free loopback port, with all its files in the run directory,
    /// and waits until it answers.
    ///
    /// # Errors
    /// When it does not start or is not ready within a minute.
    pub async fn start(environment: &Environment, run: &Arc<RunDirectory>) -> Result<Self, EmulatorError> {
        Self::start_with(environment, run, Calls::AsConfigured).await
    }

    /// As [`Emulator::start`], with a say in where the functions send their calls.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub async fn start_with(
        environment: &Environment,
        run: &Arc<RunDirectory>,
        calls: Calls,
    ) -> Result<Self, EmulatorError> {
        let home = run.path().join("emulator");
        std::fs::create_dir_all(home.join("tmp")).map_err(io("make the emulator's directory"))?;
        let launcher = home.join("launcher");
        std::fs::create_dir_all(&launcher).map_err(io("make the emulator's directory"))?;
        for (file, text) in LAUNCHER {
            std::fs::write(launcher.join(file), text).map_err(io("write the emulator's launcher"))?;
        }
        let mut attempt = 1;
        loop {
            match Self::try_start(environment, run, &home, calls).await {
                Err(EmulatorError::Ended { log }) if attempt < PORT_ATTEMPTS && port_was_taken(&log) => {
                    attempt += 1
                }
                other => return other,
            }
        }
    }

    async fn try_start(
        environment: &Environment,
        run: &Arc<RunDirectory>,
        home: &Path,
        calls: Calls,
    ) -> Result<Self, EmulatorError> {
        let port = crate::postgres::free_port(Ipv4Addr::LOCALHOST).map_err(|error| EmulatorError::Io {
            action: "find a free port",
            source: io::Error::other(error),
        })?;
        let log = std::fs::File::create(log_file(home)).map_err(io("open the emulator's log"))?;
        let also = log.try_clone().map_err(io("open the emulator's log"))?;
        let mut command = Command::new(environment.python());
        command.arg("-I").arg(home.join("launcher")).arg(home.join("recorded.jsonl"));
        command.arg(home.join("functions.log")).arg(home.join("inventory.json"));
        command.arg(steps::events_file(home)).arg(steps::held_file(home)).arg(steps::doomed_file(home));
        settings(&mut command, home, port);
        if calls == Calls::ToTheEmulator {
            command.env("AWS_ENDPOINT_URL", format!("http://{}:{port}", Ipv4Addr::LOCALHOST));
        }
        command.current_dir(home).stdin(Stdio::null()).stdout(log).stderr(also);
        let process =
            OwnedProcess::spawn(run, command, Farewell::Kill).map_err(io("start the AWS emulator"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let emulator = Self { address, home: home.to_owned(), process: Mutex::new(process) };
        emulator.wait_until_ready().await?;
        Ok(emulator)
    }

    async fn wait_until_ready(&self) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if !self.is_running() {
                return Err(EmulatorError::Ended { log: last_lines(&self.log_file(), 5) });
            }
            if answers(self.address).await && self.is_running() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(EmulatorError::NotReady)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a trailing slash.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its own log.
    pub fn log_file(&self) -> PathBuf {
        log_file(&self.home)
    }

    /// The log lines of every function, each after its region and name. Absent until one logs.
    pub fn functions_log_file(&self) -> PathBuf {
        self.home.join("functions.log")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(process.try_wait(), Ok(None))
    }

    /// Returns when it has ended although nobody ended it, with the end of its log.
    pub async fn ended(&self) -> String {
        while self.is_running() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        last_lines(&self.log_file(), 5)
    }

    /// What it was asked for and only took note of, in order and without repeats.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn recorded(&self) -> Result<Vec<Recorded>, EmulatorError> {
        let text = match std::fs::read_to_string(self.home.join("recorded.jsonl")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other.map_err(io("read what the emulator recorded"))?,
        };
        let lines: Result<Vec<Recorded>, _> = text.lines().map(serde_json::from_str).collect();
        let mut recorded = lines.map_err(|e| io("read what the emulator recorded")(io::Error::other(e)))?;
        recorded.sort();
        recorded.dedup();
        Ok(recorded)
    }

    /// Everything that exists in it, from the stores of its services and not from their answers.
    ///
    /// # Errors
    /// When it does not write its list within ten seconds.
    pub async fn inventory(&self) -> Result<Vec<Holding>, EmulatorError> {
        let file = self.home.join("inventory.json");
        let _ = std::fs::remove_file(&file);
        self.process.lock().unwrap_or_else(PoisonError::into_inner).signal(Signal::USR1);
        let deadline = Instant::now() + INVENTORY_LIMIT;
        while !file.exists() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let list = std::fs::read(&file).map_err(io("read what the emulator holds"))?;
        serde_json::from_slice(&list).map_err(|e| io("read what the emulator holds")(io::Error::other(e)))
    }
}

/// Only these reach the emulator, and through it every function. `AWS_ENDPOINT_URL`
/// is not among them, because the emulator would force it over the functions' own.
fn settings(command: &mut Command, home: &Path, port: u16) {
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
    command.env("HOME", home).env("TMPDIR", home.join("tmp"));
    command.env("STATE_DIR", home.join("state")).env("S3_DATA_DIR", home.join("s3"));
    command.env("GATEWAY_PORT", port.to_string()).env("BIND_HOST", "127.0.0.1");
    command.env("LAMBDA_EXECUTOR", "local").env("IOT_MTLS_ENABLED", "0");
    // A function that waits longer than this for its next event is started anew.
    command.env("LAMBDA_WARM_TTL_SECONDS", "3600");
    // The default follows the machine's memory and may be too small for two regions.
    command.env("LAMBDA_ACCOUNT_CONCURRENCY", "200");
    // An invocation holds a thread while its function waits for calls that need threads too: there
    // must be more of them than invocations, or all wait for each other.
    command.env("MINISTACK_WORKER_THREADS", "400");
    // Nothing is written per request: it costs a tenth of the throughput.
    command.env("LOG_LEVEL", "WARNING").env("PYTHONUNBUFFERED", "1");
}

fn log_file(home: &Path) -> PathBuf {
    home.join("emulator.log")
}

fn port_was_taken(log: &str) -> bool {
    log.contains("already in use") || log.contains("Address already in use")
}

pub(crate) fn last_lines(path: &Path, count: usize) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("; ")
}

/// Whether its health page answers with 200.
async fn answers(address: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream
            .write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        Ok::<_, io::Error>(&head == b"HTTP/1.1 200")
    };
    matches!(tokio::time::timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}
