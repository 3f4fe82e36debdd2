//! Running one drill with the programs as they are built here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use recovery::scenario::Scenario;

use super::record::Record;
use crate::problem::Problem;

/// Longest that is kept of what a drill said when it came to no verdict, in characters.
const REASON_MAX: usize = 400;

/// Builds the command and the services, and says where the command is.
pub fn build(root: &Path) -> Result<PathBuf, Problem> {
    let hint = "cargo says above what is wrong";
    let arguments = ["build", "--quiet", "--bins", "--package", "services", "--package", "cli"];
    let status = Command::new("cargo").args(arguments).current_dir(root).status();
    let built = status.map_err(|error| Problem::new(format!("cannot run cargo: {error}"), hint))?;
    if !built.success() {
        return Err(Problem::new("the programs cannot be built", hint));
    }
    Ok(target(root).join("debug/standfast"))
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Runs one drill; a drill that fails is a record too.
pub fn run(
    root: &Path,
    program: &Path,
    scenario: &Scenario,
    deployment: &Path,
    seed: u64,
    commit: &str,
) -> Result<Record, Problem> {
    let functions = program.parent().expect("a program is in a directory");
    let began = Instant::now();
    let output = Command::new(program)
        .current_dir(root)
        .args(["drill", &scenario.name, "--output", "json", "--seed", &seed.to_string()])
        .arg("--deployment")
        .arg(deployment)
        .arg("--functions")
        .arg(functions)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Problem::file(program, error))?;
    let (took_s, deployment) = (began.elapsed().as_secs_f64(), deployment.to_string_lossy());
    let record = match serde_json::from_slice(&output.stdout) {
        Ok(report) => Record { commit: commit.to_owned(), ..Record::of(&report, &deployment, took_s) },
        Err(_) => {
            let why = reason(&output.stderr);
            Record::not_run(&scenario.name, &deployment, seed, commit, took_s, why)
        }
    };
    Ok(record)
}

/// The last of what it said: its error and the hint.
fn reason(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let from = text.rfind("error: ").unwrap_or_default();
    text[from..].split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_MAX).collect()
}

#[cfg(test)]
mod tests {
    // Goal: of what a drill says before it gives up, its error is kept.
    #[test]
    fn the_reason_is_the_last_error() {
        let said = "  0.1 s  deploying\nerror: the drill could not be run\nhint: free a port\n";
        assert_eq!(super::reason(said.as_bytes()), "error: the drill could not be run hint: free a port");
        assert_eq!(super::reason(b"killed"), "killed");
    }
}
