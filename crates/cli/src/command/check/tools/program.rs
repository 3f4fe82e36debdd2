//! Which program is run for a validator: the pinned version, of the project or of the machine.
//!
//! Another version knows other rules and judges by other specifications: its findings would be judged by
//! acceptances that are not about it, and what it lets pass would be taken for clean. So it is not run, and said
//! to be there.

use std::path::{Path, PathBuf};
use std::process::Command;

use infra::check::report::Outcome;
use infra::check::validator::Tool;

use super::{broken, complaint, output};

/// A program of the pinned version, and what it says of its version.
pub(super) type Found = (PathBuf, String);

/// Looks in a directory of the project, and then where the shell would. `as_pinned` makes of a program's version
/// what [`Tool::pinned`] compares.
pub(super) fn pinned(
    tool: Tool,
    own: Option<PathBuf>,
    as_pinned: impl Fn(String) -> String,
) -> Result<Found, Outcome> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = own.map(|directory| directory.join(tool.as_str())).filter(|file| file.is_file());
    let shared = std::env::split_paths(&path).map(|directory| directory.join(tool.as_str()));
    let shared = shared.filter(|file| file.is_file());
    let mut other = Outcome::NotInstalled;
    for (is_own, program) in own.map(|own| (true, own)).into_iter().chain(shared.map(|file| (false, file))) {
        // A relative path with a directory in it is taken from here, and not looked for.
        let program = std::path::absolute(&program).unwrap_or(program);
        let version = match version(&program) {
            Ok(version) => as_pinned(version),
            Err(reason) if is_own => return Err(broken(reason)),
            // Such as the shim of a version manager that has nothing behind it.
            Err(_) => "of no known version".to_owned(),
        };
        if version == tool.pinned() {
            return Ok((program, version));
        }
        if other == Outcome::NotInstalled {
            other = Outcome::OtherVersion { version, program: program.display().to_string() };
        }
    }
    Err(other)
}

/// A directory of the project: here, or in the nearest directory above that has it.
pub(super) fn of_project(relative: impl AsRef<Path>) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|directory| directory.join(&relative)).find(|directory| directory.is_dir())
}

/// The last word of `--version`.
fn version(program: &Path) -> Result<String, String> {
    let output = output(Command::new(program).arg("--version"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().last().map(str::to_owned);
    version.ok_or_else(|| format!("{} does not say its version{}", program.display(), complaint(&output)))
}
