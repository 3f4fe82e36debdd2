//! The command line's shape.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Keeps an order-taking system standing when a whole AWS region falls.
#[derive(Debug, Parser)]
#[command(name = "standfast", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done and objectives met; 1 failed or refused; \
                        2 usage or invalid file; 3 ran, objectives missed.")]
pub struct Cli {
    /// Which system: its deployment file
    #[arg(short = 'f', long = "deployment", value_name = "FILE", global = true)]
    #[arg(default_value = "deployments/trading.toml")]
    pub deployment: PathBuf,
    /// How results are printed on standard output
    #[arg(long, value_enum, value_name = "FORMAT", global = true, default_value_t)]
    pub output: Format,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", global = true, default_value_t)]
    pub color: Color,
    /// Say more on standard error (repeat for more)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
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
    /// Rehearse the loss of a region on this machine, with real parts
    Drill(Drill),
    /// Print the recovery workflow
    Workflow(Workflow),
}

/// Arguments of `standfast synth`.
#[derive(Args, Debug)]
pub struct Synth {
    /// Where the assembly goes; the cdk command names it itself
    #[arg(long, value_name = "DIR", env = "CDK_OUTDIR", default_value = "cdk.out")]
    pub outdir: PathBuf,
    /// Packages of the functions, made by `cargo xtask package`
    #[arg(long, value_name = "DIR", default_value = "target/lambda")]
    pub packages: PathBuf,
    /// AWS account of the stacks
    #[arg(long, value_name = "ID", env = "CDK_DEFAULT_ACCOUNT")]
    pub account: Option<String>,
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
    #[arg(long, value_name = "DIR", env = "STANDFAST_CACHE")]
    pub cache: Option<PathBuf>,
    /// Directory of built functions; without it they are built with cargo
    #[arg(long, value_name = "DIR")]
    pub functions: Option<PathBuf>,
    /// Leave the journal's replay out of the workflow, to see that the drill notices
    #[arg(long, hide = true)]
    pub without_replay: bool,
}

/// Arguments of `standfast workflow`.
#[derive(Args, Debug)]
pub struct Workflow {
    /// In which reading
    #[arg(long, value_enum, default_value_t)]
    pub format: Reading,
}

/// A reading of the workflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Reading {
    /// Amazon States Language, as deployed
    Asl,
    /// A Mermaid diagram
    Mermaid,
    /// Markdown for the people on call
    #[default]
    Runbook,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 10_000.0 => Ok(rate),
        Ok(_) => Err("must lie above 0 and at most at 10000".to_owned()),
        Err(_) => Err("is not a number".to_owned()),
    }
}
