//! A private Python environment with cargo-lambda and zig, pinned by hash.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;

const REQUIREMENTS: &str = include_str!("../../lambda-tools.txt");

/// Installs the tools, unless exactly these are there, and returns their directory.
pub fn install(root: &Path) -> Result<PathBuf, Problem> {
    let environment = root.join("target/lambda-tools");
    let tools = environment.join("bin");
    let receipt = environment.join("installed.txt");
    if fs::read_to_string(&receipt).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(tools);
    }
    eprintln!(
        "installing cargo-lambda and zig into target/lambda-tools (once: 110 MB to fetch, 440 MB on disk)"
    );
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let wanted = environment.join("wanted.txt");
    fs::write(&wanted, REQUIREMENTS).map_err(|error| Problem::file(&wanted, error))?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement"];
    run(Command::new(tools.join("python3")).args(pip).arg(&wanted))?;
    fs::rename(&wanted, &receipt).map_err(|error| Problem::file(&receipt, error))?;
    Ok(tools)
}

/// The search path with the tools in front: cargo-lambda finds zig through their python.
pub fn search_path(tools: &Path) -> OsString {
    let mut path = tools.as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

fn run(command: &mut Command) -> Result<(), Problem> {
    let hint = "needs Python 3 with venv, and a package index for the first run";
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Problem::new(format!("installing the Lambda tools failed with {status}"), hint)),
        Err(error) => Err(Problem::new(format!("cannot run python3: {error}"), hint)),
    }
}
