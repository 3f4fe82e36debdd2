//! Runs the validators that are on this machine. Nothing is installed, and nothing is written but the templates,
//! into a temporary directory.

mod program;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use infra::check::report::Outcome;
use infra::check::validator::{Finding, Garbled, Tool, asl_validator, cfn_guard, cfn_lint, template_file};
use infra::check::{Inventory, reading};
use recovery::Deployment;

use crate::failure::Failure;

/// The project's private Python environment.
const ENVIRONMENT: &str = ".venv/bin";
/// Programs that npm has installed.
const MODULES: &str = "node_modules/.bin";
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

fn outcome(tool: Tool, ran: Ran) -> Said {
    match ran {
        Ok((version, findings)) => (tool, Outcome::Ran { version }, findings),
        Err(outcome) => (tool, outcome, Vec::new()),
    }
}

fn broken(reason: Problem) -> Outcome {
    Outcome::Broken { reason }
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

/// The version that ran and what it found, or why there is nothing of it.
type Ran = Result<(String, Vec<Finding>), Outcome>;

fn lint(deployment: &Deployment, inventory: &Inventory, templates: &Path) -> Ran {
    let own = program::of_project(ENVIRONMENT);
    let (program, version) = program::pinned(Tool::CfnLint, own, |version| version)?;
    let [home, standby] = deployment.pair();
    let files = inventory.stacks.iter().map(|stack| templates.join(template_file(&stack.name)));
    let mut command = Command::new(&program);
    command
        .args(["--format", "json", "--regions", home.as_str(), standby.as_str(), "--template"])
        .args(files);
    let output = output(&mut command).map_err(broken)?;
    Ok((version, read(&output, |text| cfn_lint::read(text, inventory)).map_err(broken)?))
}

fn validate(machines: &[(PathBuf, String)]) -> Ran {
    let own = program::of_project(MODULES);
    let (program, version) = program::pinned(Tool::AslValidator, own, |version| version)?;
    let mut findings = Vec::new();
    for (file, path) in machines {
        let output = output(Command::new(&program).arg("--json-path").arg(file)).map_err(broken)?;
        findings.extend(read(&output, |text| asl_validator::read(text, path)).map_err(broken)?);
    }
    Ok((version, findings))
}

fn guard(inventory: &Inventory, templates: &Path) -> Ran {
    let package = program::of_project(GUARD).ok_or(Outcome::NotInstalled)?;
    let rules = package.join("rules/control-tower/cfn-guard");
    if !rules.is_dir() {
        return Err(Outcome::NotInstalled);
    }
    let system = if cfg!(target_os = "macos") { "macos" } else { "ubuntu" };
    let bundled = package.join("bin").join(system).join(std::env::consts::ARCH);
    let with_rules = |version| match package_version(&package) {
        Some(rules) => format!("{version}, rules of {rules}"),
        None => version,
    };
    let (program, version) = program::pinned(Tool::CfnGuard, Some(bundled), with_rules)?;
    let mut command = Command::new(&program);
    command.args(["validate", "--structured", "--show-summary", "none", "--output-format", "json"]);
    command.arg("--rules").arg(&rules).arg("--data").arg(templates);
    let output = output(&mut command).map_err(broken)?;
    Ok((version, read(&output, |text| cfn_guard::read(text, inventory)).map_err(broken)?))
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
