//! Everything a drill starts or writes belongs to a [`RunDirectory`] and goes
//! with it: on drop, on a signal that ends the drill, and also when the drill
//! itself is killed with `SIGKILL`.
//!
//! The last case is the job of the *warden*, a small shell script that holds the
//! read end of a pipe. The pipe closes when the drill dies, however it dies, and
//! the warden then kills the process groups it was told of and removes the run
//! directory. A run directory whose warden died too is removed by the next drill:
//! nobody holds its lock any more.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

mod process;

pub use process::{Farewell, OwnedProcess};

const PREFIX: &str = "standfast-run-";
const LOCK: &str = "lock";

/// A directory for the files of one run, and the owner of its processes.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    keep: AtomicBool,
    warden: Warden,
    _lock: File,
}

impl RunDirectory {
    /// Makes a new directory under `parent`, after removing those that dead drills left there.
    ///
    /// # Errors
    /// When the directory, its lock or the warden cannot be made.
    pub fn create(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?.keep();
        // PostgreSQL may run as another user, who has to pass through here.
        let mode = if rustix::process::geteuid().is_root() { 0o755 } else { 0o700 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        // Locked before it has its final name, so that no sweep finds it unlocked.
        let unnamed = path.join("lock.new");
        let lock = File::create(&unnamed)?;
        lock.lock()?;
        fs::rename(&unnamed, path.join(LOCK))?;
        let warden = Warden::start(Some(&path))?;
        Ok(Self { path, keep: AtomicBool::new(false), warden, _lock: lock })
    }

    /// Makes a new directory under the system's directory for temporary files.
    ///
    /// # Errors
    /// As [`RunDirectory::create`].
    pub fn temporary() -> io::Result<Self> {
        Self::create(&std::env::temp_dir())
    }

    /// Where the files of this run are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the files in place when the run ends. Processes still end with it.
    pub fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
        self.warden.say("keep", "run");
        // Without a lock file the directory is nobody's to sweep.
        let _ = fs::remove_file(self.path.join(LOCK));
    }

    pub(crate) fn warden(&self) -> &Warden {
        &self.warden
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        if !self.keep.load(Ordering::Relaxed) {
            // What a dying process writes meanwhile is left to the warden.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes the run directories under `parent` that no living drill has locked.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Told which process groups exist; ends them when its pipe closes.
#[derive(Debug)]
pub(crate) struct Warden {
    script: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Warden {
    /// Starts the script; `run` is removed at the end.
    pub(crate) fn start(run: Option<&Path>) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", include_str!("owned/warden.sh"), "standfast-warden"]);
        command.args(run).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut script = command.spawn()?;
        let pipe = Mutex::new(script.stdin.take());
        Ok(Self { script, pipe })
    }

    /// A warden that cannot be told anything is dead; the groups are then ended on drop only.
    pub(crate) fn say(&self, verb: &str, value: &str) {
        let mut pipe = self.pipe.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(pipe) = pipe.as_mut() {
            let _ = pipe.write_all(format!("{verb} {value}\n").as_bytes());
        }
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        let mut pipe = self.pipe.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(pipe.take());
        let _ = self.script.wait();
    }
}

#[cfg(test)]
mod tests {
    // Goal: nothing of a run survives it. Method: real directories, locks and processes.
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_dead_runs_directory_is_swept_and_a_living_ones_is_not() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let living = RunDirectory::create(parent.path()).expect("a run directory");
        let dead = parent.path().join(format!("{PREFIX}dead"));
        fs::create_dir(&dead).expect("a directory");
        fs::write(dead.join(LOCK), "").expect("a lock file");
        let next = RunDirectory::create(parent.path()).expect("a run directory");
        assert!(!dead.exists());
        assert!(living.path().exists() && next.path().exists());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }

    #[test]
    fn a_kept_directory_outlives_its_run_and_the_next() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let run = RunDirectory::create(parent.path()).expect("a run directory");
        run.keep();
        let path = run.path().to_owned();
        drop(run);
        let _next = RunDirectory::create(parent.path()).expect("a run directory");
        assert!(path.exists());
    }

    #[test]
    fn a_process_ends_with_its_owner() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let run = Arc::new(RunDirectory::create(parent.path()).expect("a run directory"));
        let mut command = Command::new("sleep");
        command.arg("600");
        let process = OwnedProcess::spawn(&run, command, Farewell::Kill).expect("sleep starts");
        let pid = process.id();
        drop(process);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn the_warden_ends_what_a_killed_drill_leaves() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let run = parent.path().join("run");
        fs::create_dir(&run).expect("a directory");
        let mut orphan = Command::new("sleep").arg("600").process_group(0).spawn().expect("sleep starts");
        let warden = Warden::start(Some(&run)).expect("the warden starts");
        warden.say("own", &orphan.id().to_string());
        drop(warden); // the pipe closes as it does when the drill is killed
        let status = orphan.wait().expect("the orphan was ours");
        assert!(!status.success());
        assert!(!run.exists());
    }
}
