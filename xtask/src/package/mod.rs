//! `cargo xtask package`: the zip of each Lambda function, in `target/lambda`.
//!
//! Binaries are built by cargo-lambda with zig as linker, so that they need no
//! newer C library than Lambda has. The zips are written here, byte for byte
//! the same for the same binary, so that one upload serves both regions.

mod archive;
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::binaries::{FUNCTIONS, PACKAGE};
use crate::problem::Problem;

const USAGE: &str = "usage: cargo xtask package [--architecture x86_64|arm64] [--package PACKAGE] [BINARY…]";

/// A processor, by the name that the deployment file has for it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Architecture {
    X86_64,
    Arm64,
}

impl Architecture {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "x86_64" => Some(Self::X86_64),
            "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// The option of cargo-lambda.
    fn flag(self) -> &'static str {
        match self {
            Self::X86_64 => "--x86-64",
            Self::Arm64 => "--arm64",
        }
    }

    /// The target of the compiler.
    fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }
}

/// What the command line asked for.
#[derive(Debug, PartialEq)]
struct Options {
    architecture: Architecture,
    package: String,
    binaries: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Problem> {
        let mut options =
            Options { architecture: Architecture::X86_64, package: PACKAGE.into(), binaries: Vec::new() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--package" => {
                    let missing = || Problem::new("`--package` names no package", USAGE);
                    options.package = rest.next().ok_or_else(missing)?.clone();
                }
                "--architecture" => {
                    let unknown = || Problem::new("`--architecture` is x86_64 or arm64", USAGE);
                    let known = rest.next().and_then(|name| Architecture::parse(name));
                    options.architecture = known.ok_or_else(unknown)?;
                }
                flag if flag.starts_with('-') => {
                    return Err(Problem::new(format!("`package` does not understand `{flag}`"), USAGE));
                }
                binary => options.binaries.push(binary.to_owned()),
            }
        }
        if options.binaries.is_empty() {
            options.binaries = FUNCTIONS.map(str::to_owned).to_vec();
        }
        Ok(options)
    }
}

/// Builds the binaries and writes their zips.
pub fn run(arguments: &[String], root: &Path) -> Result<(), Problem> {
    let options = Options::parse(arguments)?;
    let tools = tools::install(root)?;
    let built = root.join("target/lambda-build");
    build(&options, &tools, &built, root)?;
    let zips = root.join("target/lambda");
    fs::create_dir_all(&zips).map_err(|error| Problem::file(&zips, error))?;
    for binary in &options.binaries {
        let file = built.join(binary).join("bootstrap");
        let bootstrap = fs::read(&file).map_err(|error| Problem::file(&file, error))?;
        let zip = archive::deployable(&bootstrap).map_err(|error| {
            Problem::new(format!("cannot zip `{binary}`: {error}"), "the binary may be too large")
        })?;
        let target = zips.join(format!("{binary}.zip"));
        fs::write(&target, &zip).map_err(|error| Problem::file(&target, error))?;
        println!("target/lambda/{binary}.zip {} bytes", zip.len());
    }
    Ok(())
}

fn build(options: &Options, tools: &Path, output: &Path, root: &Path) -> Result<(), Problem> {
    let mut command = Command::new(tools.join("cargo-lambda"));
    command.args(arguments(options)).arg("--lambda-dir").arg(output);
    command.current_dir(root).env("PATH", tools::search_path(tools));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Problem::new(
            format!("cargo-lambda failed with {status}"),
            format!(
                "its messages are above; if the target is not installed: `rustup target add {}`",
                options.architecture.target()
            ),
        )),
        Err(error) => Err(Problem::new(
            format!("cannot run cargo-lambda: {error}"),
            "delete target/lambda-tools to install it anew",
        )),
    }
}

/// What cargo-lambda is told, but for where the result goes.
fn arguments(options: &Options) -> Vec<&str> {
    let mut arguments = vec!["lambda", "build", "--release", "--locked", options.architecture.flag()];
    arguments.extend(["--package", &options.package]);
    arguments.extend(options.binaries.iter().flat_map(|binary| ["--bin", binary]));
    arguments
}

#[cfg(test)]
mod tests {
    // Goal: without names all functions are built, for the asked processor, and mistyped options are
    // refused.
    // Method: parse a few command lines.
    use super::*;

    fn parse(list: &[&str]) -> Result<Options, Problem> {
        Options::parse(&list.iter().map(|one| one.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn all_functions_are_the_default() {
        let options = parse(&[]).expect("nothing is needed");
        assert_eq!(
            (options.package.as_str(), options.binaries),
            ("services", FUNCTIONS.map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn names_choose() {
        let options = parse(&["--package", "xtask", "a", "b"]).expect("both are known");
        assert_eq!((options.package.as_str(), options.binaries), ("xtask", vec!["a".into(), "b".into()]));
    }

    #[test]
    fn the_processor_is_chosen_and_intel_s_is_the_default() {
        for (list, flag, target) in [
            (&["a"][..], "--x86-64", "x86_64-unknown-linux-gnu"),
            (&["a", "--architecture", "x86_64"], "--x86-64", "x86_64-unknown-linux-gnu"),
            (&["--architecture", "arm64", "a"], "--arm64", "aarch64-unknown-linux-gnu"),
        ] {
            let options = parse(list).expect("a known processor");
            let expected =
                ["lambda", "build", "--release", "--locked", flag, "--package", "services", "--bin", "a"];
            assert_eq!(arguments(&options), expected);
            assert_eq!(options.architecture.target(), target);
        }
    }

    #[test]
    fn mistyped_options_are_refused() {
        assert!(parse(&["--pakcage"]).is_err());
        assert!(parse(&["--package"]).is_err());
        assert!(parse(&["--architecture"]).is_err());
        assert!(parse(&["--architecture", "aarch64"]).is_err());
    }
}
