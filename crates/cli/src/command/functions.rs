//! Where the built functions are, building them with cargo when asked to find them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use recovery::Deployment;

use crate::failure::Failure;

/// Whether this is the root of Standfast's source checkout.
pub fn in_checkout() -> bool {
    Path::new("crates/services/Cargo.toml").is_file() && Path::new("crates/cli/Cargo.toml").is_file()
}

/// Directory that holds the built functions.
///
/// `named` must hold every function and container of the deployment. Without it this must be the root of the source checkout, where
/// cargo builds whatever is out of date, with its own progress on standard error.
pub fn directory(named: Option<&Path>, deployment: &Deployment) -> Result<PathBuf, Failure> {
    if let Some(directory) = named {
        return complete(directory, deployment);
    }
    if !in_checkout() {
        return Err(Failure::failed("the functions are not built, and there is no source checkout here")
            .hint("run this at the root of the checkout, or name a directory with --functions DIR"));
    }
    let own = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find the running program").because(&error))?;
    let directory = own.parent().unwrap_or(Path::new(".")).to_owned();
    // All members together, as `cargo run` at the root does: one set of features, one build.
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--bins", "--quiet"]).stdin(Stdio::null()).stdout(Stdio::null());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.status().map_err(|error| {
        Failure::failed("cannot run cargo to build the functions")
            .because(&error)
            .hint("install Rust 1.95, or name built functions with --functions DIR")
    })?;
    if status.success() { Ok(directory) } else { Err(Failure::failed("cargo could not build the functions")) }
}

fn complete(directory: &Path, deployment: &Deployment) -> Result<PathBuf, Failure> {
    let functions = infra::packages::functions(deployment).into_iter();
    let all = functions.chain(infra::packages::containers(deployment).iter().copied());
    let missing: Vec<_> = all.filter(|name| !directory.join(name).is_file()).collect();
    if missing.is_empty() {
        return Ok(directory.to_owned());
    }
    Err(Failure::failed(format!("{} does not hold {}", directory.display(), missing.join(", ")))
        .hint("build the functions with `cargo build --bins`, or name where they are with --functions DIR"))
}
