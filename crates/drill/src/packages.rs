//! Deployment packages of the functions, and programs of the containers, from binaries that were built for this machine.
//!
//! A package is a zip with one executable, `bootstrap`, as the runtime
//! `provided.al2023` wants it. The same binary gives the same bytes, so the asset's
//! hash does not change from one drill to the next. Debug sections are taken out
//! when the system has `strip`, which makes a debug build about ten times smaller.
//! These packages are for the drill only: a binary linked here may need a newer C
//! library than Lambda has.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Why a package could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The binary was not built.
    #[error("there is no binary {path}")]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("cannot make the package {path}")]
    Io {
        /// The package.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Packs each of `functions`, a binary in `binaries`, as `{function}.zip` in `target`, which is made.
///
/// # Errors
/// At the first binary that is missing or package that cannot be written.
pub fn pack(binaries: &Path, functions: &[&str], target: &Path) -> Result<Vec<PathBuf>, PackageError> {
    functions.iter().map(|function| pack_one(&binaries.join(function), function, target)).collect()
}

/// The program of a container, a binary in `binaries`, which runs as it is.
///
/// # Errors
/// When it was not built.
pub fn built(binaries: &Path, program: &str) -> Result<PathBuf, PackageError> {
    let path = binaries.join(program);
    if path.is_file() { Ok(path) } else { Err(PackageError::Missing { path }) }
}

fn pack_one(binary: &Path, function: &str, target: &Path) -> Result<PathBuf, PackageError> {
    if !binary.is_file() {
        return Err(PackageError::Missing { path: binary.to_owned() });
    }
    let path = target.join(format!("{function}.zip"));
    write_package(binary, &path).map_err(|source| PackageError::Io { path: path.clone(), source })?;
    Ok(path)
}

fn write_package(binary: &Path, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let stripped = path.with_extension("stripped");
    let source = if strip(binary, &stripped) { &stripped } else { binary };
    let executable = fs::read(source)?;
    // The lowest level that compresses: a drill packs far more often than it sends.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(File::create(path)?);
    zip.start_file("bootstrap", options)?;
    zip.write_all(&executable)?;
    zip.finish()?;
    let _ = fs::remove_file(&stripped);
    Ok(())
}

/// Says whether there is now a stripped copy.
fn strip(binary: &Path, target: &Path) -> bool {
    let mut command = Command::new("strip");
    command.args(["--strip-debug", "--enable-deterministic-archives", "-o"]).arg(target).arg(binary);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success()) && target.is_file()
}

#[cfg(test)]
mod tests {
    // Goal: a package is what the runtime wants and depends on the binary only. Method: a script as the binary.
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_same_binary_gives_the_same_package() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join("orders-api"), "#!/bin/sh\n").expect("a binary");
        let one = pack(dir.path(), &["orders-api"], &dir.path().join("one")).expect("a package");
        let two = pack(dir.path(), &["orders-api"], &dir.path().join("two")).expect("a package");
        assert_eq!(fs::read(&one[0]).expect("bytes"), fs::read(&two[0]).expect("bytes"));
        let mut archive = zip::ZipArchive::new(File::open(&one[0]).expect("a file")).expect("a zip");
        let mut entry = archive.by_index(0).expect("one entry");
        assert_eq!(entry.name().expect("a name"), "bootstrap");
        assert_eq!(entry.unix_mode(), Some(0o100_755));
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        assert_eq!(text, "#!/bin/sh\n");
    }

    #[test]
    fn a_binary_that_was_not_built_is_named() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let error = pack(dir.path(), &["sentinel"], dir.path()).expect_err("there is none");
        assert!(error.to_string().ends_with("sentinel"));
    }
}
