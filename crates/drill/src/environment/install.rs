//! Making the environment with `venv` and `pip`, and saying plainly why it failed.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::EnvironmentError;
use super::python::Python;
use crate::owned::Warden;

/// How much room an installation needs.
pub(super) const ROOM: &str = "make about 400 MB of room in the cache directory's file system";

/// Why the wheels could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallFailure {
    /// The package index cannot be reached.
    #[error("the Python package index cannot be reached: {0}")]
    NoNetwork(String),
    /// No room.
    #[error("the disk is full")]
    DiskFull,
    /// A wheel is not the one that was pinned.
    #[error("a downloaded package is not the pinned one: {0}")]
    HashMismatch(String),
    /// No wheel for this machine.
    #[error("a pinned package has no build for this machine: {0}")]
    NoWheel(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
    /// The installer reported success, yet files are missing.
    #[error("the installed environment is incomplete")]
    Incomplete,
    /// A command could not be run at all.
    #[error("the installer cannot be run")]
    Run(#[source] io::Error),
}

impl InstallFailure {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoNetwork(_) => {
                "the first drill needs the package index once; check the network or set PIP_INDEX_URL"
            }
            Self::DiskFull => ROOM,
            Self::HashMismatch(_) => "the package index or a proxy altered a package; use the public index",
            Self::NoWheel(_) => "use CPython 3.10 to 3.14 on Linux, x86_64 or aarch64",
            Self::Other(_) | Self::Incomplete | Self::Run(_) => {
                "run the drill again; nothing was left half-made"
            }
        }
    }
}

/// Makes an environment in the empty directory `target`.
pub(super) fn into(target: &Path, python: &Python, requirements: &str) -> Result<(), EnvironmentError> {
    let warden = Warden::start(None).map_err(|e| EnvironmentError::Install(InstallFailure::Run(e)))?;
    let list = target.join("requirements.txt");
    std::fs::write(&list, requirements)
        .map_err(|source| EnvironmentError::Cache { path: list.clone(), source })?;
    let mut venv = Command::new(&python.program);
    venv.args(["-I", "-m", "venv"]).arg(target);
    run(&warden, venv)?;
    let mut pip = Command::new(target.join("bin/python"));
    pip.args(["-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--no-cache-dir", "--require-hashes", "--only-binary=:all:", "--requirement"]).arg(&list);
    run(&warden, pip)
}

/// Runs in a group of its own that ends with this process.
fn run(warden: &Warden, mut command: Command) -> Result<(), EnvironmentError> {
    let failed = |error| EnvironmentError::Install(InstallFailure::Run(error));
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(failed)?;
    let group = child.id().to_string();
    warden.say("own", &group);
    let output = child.wait_with_output().map_err(failed)?;
    warden.say("release", &group);
    if output.status.success() { Ok(()) } else { Err(EnvironmentError::Install(explain(&output))) }
}

/// Reads the cause out of what the installer wrote.
fn explain(output: &Output) -> InstallFailure {
    let text = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).join("\n");
    let with = |needles: &[&str]| {
        text.lines()
            .rev()
            .find(|line| needles.iter().any(|n| line.contains(n)))
            .map(|line| line.trim().to_owned())
    };
    if with(&["No space left on device", "Errno 28", "Disk quota exceeded"]).is_some() {
        return InstallFailure::DiskFull;
    }
    if let Some(line) = with(&["DO NOT MATCH THE HASHES"]) {
        return InstallFailure::HashMismatch(line);
    }
    let unreachable =
        ["NewConnectionError", "Max retries exceeded", "ConnectTimeout", "ReadTimeout", "SSLError"];
    if let Some(line) = with(&unreachable).or_else(|| with(&["Name or service", "Temporary failure in name"]))
    {
        let cause = line.find("[Errno").and_then(|at| line[at..].split('\'').next());
        return InstallFailure::NoNetwork(cause.unwrap_or(&line).to_owned());
    }
    if let Some(line) = with(&["No matching distribution", "not a supported wheel"]) {
        return InstallFailure::NoWheel(line);
    }
    let last: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    InstallFailure::Other(last[last.len().saturating_sub(3)..].join("; "))
}

#[cfg(test)]
mod tests {
    // Goal: a failed installation names its cause. Method: lines that pip writes.
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn explained(text: &str) -> InstallFailure {
        let status = std::process::ExitStatus::from_raw(256);
        explain(&Output { status, stdout: Vec::new(), stderr: text.into() })
    }

    #[test]
    fn causes_are_told_apart() {
        let full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device";
        assert!(matches!(explained(full), InstallFailure::DiskFull));
        let offline = "WARNING: Retrying after connection broken by 'NewConnectionError('<x>: [Errno 111] Connection refused')'\n\
            ERROR: No matching distribution found for botocore==1.43.106";
        assert!(
            matches!(explained(offline), InstallFailure::NoNetwork(cause) if cause == "[Errno 111] Connection refused")
        );
        let altered = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.";
        assert!(matches!(explained(altered), InstallFailure::HashMismatch(_)));
        assert!(matches!(
            explained("ERROR: No matching distribution found for x"),
            InstallFailure::NoWheel(_)
        ));
        assert!(matches!(explained("boom"), InstallFailure::Other(text) if text == "boom"));
    }
}
