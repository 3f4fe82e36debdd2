//! The zip files of the functions: one file each, the same for both regions.

use std::path::Path;

use cdk::FileAsset;
use cdk::assembly::writer::{FileError, read_asset};

/// Accepts and answers orders and sessions.
pub const ORDERS_API: &str = "orders-api";
/// Settles orders into the database.
pub const ORDER_PROCESSOR: &str = "order-processor";
/// Keeps the lease, watches the other region, takes over.
pub const SENTINEL: &str = "sentinel";
/// Runs the steps of the recovery workflow.
pub const RECOVERY_STEP: &str = "recovery-step";
/// Every function, by the name of its binary and of its zip file.
pub const FUNCTIONS: [&str; 4] = [ORDERS_API, ORDER_PROCESSOR, SENTINEL, RECOVERY_STEP];

/// The deployment packages, read once.
#[derive(Clone, Debug)]
pub struct Packages {
    assets: Vec<(&'static str, FileAsset)>,
}

impl Packages {
    /// Reads `{function}.zip` of every function.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn read(directory: &Path) -> Result<Self, FileError> {
        let read = |function| Ok((function, read_asset(&directory.join(format!("{function}.zip")))?));
        Ok(Self { assets: FUNCTIONS.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The package of one of [`FUNCTIONS`].
    ///
    /// # Panics
    /// When `function` is none of them, which is a mistake in the program.
    pub fn of(&self, function: &str) -> &FileAsset {
        let found = self.assets.iter().find(|(name, _)| *name == function);
        &found.expect("every function of FUNCTIONS was read").1
    }
}
