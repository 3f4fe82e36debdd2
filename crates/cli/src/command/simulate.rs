//! `standfast simulate`: thousands of failures in virtual time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sim::{Report, Simulation, Summary};

use crate::args::{ByChance, Cli, Format, Simulate};
use crate::failure::{Failure, OBJECTIVES_MISSED};
use crate::screen;

use super::drill::{commit, scenario};
use super::{deployment, print_result};

/// Seeds that a thread takes at once: some tenths of a second.
const SEEDS_AT_ONCE: u64 = 250;
/// Between two lines of progress.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// The scenario when none is named.
const SCENARIO: &str = "region-loss";

pub fn run(cli: &Cli, args: &Simulate) -> Result<u8, Failure> {
    let deployment = deployment(cli)?;
    let (name, simulation) = match args.by_chance {
        Some(which) => {
            let heals = which == ByChance::Liveness;
            let name = if heals { "faults by chance that end" } else { "faults by chance" };
            (name.to_owned(), Simulation::by_chance(&deployment, heals))
        }
        None => {
            let scenario = scenario::named(args.scenario.as_deref().unwrap_or(SCENARIO))?;
            let simulation = Simulation::of(&deployment, &scenario);
            (scenario.name, simulation)
        }
    };
    let simulation = simulation.map_err(|error| {
        Failure::invalid("this cannot be simulated")
            .because(&error)
            .hint("`standfast drill` rehearses it with real parts")
    })?;
    if args.replay {
        return replay(cli, args, &simulation);
    }
    // Before the trials, not after them.
    if let Some(file) = &args.svg {
        write_svg(file, "")?;
    }
    let summary = trials(&simulation, args);
    let mut report = Report::of(&summary, &deployment, &name, args.seed, args.outages_per_year);
    report.commit = commit();
    if let Some(file) = &args.svg {
        write_svg(file, &screen::simulate::svg::draw(&report, &summary))?;
    }
    print_result(&match cli.output {
        Format::Text => screen::simulate::render(&report, &again(args)),
        Format::Json => serde_json::to_string_pretty(&report).expect("a report is plain data"),
    })?;
    Ok(if report.passed { 0 } else { OBJECTIVES_MISSED })
}

/// Runs every seed once, on as many threads as there are processors, and tells how far it is.
fn trials(simulation: &Simulation, args: &Simulate) -> Summary {
    let threads = args
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let end = args.seed.saturating_add(args.trials);
    let (next, finished) = (AtomicU64::new(args.seed), AtomicBool::new(false));
    let whole = Mutex::new(Summary::default());
    let work = || {
        loop {
            let begin = next.fetch_add(SEEDS_AT_ONCE, Ordering::Relaxed);
            if begin >= end {
                return;
            }
            let part = simulation.run(begin..begin.saturating_add(SEEDS_AT_ONCE).min(end));
            whole.lock().unwrap_or_else(std::sync::PoisonError::into_inner).merge(part);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| tell(&whole, args.trials, &finished));
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        // Before a panic of a worker goes on, or whoever tells of it would tell for ever.
        finished.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|ended| ended.expect("a trial never panics"));
    });
    whole.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn tell(whole: &Mutex<Summary>, trials: u64, finished: &AtomicBool) {
    let begun = Instant::now();
    let mut told = begun;
    while !finished.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(50));
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let (done, violated) = {
                let summary = whole.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                (summary.trials, summary.violated)
            };
            let per_second = done as f64 / begun.elapsed().as_secs_f64();
            screen::say(&format!(
                "{done} of {trials} trials, {per_second:.0}/s, {violated} with a violation"
            ));
        }
    }
}

fn replay(cli: &Cli, args: &Simulate, simulation: &Simulation) -> Result<u8, Failure> {
    let replay = simulation.replay(args.seed);
    let shrunk = if replay.violations.is_empty() { None } else { simulation.shrink(args.seed) };
    print_result(&match cli.output {
        Format::Text => screen::simulate::replay::render(&replay, shrunk.as_ref()),
        Format::Json => screen::simulate::replay::as_json(&replay, shrunk.as_ref()),
    })?;
    Ok(if replay.violations.is_empty() { 0 } else { OBJECTIVES_MISSED })
}

/// The same command for one seed, without it.
fn again(args: &Simulate) -> String {
    match (args.by_chance, &args.scenario) {
        (Some(ByChance::Safety), _) => "standfast simulate --by-chance safety".to_owned(),
        (Some(ByChance::Liveness), _) => "standfast simulate --by-chance liveness".to_owned(),
        (None, Some(scenario)) => format!("standfast simulate {scenario}"),
        (None, None) => "standfast simulate".to_owned(),
    }
}

fn write_svg(file: &std::path::Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| {
        Failure::failed(format!("cannot write {}", file.display()))
            .because(&error)
            .hint("name a file that you can write to with --svg FILE")
    })
}
