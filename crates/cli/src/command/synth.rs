//! `standfast synth`: write the cloud assembly.

use std::path::Path;

use infra::{Replay, Synthesis, SynthesisError};
use recovery::Deployment;
use serde_json::json;

use crate::args::{Cli, Format, Synth};
use crate::failure::Failure;

use super::{deployment, print_result};

/// Account of an assembly that is only looked at; the cdk command names the real one.
pub(super) const NO_ACCOUNT: &str = "000000000000";

pub fn run(cli: &Cli, args: &Synth) -> Result<u8, Failure> {
    let deployment = deployment(&cli.deployment)?;
    let synthesis = Synthesis {
        // The cdk command sets the variable to nothing when it knows no account.
        account: args.account.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| NO_ACCOUNT.to_owned()),
        packages: args.packages.clone(),
        replay: Replay::Included,
    };
    let written = infra::packages::fit(&args.packages, deployment.compute.architecture)
        .and_then(|()| infra::synthesise(&deployment, &synthesis, &args.outdir));
    written.map_err(|error| {
        let hint = match &error {
            SynthesisError::Account(_) => "--account takes the number of an AWS account",
            SynthesisError::Processor { .. } => {
                "make the packages with `cargo xtask package --architecture NAME`, by the deployment's name"
            }
            // Packages are all that is read: whatever else fails is in the way of the assembly.
            SynthesisError::File(file) if file.verb == "read" => {
                "make the packages with `cargo xtask package`, or name them with --packages DIR"
            }
            SynthesisError::File(_) => "name a directory that you can write to with --outdir DIR",
            SynthesisError::Tree(_) => "the construct path above says which resource",
        };
        Failure::failed("the deployment cannot be synthesised").because(&error).hint(hint)
    })?;
    let directory = args.outdir.display();
    print_result(&match cli.output {
        Format::Text => format!("{} written to {directory}; `npx cdk ls` lists it", deployment.name),
        Format::Json => json!({"deployment": deployment.name, "outdir": args.outdir}).to_string(),
    })?;
    Ok(0)
}

/// Writes the assembly of a drill, which deploys into an account of its own.
pub fn write(
    deployment: &Deployment,
    packages: &Path,
    outdir: &Path,
    replay: bool,
) -> Result<(), SynthesisError> {
    let replay = if replay { Replay::Included } else { Replay::LeftOut };
    let account = drill::ACCOUNT.to_owned();
    infra::synthesise(deployment, &Synthesis { account, packages: packages.to_owned(), replay }, outdir)?;
    Ok(())
}
