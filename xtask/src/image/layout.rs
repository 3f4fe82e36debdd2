//! An OCI image layout on disk, whose every byte follows from the files of the image.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tar::{Files, archive};
use crate::problem::Problem;

/// Who the programs run as: nobody in particular, and not root.
pub const USER: &str = "65532:65532";

/// One layer: files, and directories that are empty or not like others.
#[derive(Debug)]
pub struct Layer<'a> {
    /// What it holds, for people.
    pub holds: &'a str,
    /// Its files.
    pub files: Files,
    /// Its directories with their modes, beside those that files need.
    pub directories: Vec<(&'a str, u32)>,
}

/// What an image is, beside its files.
#[derive(Clone, Copy, Debug)]
pub struct Nature<'a> {
    /// Processor, as Go names it.
    pub architecture: &'a str,
    /// What runs unless a task says otherwise.
    pub command: &'a str,
}

/// A piece of an image.
struct Blob {
    digest: String,
    size: usize,
}

/// Writes the layout into `target`, which holds nothing else afterwards, and returns the image's digest,
/// such as `sha256:…`.
///
/// # Errors
/// When a file cannot be written, or an archive cannot hold one.
pub fn write(target: &Path, layers: &[Layer<'_>], nature: Nature<'_>) -> Result<String, Problem> {
    if target.exists() {
        fs::remove_dir_all(target).map_err(|error| Problem::file(target, error))?;
    }
    let blobs = target.join("blobs/sha256");
    fs::create_dir_all(&blobs).map_err(|error| Problem::file(&blobs, error))?;
    let (mut listed, mut differences, mut history) = (Vec::new(), Vec::new(), Vec::new());
    for layer in layers {
        let plain = archive(&layer.files, &layer.directories)
            .map_err(|what| Problem::new(what, "shorten the path, or write a longer kind of header"))?;
        let blob = put(&blobs, &compressed(&plain))?;
        differences.push(digest(&plain));
        history.push(json!({ "created": EPOCH, "created_by": "cargo xtask image", "comment": layer.holds }));
        listed.push(described("application/vnd.oci.image.layer.v1.tar+gzip", &blob));
    }
    let config = put(&blobs, json_bytes(&config(nature, &differences, &history)).as_slice())?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": described("application/vnd.oci.image.config.v1+json", &config),
        "layers": listed,
    });
    let manifest = put(&blobs, &json_bytes(&manifest))?;
    let mut entry = described(MANIFEST, &manifest);
    entry["platform"] = json!({ "architecture": nature.architecture, "os": "linux" });
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag(&manifest.digest) });
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry],
    });
    save(&target.join("index.json"), &json_bytes(&index))?;
    save(&target.join("oci-layout"), &json_bytes(&json!({ "imageLayoutVersion": "1.0.0" })))?;
    Ok(manifest.digest)
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// The tag under which an image is pushed and deployed: its digest, with the only character that a tag may
/// not have replaced.
pub fn tag(digest: &str) -> String {
    digest.replace(':', "-")
}

fn config(nature: Nature<'_>, differences: &[String], history: &[Value]) -> Value {
    json!({
        "created": EPOCH,
        "architecture": nature.architecture,
        "os": "linux",
        "config": {
            "User": USER,
            "Env": ["PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
            "Cmd": [nature.command],
            "WorkingDir": "/",
            "StopSignal": "SIGTERM",
        },
        "rootfs": { "type": "layers", "diff_ids": differences },
        "history": history,
    })
}

fn described(media_type: &str, blob: &Blob) -> Value {
    json!({ "mediaType": media_type, "digest": blob.digest, "size": blob.size })
}

fn json_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn compressed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6));
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory can be written")
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn put(blobs: &Path, bytes: &[u8]) -> Result<Blob, Problem> {
    let digest = digest(bytes);
    let name = digest.strip_prefix("sha256:").expect("it was put in front").to_owned();
    save(&blobs.join(name), bytes)?;
    Ok(Blob { digest, size: bytes.len() })
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    fs::write(path, bytes).map_err(|error| Problem::file(path, error))
}
