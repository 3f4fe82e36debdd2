//! `standfast synth` against the same stacks as a TypeScript CDK app, and against itself many times over.
//!
//! ```sh
//! cargo bench -p infra --bench synth                   # both
//! cargo bench -p infra --bench synth -- --repeats 15   # of the comparison
//! cargo bench -p infra --bench synth -- --record       # also writes the peer's counts down
//! cargo bench -p infra --bench synth -- --compare      # only says whether both make the same, and times nothing
//! ```
//!
//! Whole processes are timed from outside, as a person at a terminal would wait for them, which is why
//! there is no harness for functions of microseconds. Nothing is timed unless both assemblies hold the same
//! stacks, with the same properties of the same resources. Start reading at [`compare`].

mod assembly;
mod counts;
mod failure;
mod own;
mod peer;
mod properties;
mod sample;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use assembly::Templates;
use failure::Failure;
use peer::{Peer, Way};
use sample::{Cells, Sample};

const USAGE: &str = "cargo bench -p infra --bench synth -- [--repeats N] [--record] [--compare]";

/// Every run of a round: its name, and what it is.
const RUNS: [(&str, Run); 8] = [
    ("standfast synth", Run::Own { checked: false }),
    ("standfast synth, then check", Run::Own { checked: true }),
    ("TypeScript, loading its modules only", Run::Peer(Way::Load)),
    ("TypeScript, nothing validated", Run::Peer(Way::Bare)),
    ("TypeScript, with aspects", Run::Peer(Way::Aspects)),
    ("TypeScript, as shipped", Run::Peer(Way::AsShipped)),
    ("TypeScript, as shipped, with aspects", Run::Peer(Way::Everything)),
    ("TypeScript, as shipped, by ts-node", Run::Peer(Way::TsNode)),
];

/// Which is divided by which, and what that says.
const RATIOS: [(&str, usize, usize); 5] = [
    ("TypeScript, nothing validated / standfast synth", 3, 0),
    ("TypeScript, with aspects / standfast synth", 4, 0),
    ("TypeScript, as shipped / standfast synth", 5, 0),
    ("TypeScript, as shipped, with aspects / standfast synth, then check", 6, 1),
    ("TypeScript, as shipped, by ts-node / standfast synth", 7, 0),
];

#[derive(Clone, Copy)]
enum Run {
    Own { checked: bool },
    Peer(Way),
}

/// The workspace's directory.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("the crate lies two directories below the workspace").to_owned()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["synth", packages, outdir] => own::synthesise(packages.as_ref(), outdir.as_ref(), false),
        ["check", packages, outdir] => own::synthesise(packages.as_ref(), outdir.as_ref(), true),
        ["several", count, packages, outdir] => several(count, packages.as_ref(), outdir.as_ref()),
        options => parse(options).and_then(benchmark),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy)]
struct Options {
    repeats: usize,
    record: bool,
    /// Whether to end once both assemblies are known to be the same.
    only_compare: bool,
}

fn parse(options: &[&str]) -> Result<Options, Failure> {
    match options {
        [] => Ok(Options { repeats: 7, record: false, only_compare: false }),
        ["--record", rest @ ..] => Ok(Options { record: true, ..parse(rest)? }),
        ["--compare", rest @ ..] => Ok(Options { only_compare: true, ..parse(rest)? }),
        ["--repeats", number, rest @ ..] => {
            let repeats =
                number.parse().map_err(|error| Failure::new(format!("--repeats {number}"), error))?;
            Ok(Options { repeats, ..parse(rest)? })
        }
        [other, ..] => Err(Failure::plain(format!("`{other}` is no option; usage: {USAGE}"))),
    }
}

fn several(count: &str, packages: &Path, outdir: &Path) -> Result<(), Failure> {
    let number = count.parse().map_err(|error| Failure::new(count, error))?;
    println!("{}", own::several(number, packages, outdir)?.as_secs_f64());
    Ok(())
}

fn benchmark(options: Options) -> Result<(), Failure> {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("synth");
    let packages = scratch.join("packages");
    own::stand_ins(&packages)?;
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{processors} processors; packages are stand-ins\n");
    match peer::node() {
        Some(node) => compare(&scratch, &packages, options, &node)?,
        None => println!("there is no Node.js here, so nothing is compared with TypeScript\n"),
    }
    if !options.only_compare {
        scale(&scratch, &packages)?;
    }
    fs::remove_dir_all(&scratch).map_err(|error| Failure::new(scratch.display(), error))
}

