//! One file per command.

mod cache;
mod check;
mod compliance;
mod context;
mod cost;
mod drill;
mod emulate;
mod functions;
mod interrupt;
mod simulate;
mod synth;
pub(crate) mod verify;
mod workflow;

use std::path::Path;

use recovery::Deployment;

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// The deployment file when none is named.
const DEPLOYMENT: &str = "deployments/trading.toml";

/// Runs the command; its value is the exit code.
pub fn run(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        Command::Synth(args) => synth::run(cli, args),
        Command::Check(args) => check::run(cli, args),
        Command::Cost(args) => cost::run(cli, args),
        Command::Compliance(args) => compliance::run(cli, args),
        Command::Drill(args) => drill::run(cli, args),
        Command::Verify(args) => verify::run(cli, args),
        Command::Simulate(args) => simulate::run(cli, args),
        Command::Workflow(args) => workflow::run(cli, args),
        Command::Emulate(args) => emulate::run(cli, args),
    }
}

/// The deployment that the arguments name.
fn deployment(cli: &Cli) -> Result<Deployment, Failure> {
    read_deployment(cli.deployment.as_deref(), cli.environment.as_deref())
}

/// Reads the deployment file; every problem in it is reported at once.
fn read_deployment(file: Option<&Path>, environment: Option<&str>) -> Result<Deployment, Failure> {
    let file = file.unwrap_or(Path::new(DEPLOYMENT));
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::invalid(format!("cannot read the deployment file {}", file.display()))
            .because(&error)
            .hint("name one with --deployment FILE, or run this where `deployments/` is")
    })?;
    Deployment::parse_for(&text, &file.display().to_string(), environment)
        .map_err(|problems| Failure::invalid(format!("invalid deployment file\n{problems}")))
}

/// Prints the result of a command on standard output. A reader that has gone away is no failure.
fn print_result(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed("cannot write to standard output").because(&error))
        }
        _ => Ok(()),
    }
}
