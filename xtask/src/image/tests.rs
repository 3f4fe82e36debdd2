// Goal: an image holds all that its programs need and nothing that differs from build to build; its
// layout is what other programs expect. Method: make images of a small program of the system, and one of
// this very test program; unpack them as a container engine would, and start the latter with nothing but
// what its image holds.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;

/// A directory with a program under the names of the containers.
fn programs(program: &Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for name in CONTAINERS {
        fs::copy(program, directory.path().join(name)).expect("it can be copied");
    }
    directory
}

/// A program that every Linux has.
fn small() -> tempfile::TempDir {
    programs(Path::new("/usr/bin/env"))
}

/// This test program, without what only a debugger reads.
fn own(directory: &Path) -> PathBuf {
    let (own, stripped) = (std::env::current_exe().expect("it runs"), directory.join("stripped"));
    let strip = Command::new("strip").arg("--strip-all").arg("-o").arg(&stripped).arg(&own).status();
    if strip.is_ok_and(|status| status.success()) { stripped } else { own }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("it was written")).expect("JSON")
}

/// The blob that a descriptor names, after its size and digest were checked.
fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest =
        descriptor["digest"].as_str().expect("a digest").strip_prefix("sha256:").expect("of SHA-256");
    let path = layout.join("blobs/sha256").join(digest);
    let bytes = fs::read(&path).expect("the blob is there");
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((found.as_str(), Some(bytes.len() as u64)), (digest, descriptor["size"].as_u64()));
    path
}

/// Unpacks every layer, one over the other.
fn unpack(layout: &Path, target: &Path) -> Value {
    let manifest = json(&blob(layout, &json(&layout.join("index.json"))["manifests"][0]));
    for layer in manifest["layers"].as_array().expect("a list") {
        let status = Command::new("tar")
            .args(["--extract", "--gzip", "--no-same-owner", "--file"])
            .arg(blob(layout, layer))
            .arg("--directory")
            .arg(target)
            .status();
        assert!(status.expect("there is a tar").success());
    }
    json(&blob(layout, &manifest["config"]))
}

#[test]
fn the_same_programs_give_the_same_image() {
    let (programs, to) = (small(), tempfile::tempdir().expect("a temporary directory"));
    let make = |name: &str| make(programs.path(), &CONTAINERS, &to.path().join(name)).expect("an image");
    let (one, two) = (make("one"), make("two"));
    assert_eq!(one, two);
    let index = |name: &str| fs::read(to.path().join(name).join("index.json")).expect("it was written");
    assert_eq!(index("one"), index("two"));
    fs::write(programs.path().join(CONTAINERS[1]), "\x7fELF but another").expect("it is ours");
    assert!(super::make(programs.path(), &CONTAINERS, &to.path().join("three")).is_err(), "it is no program");
}

#[test]
fn the_image_runs_as_nobody_and_names_its_tag() {
    let (programs, to) = (small(), tempfile::tempdir().expect("a temporary directory"));
    let digest = make(programs.path(), &CONTAINERS, to.path()).expect("an image");
    let root = tempfile::tempdir().expect("a temporary directory");
    let config = unpack(to.path(), root.path());
    assert_eq!(config["config"]["User"], layout::USER);
    assert_eq!(config["config"]["Cmd"][0], "/usr/bin/orders-service");
    assert_eq!(config["config"].get("Entrypoint"), None, "a task names its program");
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    assert_eq!(config["rootfs"]["diff_ids"].as_array().map(Vec::len), Some(2));
    let index = json(&to.path().join("index.json"));
    let tag = index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"].as_str();
    assert_eq!(tag, Some(digest.replace(':', "-").as_str()));
    assert_eq!(json(&to.path().join("oci-layout"))["imageLayoutVersion"], "1.0.0");
    for path in ["bin/sh", "usr/bin/sh", "usr/bin/env"] {
        assert!(!root.path().join(path).exists(), "there is no shell");
    }
    let passwd = fs::read_to_string(root.path().join("etc/passwd")).expect("text");
    assert!(passwd.contains("nonroot:x:65532:65532:"));
    let authorities = root.path().join(AUTHORITIES.trim_start_matches('/'));
    assert!(fs::metadata(authorities).expect("they are there").len() > 0);
    let program = fs::metadata(root.path().join("usr/bin/orders-worker")).expect("it is there");
    assert_eq!((program.mode() & 0o7777, program.mtime()), (0o755, 0));
}

#[test]
fn a_program_starts_with_nothing_but_what_the_image_holds() {
    let to = tempfile::tempdir().expect("a temporary directory");
    let programs = programs(&own(to.path()));
    make(programs.path(), &CONTAINERS, &to.path().join("image")).expect("an image");
    let root = tempfile::tempdir().expect("a temporary directory");
    unpack(&to.path().join("image"), root.path());
    let output = started(root.path(), "usr/bin/orders-service", &["--list"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}");
    assert!(said.contains("a_program_starts_with_nothing_but_what_the_image_holds: test"), "{said}");
}

/// Runs a program of an unpacked image through the image's own loader, with the image's libraries alone: the
/// system's own are not looked for.
fn started(root: &Path, program: &str, arguments: &[&str]) -> std::process::Output {
    let mut files = Vec::new();
    below(root, &mut files);
    let named = |part: &str| files.iter().find(|path| path.to_string_lossy().contains(part));
    let loader = named("/ld-linux").or_else(|| named("/ld-musl")).expect("the image has a loader");
    let libraries: BTreeSet<String> = files
        .iter()
        .filter(|path| path.to_string_lossy().contains(".so"))
        .filter_map(|path| Some(path.parent()?.display().to_string()))
        .collect();
    let libraries = libraries.into_iter().collect::<Vec<_>>().join(":");
    let path = root.join(program);
    let loaded = |list: bool| {
        let mut command = Command::new(loader);
        command.env_clear();
        if list {
            command.arg("--list");
        }
        command.args(["--inhibit-cache", "--library-path", &libraries]).arg(&path);
        command
    };
    let listed = loaded(true).output().expect("the loader runs");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for line in listed.lines().filter(|line| line.contains(" => ")) {
        assert!(line.contains(&*root.to_string_lossy()), "a library of the system's: {line}");
    }
    loaded(false).args(arguments).output().expect("the loader runs")
}

fn below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            below(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn mistyped_options_are_refused() {
    let parse = |list: &[&str]| Options::parse(&list.iter().map(|one| one.to_string()).collect::<Vec<_>>());
    assert_eq!(parse(&[]).expect("nothing is needed"), Options::default());
    let options = parse(&["--binaries", "a", "--to", "b"]).expect("both are known");
    assert_eq!(options, Options { binaries: Some("a".into()), to: Some("b".into()) });
    assert!(parse(&["--binaries"]).is_err() && parse(&["--form", "b"]).is_err());
}
