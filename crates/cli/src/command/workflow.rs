//! `standfast workflow`: the recovery plan in each of its readings.

use serde_json::json;

use crate::args::{Cli, Format, Reading, Workflow};
use crate::failure::Failure;

use super::{deployment, print_result};

/// Stands for the `recovery-step` function, whose ARN is known once it is deployed.
const FUNCTION: &str = "${RecoveryStepFunction}";

pub fn run(cli: &Cli, args: &Workflow) -> Result<u8, Failure> {
    let deployment = deployment(cli)?;
    let workflow = || recovery::workflow::workflow(&deployment, FUNCTION);
    let reading = args.format.unwrap_or(match cli.output {
        Format::Text => Reading::Runbook,
        Format::Json => Reading::Asl,
    });
    let (name, text) = match reading {
        Reading::Asl => return print_result(&workflow().to_json()).map(|()| 0),
        Reading::Mermaid => ("mermaid", workflow().to_mermaid()),
        Reading::Runbook => ("runbook", recovery::workflow::runbook(&deployment)),
    };
    print_result(&match cli.output {
        Format::Text => text,
        Format::Json => json!({"deployment": deployment.name, "format": name, "text": text}).to_string(),
    })?;
    Ok(0)
}
