//! `standfast emulate`: run a command against an emulator of AWS on this machine.
//!
//! Nothing reaches AWS: the command gets the emulator's endpoint, made-up
//! credentials and no profile. What the emulator lacks is named afterwards, and so
//! is what the command left behind.

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use drill::emulator::{Calls, Emulator, EmulatorError, Holding, Remains};
use drill::environment::Environment;
use drill::owned::RunDirectory;
use recovery::Deployment;
use serde_json::json;

use crate::args::{Cli, Emulate, Format};
use crate::failure::Failure;
use crate::screen::say;

use super::cache::cache;
use super::{context, deployment, functions, interrupt, print_result};

/// What the emulator was asked for, and what is left in it.
struct Emulated {
    status: ExitStatus,
    recorded: Vec<drill::emulator::Recorded>,
    remains: Remains,
}

pub fn run(cli: &Cli, args: &Emulate) -> Result<u8, Failure> {
    let deployment = deployment(cli)?;
    let cache = cache(args.cache.as_deref())?;
    let functions = functions::directory(args.functions.as_deref(), &deployment)?;
    let emulated = in_runtime(emulate(cli, args, &deployment, &cache, &functions))?;
    narrate(&emulated);
    if cli.output == Format::Json {
        let summary = json!({
            "exit_code": emulated.status.code(),
            "recorded_only": emulated.recorded,
            "orphans": emulated.remains.orphans,
            "expected": expected(&emulated.remains),
        });
        print_result(&summary.to_string())?;
    }
    let code = emulated.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    if code == 0 && args.expect_teardown && !emulated.remains.orphans.is_empty() {
        return Err(Failure::failed("the command left behind what is listed above")
            .hint("a resource that CloudFormation does not remove by itself needs a hook that does"));
    }
    Ok(code)
}

/// Runs it to its end, or to the first signal.
fn in_runtime(work: impl Future<Output = Result<Emulated, Failure>>) -> Result<Emulated, Failure> {
    interrupt::run_until_interrupted(2, work)
        .map_err(|error| Failure::failed("cannot start the emulator").because(&error))?
        .unwrap_or_else(|| Err(Failure::failed("interrupted; the emulator and the command are stopped")))
}

async fn emulate(
    cli: &Cli,
    args: &Emulate,
    deployment: &Deployment,
    cache: &Path,
    functions: &Path,
) -> Result<Emulated, Failure> {
    let environment = Environment::ensure(cache, &say).map_err(|error| {
        let hint = error.hint();
        Failure::failed("cannot install the emulator").because(&error).hint(hint)
    })?;
    let run = RunDirectory::temporary()
        .map_err(|error| Failure::failed("cannot make a directory for the emulator").because(&error))?;
    let run = Arc::new(run);
    let packages = run.path().join("packages");
    drill::packages::pack(functions, &infra::packages::functions(deployment), &packages)
        .map_err(|error| Failure::failed("cannot package the functions").because(&error))?;
    if deployment.containers.is_some() {
        std::fs::write(packages.join(infra::packages::IMAGE_TAG_FILE), "emulated")
            .map_err(|error| Failure::failed("cannot name the containers' image").because(&error))?;
    }
    let failed = |error: EmulatorError| Failure::failed("the emulator failed").because(&error);
    let emulator = Emulator::start_with(&environment, &run, Calls::ToTheEmulator).await.map_err(failed)?;
    say(&format!("{} stands in for AWS at {}", drill::emulator::VERSION, emulator.endpoint()));
    let before = emulator.inventory().await.map_err(failed)?;
    let status = command(cli, args, deployment, &emulator.endpoint(), &packages).await?;
    let after = emulator.inventory().await.map_err(failed)?;
    let recorded = emulator.recorded().map_err(failed)?;
    Ok(Emulated { status, recorded, remains: Remains::between(&before, &after) })
}

/// Runs the command where it can reach the emulator and no account.
async fn command(
    cli: &Cli,
    args: &Emulate,
    deployment: &Deployment,
    endpoint: &str,
    packages: &Path,
) -> Result<ExitStatus, Failure> {
    let (program, arguments) = args.command.split_first().expect("the command line asks for at least one");
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).kill_on_drop(true);
    if cli.output == Format::Json {
        command.stdout(std::io::stderr());
    }
    // Profiles and roles, and endpoints of single services, which would win over the one below.
    for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(variable);
    }
    let home = deployment.regions.home.as_str();
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "emulator")
        .env("AWS_SECRET_ACCESS_KEY", "emulator")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", home)
        .env("AWS_DEFAULT_REGION", home)
        .env("CDK_DISABLE_CLI_TELEMETRY", "true")
        .env("STANDFAST_PACKAGES", packages)
        .envs(same_deployment(cli)?)
        .stdin(Stdio::inherit());
    command.status().await.map_err(|error| {
        Failure::failed(format!("cannot run {}", program.display()))
            .because(&error)
            .hint("give the command after `--`, such as `standfast emulate -- npx cdk ls`")
    })
}

/// What lets a `standfast` that the command runs read the same deployment.
///
/// # Errors
///
/// The working directory, which a relative name starts at, cannot be read.
fn same_deployment(cli: &Cli) -> Result<Vec<(&'static str, OsString)>, Failure> {
    let Some(file) = &cli.deployment else { return Ok(Vec::new()) };
    let file = std::path::absolute(file)
        .map_err(|error| Failure::failed("cannot find the deployment file").because(&error))?;
    let mut variables = vec![(context::DEPLOYMENT, file.into_os_string())];
    variables.extend(cli.environment.iter().map(|name| (context::ENVIRONMENT, OsString::from(name))));
    Ok(variables)
}

/// What may be left, each with the reason.
fn expected(remains: &Remains) -> Vec<serde_json::Value> {
    let with_reason = |(holding, reason): &(Holding, &str)| json!({ "holding": holding, "reason": reason });
    remains.expected.iter().map(with_reason).collect()
}

/// Says what the emulator lacks and what the command left.
fn narrate(emulated: &Emulated) {
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for recorded in &emulated.recorded {
        *kinds.entry(&recorded.resource_type).or_default() += 1;
    }
    if !kinds.is_empty() {
        say("the emulator lacks these and only took note of them:");
    }
    for (kind, count) in kinds {
        say(&format!("  {count:>4} {kind}"));
    }
    narrate_remains(&emulated.remains);
}

/// What stays in an account as well is told by its reasons, for there is a lot of it; the rest one by one.
fn narrate_remains(remains: &Remains) {
    let mut reasons = std::collections::BTreeMap::<&str, usize>::new();
    for (_, reason) in &remains.expected {
        *reasons.entry(reason).or_default() += 1;
    }
    if !reasons.is_empty() {
        say("these may be left, each for its reason:");
    }
    for (reason, count) in reasons {
        say(&format!("  {count:>4} {reason}"));
    }
    if remains.orphans.is_empty() {
        say("nothing that the command deployed is left in the emulator");
        return;
    }
    say(&format!("{} things are left in the emulator:", remains.orphans.len()));
    for left in &remains.orphans {
        say(&format!("  {} {} {} {}", left.service, left.kind, left.region, left.key));
    }
}
