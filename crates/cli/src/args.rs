//! The command line's shape.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EVERY_COMMAND: &str = "Options of every command";

/// Keeps an order-taking system standing when a whole AWS region falls.
#[derive(Debug, Parser)]
#[command(name = "standfast", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done and objectives met; 1 failed or refused; \
                        2 usage or invalid file; 3 ran, objectives missed.")]
pub struct Cli {
    /// Which system: its deployment file [default: deployments/trading.toml]
    #[arg(short = 'f', long = "deployment", value_name = "FILE", global = true)]
    #[arg(help_heading = EVERY_COMMAND)]
    pub deployment: Option<PathBuf>,
    /// Which environment of that file [default: the file's own]
    #[arg(long, value_name = "NAME", global = true, help_heading = EVERY_COMMAND)]
    pub environment: Option<String>,
    /// How results are printed on standard output
    #[arg(long, value_enum, value_name = "FORMAT", global = true, default_value_t)]
    #[arg(help_heading = EVERY_COMMAND)]
    pub output: Format,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", global = true, default_value_t)]
    #[arg(help_heading = EVERY_COMMAND)]
    pub color: Color,
    /// Log to standard error: -v what is done and what went wrong, -vv details, -vvv every library
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    #[arg(help_heading = EVERY_COMMAND)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

impl Color {
    /// The choice among raw arguments, for what is printed before or instead of parsing them.
    pub fn asked_for(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut chosen = Self::Auto;
        let mut arguments = arguments.into_iter().map(|one| one.to_string_lossy().into_owned());
        while let Some(argument) = arguments.next() {
            let value = match argument.as_str() {
                "--" => break,
                "--color" => arguments.next(),
                other => other.strip_prefix("--color=").map(str::to_owned),
            };
            if let Some(value) = value.and_then(|value| Self::from_str(&value, false).ok()) {
                chosen = value;
            }
        }
        chosen
    }

    /// Makes it the choice for everything that this process prints.
    pub fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that shows it
    #[default]
    Auto,
    /// Even into a pipe or a file
    Always,
    /// Not at all
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the cloud assembly that `npx cdk` lists, compares and deploys
    Synth(Synth),
    /// Judge a deployment before it is deployed: recovery budget, rules, validators
    Check(Check),
    /// Estimate what a deployment costs in a month, and where it could cost less
    Cost(Cost),
    /// List the evidence there is for items of standards that concern recovery
    Compliance(Compliance),
    /// Rehearse the loss of a region on this machine, with real parts
    Drill(Drill),
    /// Judge a history: a drill's, or any that is written in its format
    Verify(Verify),
    /// Estimate recovery times by failures in virtual time, and look for violations
    Simulate(Simulate),
    /// Print a recovery workflow
    Workflow(Workflow),
    /// Run a command, such as `npx cdk deploy`, against an emulator of AWS on this machine
    Emulate(Emulate),
}

/// Arguments of `standfast synth`.
#[derive(Args, Debug)]
pub struct Synth {
    /// Where the assembly goes; the cdk command names it itself
    #[arg(long, value_name = "DIR", env = "CDK_OUTDIR", hide_env_values = true, default_value = "cdk.out")]
    pub outdir: PathBuf,
    /// Packages of the functions, made by `cargo xtask package`
    #[arg(long, value_name = "DIR", env = "STANDFAST_PACKAGES", hide_env_values = true)]
    #[arg(default_value = "target/lambda")]
    pub packages: PathBuf,
    /// Tag of the containers' image [default: what `cargo xtask image` left beside the packages]
    #[arg(long, value_name = "TAG")]
    pub image: Option<String>,
    /// AWS account of the stacks
    #[arg(long, value_name = "ID", env = "CDK_DEFAULT_ACCOUNT", hide_env_values = true)]
    pub account: Option<String>,
    /// Print the stacks as a Mermaid diagram, and write nothing
    #[arg(long)]
    pub diagram: bool,
}

/// Arguments of `standfast check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Leave other people's validators out: fast enough for every save
    #[arg(long)]
    pub quick: bool,
    /// Judge the assembly written here, as it is, instead of what would be synthesised
    #[arg(long, value_name = "DIR", conflicts_with = "packages")]
    pub templates: Option<PathBuf>,
    /// Packages of the functions [default: target/lambda, or stand-ins where it lacks one]
    #[arg(long, value_name = "DIR")]
    pub packages: Option<PathBuf>,
}

/// Arguments of `standfast cost`.
#[derive(Args, Debug)]
pub struct Cost {
    /// Print every assumption and every type that costs nothing, too
    #[arg(long)]
    pub assumptions: bool,
}

/// Arguments of `standfast compliance`.
#[derive(Args, Debug)]
pub struct Compliance {
    /// Reports of drills, or the directories that `standfast drill --report` wrote them into
    #[arg(long = "drill", value_name = "PATH", num_args = 1..)]
    pub drills: Vec<PathBuf>,
    /// Look into the assembly written here, as it is, instead of what would be synthesised
    #[arg(long, value_name = "DIR", conflicts_with = "packages")]
    pub templates: Option<PathBuf>,
    /// Packages of the functions [default: target/lambda, or stand-ins where it lacks one]
    #[arg(long, value_name = "DIR")]
    pub packages: Option<PathBuf>,
    /// Print which evidence is looked for, and do nothing else
    #[arg(long, conflicts_with_all = ["drills", "templates", "packages"])]
    pub mapping: bool,
}

