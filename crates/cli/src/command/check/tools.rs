//! Runs the validators that are on this machine. Nothing is installed, and nothing is written but the templates,
//! into a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use infra::check::report::Outcome;
use infra::check::validator::{Finding, Garbled, Tool, asl_validator, cfn_guard, cfn_lint, template_file};
use infra::check::{Inventory, reading};
use recovery::Deployment;

use crate::failure::Failure;

/// A private environment beside the deployment file's directory.
const ENVIRONMENT: &str = ".venv/bin";
/// What npm has installed.
const MODULES: &str = "node_modules";
/// The package that brings Control Tower's rules, and a cfn-guard to run them.
const GUARD: &str = "node_modules/@cdklabs/cdk-validator-cfnguard";

/// What a tool said.
type Said = (Tool, Outcome, Vec<Finding>);
type Problem = String;

/// Runs them side by side.
pub fn run(deployment: &Deployment, inventory: &Inventory) -> Result<Vec<Said>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::failed("cannot write the templates for the validators").because(&error).hint(
            "point TMPDIR at a directory that you can write to, or leave the validators out with --quick",
        )
    };
    let directory = tempfile::tempdir().map_err(cannot)?;
    let templates = directory.path().join("templates");
    write(inventory, &templates).map_err(cannot)?;
    let machines = machines(inventory, directory.path()).map_err(cannot)?;
    let of = |tool| match tool {
        Tool::CfnLint => lint(deployment, inventory, &templates),
        Tool::AslValidator => validate(&machines),
        Tool::CfnGuard => guard(inventory, &templates),
    };
    let said = thread::scope(|scope| {
        let running = Tool::ALL.map(|tool| (tool, scope.spawn(move || of(tool))));
        running.map(|(tool, running)| (tool, running.join().expect("a tool's failure is a value"))).to_vec()
    });
    Ok(said.into_iter().map(|(tool, said)| outcome(tool, said)).collect())
}

fn outcome(tool: Tool, said: Result<Option<(String, Vec<Finding>)>, Problem>) -> Said {
    match said {
        Ok(Some((version, findings))) => (tool, Outcome::Ran { version }, findings),
        Ok(None) => (tool, Outcome::NotInstalled, Vec::new()),
        Err(reason) => (tool, Outcome::Broken { reason }, Vec::new()),
    }
}

fn write(inventory: &Inventory, directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir(directory)?;
    for stack in &inventory.stacks {
        std::fs::write(directory.join(template_file(&stack.name)), stack.template.to_string())?;
    }
    Ok(())
}

/// A file for each state machine, beside its construct path.
fn machines(inventory: &Inventory, directory: &Path) -> std::io::Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for machine in inventory.all("AWS::StepFunctions::StateMachine") {
        if let Some(text) = reading::definition_text(&machine) {
            let file = directory.join(format!("{}.asl.json", files.len()));
            std::fs::write(&file, text)?;
            files.push((file, machine.path().to_owned()));
        }
    }
    Ok(files)
}

/// `None` when it is not installed.
type Ran = Result<Option<(String, Vec<Finding>)>, Problem>;

fn lint(deployment: &Deployment, inventory: &Inventory, templates: &Path) -> Ran {
    let Some(program) = find(ENVIRONMENT, "cfn-lint") else { return Ok(None) };
    let version = version(&program)?;
    let [home, standby] = deployment.pair();
    let files = inventory.stacks.iter().map(|stack| templates.join(template_file(&stack.name)));
    let mut command = Command::new(&program);
    command
        .args(["--format", "json", "--regions", home.as_str(), standby.as_str(), "--template"])
        .args(files);
    let output = output(&mut command)?;
    read(&output, |text| cfn_lint::read(text, inventory)).map(|findings| Some((version, findings)))
}

fn validate(machines: &[(PathBuf, String)]) -> Ran {
    let Some(program) = find(&format!("{MODULES}/.bin"), "asl-validator") else { return Ok(None) };
    let version = version(&program)?;
    let mut findings = Vec::new();
    for (file, path) in machines {
        let output = output(Command::new(&program).arg("--json-path").arg(file))?;
        findings.extend(read(&output, |text| asl_validator::read(text, path))?);
    }
    Ok(Some((version, findings)))
}

fn guard(inventory: &Inventory, templates: &Path) -> Ran {
    let package = Path::new(GUARD);
    let rules = package.join("rules/control-tower/cfn-guard");
    let system = if cfg!(target_os = "macos") { "macos" } else { "ubuntu" };
    let bundled = format!("{GUARD}/bin/{system}/{}", std::env::consts::ARCH);
    let Some(program) = find(&bundled, "cfn-guard").filter(|_| rules.is_dir()) else { return Ok(None) };
    let version = match package_version(package) {
        Some(rules) => format!("{}, rules of {rules}", version(&program)?),
        None => version(&program)?,
    };
    let mut command = Command::new(&program);
    command.args(["validate", "--structured", "--show-summary", "none", "--output-format", "json"]);
    command.arg("--rules").arg(&rules).arg("--data").arg(templates);
    let output = output(&mut command)?;
    read(&output, |text| cfn_guard::read(text, inventory)).map(|findings| Some((version, findings)))
}

/// In a directory of ours, or else where the shell would find it.
fn find(own: &str, program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::iter::once(PathBuf::from(own)).chain(std::env::split_paths(&path));
    let found = candidates.map(|directory| directory.join(program)).find(|file| file.is_file())?;
    // A relative path with a directory in it is taken from here, and not looked for.
    std::path::absolute(found).ok()
}

/// The last word of `--version`.
fn version(program: &Path) -> Result<String, Problem> {
    let output = output(Command::new(program).arg("--version"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().last().map(str::to_owned);
    version.ok_or_else(|| format!("{} does not say its version{}", program.display(), complaint(&output)))
}

fn package_version(package: &Path) -> Option<String> {
    let text = std::fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    manifest["version"].as_str().map(str::to_owned)
}

fn output(command: &mut Command) -> Result<Output, Problem> {
    let program = command.get_program().to_string_lossy().into_owned();
    tracing::debug!(program, "a validator is called");
    command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))
}

fn read(
    output: &Output,
    reader: impl Fn(&str) -> Result<Vec<Finding>, Garbled>,
) -> Result<Vec<Finding>, Problem> {
    let text = String::from_utf8_lossy(&output.stdout);
    reader(&text).map_err(|garbled| format!("{garbled}{}", complaint(output)))
}

/// The last line on standard error, where a program says why it gave up.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .rfind(|line| !line.trim().is_empty())
        .map_or_else(String::new, |line| format!(" ({})", line.trim()))
}
