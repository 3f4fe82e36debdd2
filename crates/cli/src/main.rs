//! The `standfast` command: parsing, rendering, hints, and nothing that decides.
//!
//! Data goes to standard output, narration and errors to standard error. Start
//! reading at [`command`]: one file per command.

mod args;
mod command;
mod failure;
mod screen;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    match cli.color {
        args::Color::Auto => {}
        args::Color::Always => anstream::ColorChoice::Always.write_global(),
        args::Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    match command::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code)
        }
    }
}