/// Rounds of every run, after one round that only shows that both sides make the same.
fn compare(scratch: &Path, packages: &Path, options: Options, node: &str) -> Result<(), Failure> {
    let [ours, theirs, workflows] = ["ours", "theirs", "workflows"].map(|name| scratch.join(name));
    own::synthesise(packages, &ours, true)?;
    let own = Templates::read(&ours)?;
    own.write_workflows(&workflows)?;
    let peer = Peer::build(packages, &workflows)?;
    println!("node {node}, {}", peer.versions());
    peer::run(&mut peer.command(Way::Everything, &theirs))?;
    assembly::refuse_objections(&theirs)?;
    let other = Templates::read(&theirs)?;
    refuse_unequal(&own, &other)?;
    if options.record {
        write_counts(&own)?;
    }
    let counts = own.counts();
    let resources: usize = counts.values().flat_map(BTreeMap::values).sum();
    println!("{resources} resources in {} stacks, with the same properties on both sides", counts.len());
    println!("templates without white space: {} bytes, the peer's {}\n", own.bytes(), other.bytes());

    if options.only_compare {
        return Ok(());
    }
    let repeats = options.repeats;
    let mut samples = vec![Sample::default(); RUNS.len()];
    for round in 1..=repeats {
        eprintln!("round {round} of {repeats}");
        for ((_, run), sample) in RUNS.iter().zip(&mut samples) {
            sample.add(timed(*run, &peer, packages, &scratch.join("out"))?);
        }
    }
    print(&samples, repeats);
    Ok(())
}

fn refuse_unequal(own: &Templates, other: &Templates) -> Result<(), Failure> {
    let mut differences = counts::differences(&own.counts(), &other.counts());
    if differences.is_empty() {
        differences = own.differences(other);
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure::plain(format!(
        "the peer makes something else, so nothing is timed; change {}:\n  {}",
        Peer::directory().display(),
        differences.join("\n  ")
    )))
}

fn write_counts(own: &Templates) -> Result<(), Failure> {
    let file = Peer::directory().join(peer::COUNTS);
    let text = serde_json::to_string_pretty(&own.counts()).expect("counts are plain data") + "\n";
    fs::write(&file, text).map_err(|error| Failure::new(file.display(), error))
}

/// Seconds from the start of a process to its end, into an empty directory.
fn timed(run: Run, peer: &Peer, packages: &Path, outdir: &Path) -> Result<f64, Failure> {
    let mut command = match run {
        Run::Own { checked } => {
            let mut own = myself()?;
            own.arg(if checked { "check" } else { "synth" }).arg(packages).arg(outdir);
            own
        }
        Run::Peer(way) => peer.command(way, outdir),
    };
    empty(outdir)?;
    let began = Instant::now();
    peer::run(&mut command)?;
    Ok(began.elapsed().as_secs_f64())
}

fn myself() -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::new("this program", error))?;
    Ok(Command::new(program))
}

fn empty(directory: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new(directory.display(), error))
        }
        _ => Ok(()),
    }
}

fn print(samples: &[Sample], repeats: usize) {
    println!("| process, {repeats} interleaved rounds | median, s | least … greatest |\n|---|---|---|");
    for ((name, _), sample) in RUNS.iter().zip(samples) {
        println!("| {name} | {} |", Cells(sample, 3));
    }
    println!("\n| times as long, round by round | median | least … greatest |\n|---|---|---|");
    for (name, slow, fast) in RATIOS {
        println!("| {name} | {} |", Cells(&samples[slow].over(&samples[fast]), 1));
    }
    println!();
}

/// Many deployments in one process, which differ by their environment.
fn scale(scratch: &Path, packages: &Path) -> Result<(), Failure> {
    println!("| deployments in one process | ms for each, median | least … greatest |\n|---|---|---|");
    for (count, repeats) in [(1, 15), (10, 7), (100, 3)] {
        let mut sample = Sample::default();
        for _ in 0..repeats {
            let outdir = scratch.join("many");
            empty(&outdir)?;
            let said = peer::run(myself()?.args(["several", &count.to_string()]).arg(packages).arg(&outdir))?;
            let seconds: f64 = said.trim().parse().map_err(|error| Failure::new(&said, error))?;
            sample.add(seconds * 1000.0 / f64::from(count));
        }
        println!("| {count} | {} |", Cells(&sample, 1));
    }
    Ok(())
}
