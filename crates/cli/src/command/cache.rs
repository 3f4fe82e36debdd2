//! Where the downloaded parts of drills and emulations are kept.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The named directory, or the user's. Absolute, because the drill's parts have working directories of their own.
pub fn cache(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let directory = match named {
        Some(directory) => Some(directory.to_owned()),
        None => drill::environment::default_cache_dir(
            variable("XDG_CACHE_HOME").as_deref(),
            variable("HOME").as_deref(),
        ),
    };
    directory.and_then(|directory| std::path::absolute(directory).ok()).ok_or_else(|| {
        Failure::failed("there is no cache directory: neither XDG_CACHE_HOME nor HOME is an absolute path")
            .hint("name one with --cache DIR")
    })
}
