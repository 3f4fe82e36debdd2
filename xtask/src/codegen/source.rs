//! Where the specification comes from: a given file, or the pinned npm package.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::problem::Problem;

const PACKAGE: &str = "@aws-cdk/aws-service-spec@0.1.216";
const TARBALL: &str = "aws-cdk-aws-service-spec-0.1.216.tgz";
const DATABASE: &str = "package/db.json.gz";
const DATABASE_SHA256: &str = "3e4003a5a44324bea1841c8f0b7cf7190ee5e66a4cd5c93caad1ad7ad75c4dd2";

/// The decompressed database, after its checksum was verified.
pub fn read(given: Option<&Path>, root: &Path) -> Result<Vec<u8>, Problem> {
    let file = match given {
        Some(file) => file.to_owned(),
        None => fetch(&root.join("target/service-spec"))?,
    };
    let compressed = fs::read(&file).map_err(|error| Problem::file(&file, error))?;
    let found = hex(&Sha256::digest(&compressed));
    if found != DATABASE_SHA256 {
        let what = format!("`{}` is not the pinned specification: sha256 {found}", file.display());
        return Err(Problem::new(what, format!("expected {DATABASE_SHA256}, `{DATABASE}` of {PACKAGE}")));
    }
    let mut json = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(compressed.as_slice());
    reader.read_to_end(&mut json).map_err(|error| Problem::file(&file, error))?;
    Ok(json)
}

fn fetch(directory: &Path) -> Result<PathBuf, Problem> {
    let file = directory.join(DATABASE);
    if file.exists() {
        return Ok(file);
    }
    fs::create_dir_all(directory).map_err(|error| Problem::file(directory, error))?;
    run(Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(directory))?;
    run(Command::new("tar").args(["-xzf", TARBALL, DATABASE]).current_dir(directory))?;
    Ok(file)
}

fn run(command: &mut Command) -> Result<(), Problem> {
    let hint =
        format!("needs npm, tar and a registry; offline, pass `--spec FILE` with `{DATABASE}` of {PACKAGE}");
    let name = command.get_program().to_string_lossy().into_owned();
    match command.stdout(std::process::Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Problem::new(format!("`{name}` failed with {status}"), hint)),
        Err(error) => Err(Problem::new(format!("cannot run `{name}`: {error}"), hint)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
