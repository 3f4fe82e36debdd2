//! `standfast workflow`: the recovery plan in each of its readings.

use crate::args::{Cli, Reading, Workflow};
use crate::failure::Failure;

use super::{deployment, print_result};

/// Stands for the `recovery-step` function, whose ARN is known once it is deployed.
const FUNCTION: &str = "${RecoveryStepFunction}";

pub fn run(cli: &Cli, args: &Workflow) -> Result<u8, Failure> {
    let deployment = deployment(&cli.deployment)?;
    let workflow = || recovery::workflow::workflow(&deployment, FUNCTION);
    print_result(&match args.format {
        Reading::Asl => workflow().to_json(),
        Reading::Mermaid => workflow().to_mermaid(),
        Reading::Runbook => recovery::workflow::runbook(&deployment),
    })?;
    Ok(0)
}
