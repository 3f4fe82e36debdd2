//! One file per command.

mod check;
mod drill;
mod functions;
mod synth;
mod workflow;

use std::path::Path;

use recovery::Deployment;

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// Runs the command; its value is the exit code.
pub fn run(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        Command::Synth(args) => synth::run(cli, args),
        Command::Check(args) => check::run(cli, args),
        Command::Drill(args) => drill::run(cli, args),
        Command::Workflow(args) => workflow::run(cli, args),
    }
}

/// Reads the deployment file; every problem in it is reported at once.
fn deployment(file: &Path) -> Result<Deployment, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::invalid(format!("cannot read the deployment file {}", file.display()))
            .because(&error)
            .hint("name one with --deployment FILE, or run this where `deployments/` is")
    })?;
    Deployment::parse(&text, &file.display().to_string())
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
