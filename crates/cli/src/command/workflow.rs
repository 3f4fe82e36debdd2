//! `standfast workflow`: the recovery plan in each of its readings.

use crate::args::{Cli, Reading, Workflow};
use crate::failure::Failure;

use super::{deployment, print_result};

pub fn run(cli: &Cli, args: &Workflow) -> Result<u8, Failure> {
    let deployment = deployment(&cli.deployment)?;
    print_result(&match args.format {
        Reading::Asl => infra::failover_definition(&deployment),
        Reading::Mermaid => infra::failover_diagram(&deployment),
        Reading::Runbook => infra::failover_runbook(&deployment),
    })?;
    Ok(0)
}
