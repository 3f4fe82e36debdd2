//! `standfast workflow`: the recovery plans, each in its readings.

use serde_json::json;

use crate::args::{Cli, Format, Reading, Which, Workflow};
use crate::failure::Failure;

use super::{deployment, print_result};

/// Stands for the `recovery-step` function, whose ARN is known once it is deployed.
const FUNCTION: &str = "${RecoveryStepFunction}";

pub fn run(cli: &Cli, args: &Workflow) -> Result<u8, Failure> {
    let deployment = deployment(cli)?;
    let workflow = || match args.which {
        Which::Failover => recovery::workflow::workflow(&deployment, FUNCTION),
        // One machine for both: what people ask for is in its input.
        Which::Failback | Which::Switchover => recovery::workflow::failback(&deployment, FUNCTION),
    };
    let runbook = || match args.which {
        Which::Failover => recovery::workflow::runbook(&deployment),
        Which::Failback => recovery::workflow::failback_runbook(&deployment),
        Which::Switchover => recovery::workflow::switchover_runbook(&deployment),
    };
    let reading = args.format.unwrap_or(match cli.output {
        Format::Text => Reading::Runbook,
        Format::Json => Reading::Asl,
    });
    let (name, text) = match reading {
        Reading::Asl => return print_result(&workflow().to_json()).map(|()| 0),
        Reading::Mermaid => ("mermaid", workflow().to_mermaid()),
        Reading::Runbook => ("runbook", runbook()),
    };
    print_result(&match cli.output {
        Format::Text => text,
        Format::Json => json!({"deployment": deployment.name, "format": name, "text": text}).to_string(),
    })?;
    Ok(0)
}
