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
    args::Color::asked_for(std::env::args_os().skip(1)).apply();
    let cli = args::Cli::parse();
    screen::log::start(cli.verbose);
    match command::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code)
        }
    }
}
