//! The only place of this crate that touches files.

use std::io;
use std::path::{Path, PathBuf};

use super::Assembly;
use crate::asset::FileAsset;
use crate::identity::content_hash;

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {}", path.display())]
pub struct FileError {
    /// What was tried.
    pub verb: &'static str,
    /// With which file or directory.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError { verb, path: path.to_owned(), source }
}

/// Reads a file once, to name it by its content.
///
/// # Errors
/// When the file cannot be read.
pub fn read_asset(path: &Path) -> Result<FileAsset, FileError> {
    let content = std::fs::read(path).map_err(failed("read", path))?;
    let extension = path.extension().map_or_else(String::new, |e| e.to_string_lossy().into_owned());
    Ok(FileAsset { source: path.to_owned(), sha256: content_hash(&content), extension })
}

/// Writes the assembly into `directory`, which is made when it is missing.
/// Files of an earlier assembly stay unless they are written again.
///
/// # Errors
/// When the directory cannot be made, or a file cannot be written or copied.
pub fn write(assembly: &Assembly, directory: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(directory).map_err(failed("make the directory", directory))?;
    for (name, source) in &assembly.assets {
        let target = directory.join(name);
        if !target.exists() {
            copy_whole(source, &target)?;
        }
    }
    for (name, text) in &assembly.files {
        let target = directory.join(name);
        std::fs::write(&target, text).map_err(failed("write", &target))?;
    }
    Ok(())
}

/// A file named by its content must never be half there.
fn copy_whole(source: &Path, target: &Path) -> Result<(), FileError> {
    let partial = target.with_extension("partial");
    std::fs::copy(source, &partial).map_err(failed("copy", source))?;
    std::fs::rename(&partial, target).map_err(failed("write", target))
}
