//! `standfast synth`: write the cloud assembly.

use std::path::Path;

use recovery::Deployment;

use crate::args::{Cli, Format, Synth};
use crate::failure::Failure;

use super::{deployment, print_result};

pub fn run(cli: &Cli, args: &Synth) -> Result<u8, Failure> {
    let _ = (cli, args, deployment as fn(&Path) -> _, print_result as fn(&str) -> _, Format::Text);
    Err(Failure::failed("not built yet"))
}

/// Writes the assembly of a drill.
pub fn write(
    _deployment: &Deployment,
    _packages: &Path,
    _outdir: &Path,
    _replay: bool,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err("not built yet".into())
}
