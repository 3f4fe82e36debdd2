//! Files that are uploaded before a stack is deployed.

use std::path::PathBuf;

use crate::stack::Environment;

/// A file to upload, named by what is in it.
///
/// [`assembly::writer::read_asset`](crate::assembly::writer::read_asset) makes one from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAsset {
    /// Where the file is now.
    pub source: PathBuf,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub sha256: String,
    /// Extension of the object key, such as `zip`.
    pub extension: String,
}

impl FileAsset {
    /// Key of the object in the asset bucket, the same in every region.
    pub fn object_key(&self) -> String {
        format!("{}.{}", self.sha256, self.extension)
    }

    /// Name of the file inside the assembly.
    pub(crate) fn file_name(&self) -> String {
        format!("asset.{}", self.object_key())
    }
}

/// Name of the bucket the bootstrap stack made for assets.
pub fn asset_bucket(environment: &Environment) -> String {
    format!("cdk-hnb659fds-assets-{}-{}", environment.account, environment.region)
}
