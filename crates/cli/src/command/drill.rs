//! `standfast drill`: rehearse the loss of a region on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use drill::report::{Outcome, Report};
use drill::run::{Drill as Run, Finished, Settings};
use recovery::Deployment;
use recovery::scenario::Scenario;

use crate::args::{Cli, Drill, Format};
use crate::failure::{Failure, OBJECTIVES_MISSED};
use crate::screen;

use super::{deployment, functions, print_result};

/// The scenarios that come with the command.
const BUILT_IN: [(&str, &str); 1] = [("region-loss", include_str!("../../../../scenarios/region-loss.toml"))];

pub fn run(cli: &Cli, args: &Drill) -> Result<u8, Failure> {
    if args.list {
        return list(cli.output);
    }
    let deployment = deployment(&cli.deployment)?;
    let scenario = scenario(&args.scenario)?;
    check_report_directory(args.report.as_deref())?;
    let settings = Settings {
        seed: args.seed.unwrap_or_else(seed_from_clock),
        orders_per_second: args.orders_per_second.unwrap_or(deployment.load.orders_per_second as f64),
        cache: args.cache.clone().unwrap_or_else(default_cache),
        functions: functions::directory(args.functions.as_deref())?,
        keep: args.keep,
        commit: commit(),
    };
    let objectives = deployment.objectives.clone();
    let finished = rehearse(deployment, scenario, settings, !args.without_replay)?;
    if let Some(directory) = &args.report {
        write_report(directory, &finished)?;
    }
    if let Some(directory) = &finished.kept {
        anstream::eprintln!("kept {}", directory.display());
    }
    print_result(&match cli.output {
        Format::Text => screen::report::render(&finished.report, &objectives),
        Format::Json => as_json(&finished.report),
    })?;
    Ok(if finished.report.verdict == Outcome::Passed { 0 } else { OBJECTIVES_MISSED })
}

fn rehearse(
    deployment: Deployment,
    scenario: Scenario,
    settings: Settings,
    replay: bool,
) -> Result<Finished, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed("cannot start the drill").because(&error))?;
    let narrator = screen::progress::Narrator::new();
    let of = deployment.clone();
    let synthesise = move |packages: &Path, outdir: &Path| {
        super::synth::write(&of, packages, outdir, replay).map_err(Into::into)
    };
    let drill = Run { deployment, scenario, settings, synthesise: &synthesise, progress: &narrator };
    let result = runtime.block_on(async {
        tokio::select! {
            result = drill.run() => Some(result),
            () = interrupted() => None,
        }
    });
    // Everything the drill started is owned by its future, which is gone by now; its threads follow.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match result {
        Some(Ok(finished)) => Ok(finished),
        Some(Err(error)) => {
            let failure = Failure::failed("the drill could not be run").because(&error);
            Err(match error.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            })
        }
        None => Err(Failure::failed("interrupted; everything the drill started is stopped")),
    }
}

/// Ends at the first signal that asks this process to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::hangup()) => {}
    }
}

fn list(format: Format) -> Result<u8, Failure> {
    let mut scenarios = Vec::new();
    for (name, text) in BUILT_IN {
        scenarios.push(Scenario::parse(text, name).map_err(|error| Failure::failed(error.to_string()))?);
    }
    print_result(&match format {
        Format::Text => {
            scenarios.iter().map(|s| format!("{:14}  {}\n", s.name, s.summary)).collect::<String>()
        }
        Format::Json => serde_json::to_string_pretty(&scenarios).expect("a scenario is plain data"),
    })?;
    Ok(0)
}

fn scenario(named: &str) -> Result<Scenario, Failure> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == named) {
        return Scenario::parse(text, name).map_err(|error| Failure::invalid(error.to_string()));
    }
    if !named.contains('/') && Path::new(named).extension().is_none() {
        return Err(Failure::invalid(format!("there is no scenario `{named}`"))
            .hint("`standfast drill --list` names them; a file of your own ends in .toml"));
    }
    let text = std::fs::read_to_string(named).map_err(|error| {
        Failure::invalid(format!("cannot read the scenario file {named}")).because(&error)
    })?;
    Scenario::parse(&text, named).map_err(|error| Failure::invalid(error.to_string()))
}

/// Finds out before the drill, not after it, that its report cannot be written.
fn check_report_directory(directory: Option<&Path>) -> Result<(), Failure> {
    let Some(directory) = directory else { return Ok(()) };
    std::fs::create_dir_all(directory)
        .and_then(|()| tempfile::tempfile_in(directory).map(drop))
        .map_err(|error| Failure::failed(format!("cannot write to {}", directory.display())).because(&error))
}

fn write_report(directory: &Path, finished: &Finished) -> Result<(), Failure> {
    let write = |name: &str, text: String| {
        let file = directory.join(name);
        std::fs::write(&file, text)
            .map_err(|error| Failure::failed(format!("cannot write {}", file.display())).because(&error))
    };
    write("report.json", as_json(&finished.report) + "\n")?;
    write("history.jsonl", finished.history.clone())
}

fn as_json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("a report is plain data")
}

fn seed_from_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.subsec_nanos().into()
}

fn default_cache() -> PathBuf {
    let variable = |name: &str| std::env::var(name).ok();
    let directory = drill::environment::default_cache_dir(
        variable("XDG_CACHE_HOME").as_deref(),
        variable("HOME").as_deref(),
    );
    directory.unwrap_or_else(|| std::env::temp_dir().join("standfast-cache"))
}

/// The commit of the checkout, marked when there are changes on top of it.
fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => format!("{commit}+changes"),
        (None, _) => "unknown".to_owned(),
    }
}