/// Arguments of `standfast drill`.
#[derive(Args, Debug)]
pub struct Drill {
    /// A scenario's name, or a scenario file
    #[arg(default_value = "region-loss")]
    pub scenario: String,
    /// List the scenarios and do nothing else
    #[arg(long)]
    pub list: bool,
    /// Orders offered per second, instead of the deployment's rate
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub orders_per_second: Option<f64>,
    /// Seed of the load; the same seed offers the same orders [default: from the clock]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Keep the run's directory (logs, databases, assembly) and say where it is
    #[arg(long)]
    pub keep: bool,
    /// Write report.json and history.jsonl into a directory
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Where the downloaded parts are kept [default: the user's cache directory]
    #[arg(long, value_name = "DIR", env = "STANDFAST_CACHE", hide_env_values = true)]
    pub cache: Option<PathBuf>,
    /// Directory of built functions; without it they are built with cargo
    #[arg(long, value_name = "DIR")]
    pub functions: Option<PathBuf>,
    /// Leave the journal's replay out of the workflow, to see that the drill notices
    #[arg(long, hide = true)]
    pub without_replay: bool,
}

/// Arguments of `standfast verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// A history, or the directory that `standfast drill --report` wrote it into
    #[arg(value_name = "HISTORY")]
    pub history: PathBuf,
}

/// Arguments of `standfast simulate`.
#[derive(Args, Debug)]
pub struct Simulate {
    /// A scenario's name, or a scenario file [default: region-loss]
    pub scenario: Option<String>,
    /// Instead of a scenario, faults of every kind by chance
    #[arg(long, value_enum, value_name = "WHICH", conflicts_with = "scenario")]
    pub by_chance: Option<ByChance>,
    /// How many trials
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub trials: u64,
    /// Seed of the first trial; the others follow one by one
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the trial of the seed step by step and, when it fails, the fewest faults that still do
    #[arg(long, conflicts_with_all = ["trials", "svg", "threads"])]
    pub replay: bool,
    /// Threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Outages of this kind in a year, for the availability
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = outages)]
    pub outages_per_year: f64,
    /// Draw the distributions into a file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Faults by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ByChance {
    /// Whatever strikes, nothing may go wrong meanwhile
    Safety,
    /// Faults end, and the service has to come back
    Liveness,
}

/// Arguments of `standfast emulate`.
#[derive(Args, Debug)]
pub struct Emulate {
    /// Fail when anything that the command deployed is still there after it
    #[arg(long)]
    pub expect_teardown: bool,
    /// Where the downloaded parts are kept [default: the user's cache directory]
    #[arg(long, value_name = "DIR", env = "STANDFAST_CACHE", hide_env_values = true)]
    pub cache: Option<PathBuf>,
    /// Directory of built functions; without it they are built with cargo
    #[arg(long, value_name = "DIR")]
    pub functions: Option<PathBuf>,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Arguments of `standfast workflow`.
#[derive(Args, Debug)]
pub struct Workflow {
    /// Which of them
    #[arg(value_enum, value_name = "WORKFLOW", default_value_t)]
    pub which: Which,
    /// In which reading [default: runbook; with `--output json`: asl]
    #[arg(long, value_enum, value_name = "READING")]
    pub format: Option<Reading>,
}

/// One of the recovery workflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// A region is lost and the other one takes over
    #[default]
    Failover,
    /// The lost region is back, and the system returns to it
    Failback,
    /// People move the system to the other region, and nothing is lost
    Switchover,
}

/// A reading of the workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reading {
    /// Amazon States Language, as deployed
    Asl,
    /// A Mermaid diagram
    Mermaid,
    /// Markdown for the people on call
    Runbook,
}

fn outages(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(outages) if (0.0..=10_000.0).contains(&outages) => Ok(outages),
        _ => Err("give a number from 0 to 10000".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 10_000.0 => Ok(rate),
        Ok(_) => Err("must lie above 0 and at most at 10000".to_owned()),
        Err(_) => Err("is not a number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    // Goal: colour is decided before parsing, because parsing itself prints. Method: raw arguments.
    use super::*;

    fn asked_for(arguments: &[&str]) -> Color {
        Color::asked_for(arguments.iter().map(OsString::from))
    }

    #[test]
    fn the_last_choice_of_colour_counts_wherever_it_stands() {
        assert_eq!(asked_for(&["drill", "--list"]), Color::Auto);
        assert_eq!(asked_for(&["--color", "never", "drill"]), Color::Never);
        assert_eq!(asked_for(&["drill", "--color=always"]), Color::Always);
        assert_eq!(asked_for(&["--color=always", "drill", "--color=never"]), Color::Never);
        assert_eq!(asked_for(&["drill", "--color=loud"]), Color::Auto);
        assert_eq!(asked_for(&["drill", "--", "--color=never"]), Color::Auto);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
