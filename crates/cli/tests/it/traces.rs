//! What a drill may leave behind: processes and files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A directory for temporary files of one drill, which another user may pass through (PostgreSQL
/// does not run as root).
pub struct Private {
    directory: tempfile::TempDir,
}

impl Private {
    pub fn new() -> Self {
        // Not below the target directory, which another user may have no way into.
        let directory = tempfile::Builder::new().prefix("standfast-test-").tempdir();
        let directory = directory.expect("a temporary directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        Self { directory }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.path()).expect("it is there").flatten().map(|entry| entry.path()).collect()
    }

    /// Every process that names the directory on its command line or works in it.
    pub fn processes(&self) -> Vec<String> {
        let here = self.path().to_string_lossy().into_owned();
        let processes = fs::read_dir("/proc").expect("this is Linux").flatten();
        let told = processes.filter_map(|process| {
            let path = process.path();
            process.file_name().to_string_lossy().parse::<u32>().ok()?;
            let line = fs::read(path.join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let works_here = fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(self.path()));
            (line.contains(&here) || works_here).then(|| format!("{}: {line}", path.display()))
        });
        told.collect()
    }

    /// Waits until nothing is left, and fails when something stays.
    pub fn assert_empty(&self) {
        let since = Instant::now();
        loop {
            let (files, processes) = (self.files(), self.processes());
            if files.is_empty() && processes.is_empty() {
                return;
            }
            assert!(since.elapsed() < Duration::from_secs(30), "left behind: {files:?} {processes:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
