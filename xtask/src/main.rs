//! Tasks of the workspace: code generation, packaging, images, proofs, tidy.
//!
//! It refuses to be a build system: every task is one thing that cargo cannot
//! do. Start reading at the task you want, in its module.

mod binaries;
mod codegen;
mod image;
mod package;
mod problem;
mod proof;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use problem::Problem;

const USAGE: &str = "usage: cargo xtask codegen [--check] [--spec FILE] | \
     package [--architecture x86_64|arm64] [--package PACKAGE] [BINARY…] | \
     image [--binaries DIRECTORY] [--to DIRECTORY] | \
     proof [--seeds N] [--page-only] [SCENARIO…] | tidy";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Problem> {
    let root = root();
    match arguments.split_first() {
        Some((task, rest)) if task == "codegen" => codegen::run(rest, &root),
        Some((task, rest)) if task == "image" => image::run(rest, &root),
        Some((task, rest)) if task == "package" => package::run(rest, &root),
        Some((task, rest)) if task == "proof" => proof::run(rest, &root),
        Some((task, rest)) if task == "tidy" => tidy::run(rest, &root),
        Some((task, _)) => Err(Problem::new(format!("no task `{task}`"), USAGE)),
        None => Err(Problem::new("no task given", USAGE)),
    }
}

/// The workspace's directory.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("xtask is a directory of the workspace").to_owned()
}
