//! `standfast drill`: rehearse on this machine what a scenario does to the two regions.

pub(super) mod scenario;

use std::path::Path;
use std::process::Command;

use drill::report::{Outcome, Report};
use drill::run::{Drill as Run, DrillError, Finished, Settings};
use recovery::Deployment;
use recovery::scenario::Scenario;

use crate::args::{Cli, Drill, Format};
use crate::failure::{Failure, OBJECTIVES_MISSED};
use crate::screen;

use super::cache::cache;
use super::{deployment, functions, interrupt, print_result};

/// The file of a report's directory that holds the history.
pub(super) const HISTORY: &str = "history.jsonl";

pub fn run(cli: &Cli, args: &Drill) -> Result<u8, Failure> {
    if args.list {
        return scenario::list(cli.output);
    }
    let deployment = deployment(cli)?;
    let scenario = scenario::named(&args.scenario)?;
    scenario::check_fits(&scenario, &deployment)?;
    check_report_directory(args.report.as_deref())?;
    let settings = Settings {
        seed: args.seed.unwrap_or_else(seed_from_clock),
        orders_per_second: args.orders_per_second.unwrap_or(deployment.load.orders_per_second as f64),
        cache: cache(args.cache.as_deref())?,
        functions: functions::directory(args.functions.as_deref(), &deployment)?,
        keep: args.keep,
        commit: commit(),
    };
    tracing::info!(
        seed = settings.seed,
        cache = %settings.cache.display(),
        functions = %settings.functions.display(),
        commit = settings.commit,
        "the drill is about to start"
    );
    let objectives = deployment.objectives.clone();
    let finished = rehearse(deployment, scenario, settings, !args.without_replay)?;
    if let Some(directory) = &args.report {
        write_report(directory, &finished)?;
    }
    if let Some(directory) = &finished.kept {
        screen::say(&format!("kept {}", directory.display()));
    }
    print_result(&match cli.output {
        Format::Text => screen::report::render(&finished.report, &objectives),
        Format::Json => as_json(&finished.report),
    })?;
    Ok(if finished.report.verdict == Outcome::Passed { 0 } else { OBJECTIVES_MISSED })
}

fn rehearse(
    mut deployment: Deployment,
    scenario: Scenario,
    settings: Settings,
    replay: bool,
) -> Result<Finished, Failure> {
    let narrator = screen::progress::Narrator::new();
    let hurried = scenario.hurry.apply(&mut deployment);
    let of = deployment.clone();
    let synthesise = move |packages: &Path, outdir: &Path| {
        super::synth::write(&of, packages, outdir, replay).map_err(Into::into)
    };
    let (synthesise, progress) = (&synthesise, &narrator);
    let drill = Run { deployment, hurried, scenario, settings, synthesise, progress };
    let result = interrupt::run_until_interrupted(4, drill.run())
        .map_err(|error| Failure::failed("cannot start the drill").because(&error))?;
    match result {
        Some(Ok(finished)) => Ok(finished),
        Some(Err(error)) => {
            let failure = Failure::failed("the drill could not be run").because(&error);
            let hint = error.hint().or_else(|| match error {
                DrillError::RunDirectory(_) => {
                    Some("point TMPDIR at a directory that you can write to".to_owned())
                }
                _ => None,
            });
            Err(hint.into_iter().fold(failure, Failure::hint))
        }
        None => Err(Failure::failed("interrupted; everything the drill started is stopped")),
    }
}

/// Finds out before the drill, not after it, that its report cannot be written.
fn check_report_directory(directory: Option<&Path>) -> Result<(), Failure> {
    let Some(directory) = directory else { return Ok(()) };
    std::fs::create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory).map(drop)).map_err(
        |error| {
            Failure::failed(format!("cannot write to the report directory {}", directory.display()))
                .because(&error)
                .hint("name a directory that you can write to with --report DIR")
        },
    )
}

fn write_report(directory: &Path, finished: &Finished) -> Result<(), Failure> {
    let write = |name: &str, text: String| {
        let file = directory.join(name);
        std::fs::write(&file, text)
            .map_err(|error| Failure::failed(format!("cannot write {}", file.display())).because(&error))
    };
    write("report.json", as_json(&finished.report) + "\n")?;
    write(HISTORY, finished.history.lines().map(|line| line + "\n").collect())
}

fn as_json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("a report is plain data")
}

fn seed_from_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.subsec_nanos().into()
}

/// The commit of the checkout that we stand in, marked when there are changes on top of it.
pub(super) fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("--no-optional-locks").args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if !functions::in_checkout() {
        return "unknown".to_owned(); // somebody else's repository may well be here
    }
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => format!("{commit}+changes"),
        (None, _) => "unknown".to_owned(),
    }
}
