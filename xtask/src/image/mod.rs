//! `cargo xtask image`: the container image of both programs, as an OCI image layout in `target/image`.
//!
//! No container engine is needed. The image holds the programs, the loader and libraries they are linked
//! to, the certificate authorities of this system, and two lines that name its user: no shell, no package
//! manager. The same programs on the same system give the same digest.

mod layout;
mod linked;
mod tar;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use layout::{Layer, Nature};
use tar::{Entry, Files};

use crate::binaries::CONTAINERS;
use crate::problem::Problem;

const USAGE: &str = "usage: cargo xtask image [--binaries DIRECTORY] [--to DIRECTORY]";
/// Directory of the functions' packages, and the file there that holds the image's tag:
/// `infra::packages::IMAGE_TAG_FILE`.
const PACKAGES: &str = "target/lambda";
const TAG_FILE: &str = "image.tag";
/// The authorities that the system trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Users and groups that the image knows.
const PASSWD: &str = "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnonroot:x:65532:\n";
/// Names come from the files that the task is given, then from its name server.
const NSSWITCH: &str = "hosts: files dns\n";

/// What the command line asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    binaries: Option<PathBuf>,
    to: Option<PathBuf>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Problem> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let place = match argument.as_str() {
                "--binaries" => &mut options.binaries,
                "--to" => &mut options.to,
                other => return Err(Problem::new(format!("`image` does not understand `{other}`"), USAGE)),
            };
            let missing = || Problem::new(format!("`{argument}` names no directory"), USAGE);
            *place = Some(PathBuf::from(rest.next().ok_or_else(missing)?));
        }
        Ok(options)
    }
}

/// Builds the programs, unless they are given, and writes the image.
pub fn run(arguments: &[String], root: &Path) -> Result<(), Problem> {
    let options = Options::parse(arguments)?;
    let binaries = match options.binaries {
        Some(given) => given,
        None => build(root)?,
    };
    let elsewhere = options.to.is_some();
    let target = options.to.unwrap_or_else(|| root.join("target/image"));
    let digest = make(&binaries, &CONTAINERS, &target)?;
    let tag = layout::tag(&digest);
    if !elsewhere {
        remember(&root.join(PACKAGES), &tag)?;
    }
    println!("{digest}\n{tag}");
    Ok(())
}

/// Leaves the tag beside the packages, where `standfast synth` looks for it when nobody names another.
fn remember(packages: &Path, tag: &str) -> Result<(), Problem> {
    fs::create_dir_all(packages).map_err(|error| Problem::file(packages, error))?;
    let file = packages.join(TAG_FILE);
    fs::write(&file, format!("{tag}\n")).map_err(|error| Problem::file(&file, error))
}

fn build(root: &Path) -> Result<PathBuf, Problem> {
    let target = root.join("target/image-build");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--package", "services", "--target-dir"]).arg(&target);
    command.args(CONTAINERS.iter().flat_map(|binary| ["--bin", binary])).current_dir(root);
    match command.status() {
        Ok(status) if status.success() => Ok(target.join("release")),
        Ok(status) => Err(Problem::new(format!("cargo failed with {status}"), "its messages are above")),
        Err(error) => Err(Problem::new(format!("cannot run cargo: {error}"), "is it installed?")),
    }
}

/// Writes the image of `programs`, which are in `binaries`, and returns its digest.
fn make(binaries: &Path, programs: &[&str], target: &Path) -> Result<String, Problem> {
    let mut base = Files::new();
    let mut own = Files::new();
    let mut linked = BTreeSet::new();
    let mut architecture = None;
    for program in programs {
        let path = binaries.join(program);
        let content = read(&path)?;
        architecture = Some(processor(&content).ok_or_else(|| foreign(&path))?);
        linked.extend(linked::files(&path)?);
        own.insert(format!("/usr/bin/{program}"), Entry { content, mode: 0o755 });
    }
    for path in linked {
        // Under the name by which it is looked for; a link is followed.
        let content = read(&path)?;
        base.insert(path.display().to_string(), Entry { content, mode: 0o755 });
    }
    let texts = [("/etc/passwd", PASSWD), ("/etc/group", GROUP), ("/etc/nsswitch.conf", NSSWITCH)];
    for (path, text) in texts {
        base.insert(path.to_owned(), Entry { content: text.into(), mode: 0o644 });
    }
    let authorities = read(Path::new(AUTHORITIES))?;
    base.insert(AUTHORITIES.to_owned(), Entry { content: authorities, mode: 0o644 });
    let layers = [
        Layer {
            holds: "loader, libraries, certificate authorities, user",
            files: base,
            directories: vec![("/tmp", 0o1777)],
        },
        Layer { holds: "programs", files: own, directories: Vec::new() },
    ];
    let architecture = architecture.ok_or_else(|| Problem::new("an image of no program", USAGE))?;
    let command = format!("/usr/bin/{}", programs[0]);
    layout::write(target, &layers, Nature { architecture, command: &command })
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(path).map_err(|error| Problem::file(path, error))
}

fn foreign(path: &Path) -> Problem {
    let what = format!("`{}` is no program for Linux on x86_64 or arm64", path.display());
    Problem::new(what, "build the programs on the kind of machine that they shall run on")
}

/// The processor an ELF program is for, by the name that images have for it.
fn processor(program: &[u8]) -> Option<&'static str> {
    match (program.get(..4)?, program.get(18..20)?) {
        (b"\x7fELF", [62, 0]) => Some("amd64"),
        (b"\x7fELF", [183, 0]) => Some("arm64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
