//! Finding an interpreter that is new enough and whole enough.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::EnvironmentError;

/// Both wheels ask for 3.10; the newest they ship binaries for comes first after the system's own.
const NAMES: [&str; 6] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14"];
const OLDEST: (u32, u32) = (3, 10);

/// An interpreter that can make an environment.
#[derive(Debug)]
pub(super) struct Python {
    /// As it is started.
    pub(super) program: PathBuf,
    /// With every link followed; changes when the system's Python does.
    pub(super) resolved: PathBuf,
}

/// The chosen interpreter, or the first on the search path that will do.
pub(super) fn find(chosen: Option<&Path>) -> Result<Python, EnvironmentError> {
    let candidates: Vec<PathBuf> = match chosen {
        Some(path) => vec![path.to_owned()],
        None => NAMES.iter().map(PathBuf::from).collect(),
    };
    let mut without_venv = None;
    for candidate in &candidates {
        match ask(candidate) {
            Some((version, _, _)) if version < OLDEST => {}
            Some((_, program, false)) => without_venv = without_venv.or(Some(program)),
            Some((_, program, true)) => {
                let resolved = std::fs::canonicalize(&program).unwrap_or_else(|_| program.clone());
                return Ok(Python { program, resolved });
            }
            None => {}
        }
    }
    match without_venv {
        Some(python) => Err(EnvironmentError::NoVenv { python }),
        None => {
            let tried: Vec<_> = candidates.iter().map(|path| path.display().to_string()).collect();
            Err(EnvironmentError::NoPython { tried: tried.join(", ") })
        }
    }
}

/// Version, own path, and whether `venv` and `ensurepip` are there. `None`: does not run.
fn ask(program: &Path) -> Option<((u32, u32), PathBuf, bool)> {
    const QUESTION: &str = "import sys, importlib.util as u\n\
        print(sys.version_info[0], sys.version_info[1], int(all(map(u.find_spec, ('venv', 'ensurepip')))))\n\
        print(sys.executable)";
    let output = Command::new(program).args(["-I", "-c", QUESTION]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut lines = text.lines();
    let mut numbers = lines.next()?.split(' ').map(str::parse::<u32>);
    let mut next = || numbers.next()?.ok();
    let (major, minor, whole) = (next()?, next()?, next()? == 1);
    Some(((major, minor), PathBuf::from(lines.next()?), whole))
}

#[cfg(test)]
mod tests {
    // Goal: an unfit interpreter is refused for the right reason. Method: small scripts that answer as one would.
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn answering(answer: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("python3");
        std::fs::write(&path, format!("#!/bin/sh\nprintf '{answer}\\n'\n")).expect("a script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        (dir, path)
    }

    #[test]
    fn an_old_interpreter_counts_as_none() {
        let (_dir, path) = answering("3 9 1\\n/usr/bin/python3");
        assert!(matches!(find(Some(&path)), Err(EnvironmentError::NoPython { .. })));
    }

    #[test]
    fn a_missing_module_is_named() {
        let (_dir, path) = answering("3 11 0\\n/usr/bin/python3");
        assert!(matches!(find(Some(&path)), Err(EnvironmentError::NoVenv { .. })));
    }

    #[test]
    fn a_missing_interpreter_is_said_to_be_missing() {
        let error = find(Some(Path::new("/nowhere/python3"))).expect_err("there is none");
        assert!(error.to_string().contains("/nowhere/python3"));
    }
}
