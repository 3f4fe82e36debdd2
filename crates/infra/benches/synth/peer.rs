//! The same stacks as a TypeScript CDK app: where it is, and how it is installed, built and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;
use crate::root;

/// Where the peer's counts are written down, for a test that needs no Node.
pub const COUNTS: &str = "counts.json";
/// What installs its packages; there is no lock file, for one would name a registry.
const INSTALL: &str = "npm install --no-package-lock --no-audit --no-fund";

/// The app, built.
pub struct Peer {
    directory: PathBuf,
    packages: PathBuf,
    workflows: PathBuf,
}

/// How it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing but its modules: no stack.
    Load,
    /// `node`, nothing validated.
    Bare,
    /// `node`, with our rules as aspects.
    Aspects,
    /// `node`, with the validation of templates that the library has built in and turns on by default.
    AsShipped,
    /// `node`, with both.
    Everything,
    /// `ts-node`, as `cdk init` sets an app up; otherwise as shipped.
    TsNode,
}

/// The version of Node, if there is one.
pub fn node() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

impl Peer {
    /// Where the app is.
    pub fn directory() -> PathBuf {
        root().join("benches/peers/cdk-typescript")
    }

    /// Installs what it needs unless that is there, and compiles it.
    pub fn build(packages: &Path, workflows: &Path) -> Result<Self, Failure> {
        let directory = Self::directory();
        if wanted(&directory)? != installed(&directory, "aws-cdk-lib") {
            eprintln!("installing the peer's packages (220 MB): {INSTALL}");
            let mut words = INSTALL.split(' ');
            run(Command::new(words.next().unwrap_or_default()).args(words).current_dir(&directory))?;
        }
        let compiler = directory.join("node_modules/typescript/bin/tsc");
        run(Command::new("node").arg(compiler).current_dir(&directory))?;
        Ok(Self { directory, packages: packages.to_owned(), workflows: workflows.to_owned() })
    }

    /// Versions of what the figures depend on.
    pub fn versions(&self) -> String {
        let of = |package| format!("{package} {}", installed(&self.directory, package));
        ["aws-cdk-lib", "constructs", "typescript", "ts-node"].map(of).join(", ")
    }

    /// The command that writes its assembly into a directory.
    pub fn command(&self, way: Way, outdir: &Path) -> Command {
        let mut node = Command::new("node");
        match way {
            Way::Load => node.args(["-e", LOAD]),
            Way::TsNode => node.args(["node_modules/ts-node/dist/bin.js", "--prefer-ts-exts", "src/app.ts"]),
            Way::Bare | Way::Aspects | Way::AsShipped | Way::Everything => node.arg("dist/src/app.js"),
        };
        if matches!(way, Way::Aspects | Way::Everything) {
            node.env("VALIDATE", "1");
        }
        if matches!(way, Way::Bare | Way::Aspects) {
            node.env("CDK_VALIDATION", "false");
        }
        node.current_dir(&self.directory)
            .env("CDK_OUTDIR", outdir)
            .env("CDK_CONTEXT_JSON", CONTEXT)
            .env("PACKAGES", &self.packages)
            .env("WORKFLOWS", &self.workflows);
        node
    }
}

/// What the `cdk` command asks of every app: construct paths in the templates, as ours have them.
const CONTEXT: &str = r#"{"aws:cdk:enable-path-metadata": true}"#;

/// Loads every module that the app loads, and makes no app.
const LOAD: &str = "for (const file of require('fs').readdirSync('./dist/src/stacks')) \
    if (file.endsWith('.js')) require('./dist/src/stacks/' + file);";

fn wanted(directory: &Path) -> Result<String, Failure> {
    let file = directory.join("package.json");
    let text = fs::read_to_string(&file).map_err(|error| Failure::new(file.display(), error))?;
    let package: Value = serde_json::from_str(&text).map_err(|error| Failure::new(file.display(), error))?;
    Ok(package["dependencies"]["aws-cdk-lib"].as_str().unwrap_or_default().to_owned())
}

/// The version that is installed, or `none`.
fn installed(directory: &Path, package: &str) -> String {
    let file = directory.join("node_modules").join(package).join("package.json");
    let manifest = fs::read_to_string(file).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    manifest.and_then(|manifest| Some(manifest["version"].as_str()?.to_owned())).unwrap_or("none".to_owned())
}

/// Runs a command to its end, in silence unless it fails.
pub fn run(command: &mut Command) -> Result<String, Failure> {
    let name = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output().map_err(|error| Failure::new(&name, error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Failure::plain(format!("{name} failed:\n{}", String::from_utf8_lossy(&said))))
}
