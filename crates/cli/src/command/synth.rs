//! `standfast synth`: write the cloud assembly.

use std::path::Path;

use infra::{Packages, Replay, Synthesis, SynthesisError};
use recovery::Deployment;
use serde_json::json;

use crate::args::{Cli, Format, Synth};
use crate::failure::Failure;

use super::{context, print_result};

/// Account of an assembly that is only looked at; the cdk command names the real one.
pub(super) const NO_ACCOUNT: &str = "000000000000";

pub fn run(cli: &Cli, args: &Synth) -> Result<u8, Failure> {
    let deployment = context::deployment(cli)?;
    if args.diagram {
        return diagram(cli, &deployment);
    }
    let synthesis = Synthesis {
        // The cdk command sets the variable to nothing when it knows no account.
        account: args.account.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| NO_ACCOUNT.to_owned()),
        packages: args.packages.clone(),
        replay: Replay::Included,
        image: context::image(args.image.as_deref())?,
    };
    let written = infra::packages::fit(&args.packages, deployment.compute.architecture)
        .and_then(|()| infra::synthesise(&deployment, &synthesis, &args.outdir));
    written.map_err(|error| refusal(&error))?;
    let directory = args.outdir.display();
    print_result(&match cli.output {
        Format::Text => format!("{} written to {directory}; `npx cdk ls` lists it", deployment.name),
        Format::Json => json!({"deployment": deployment.name, "outdir": args.outdir}).to_string(),
    })?;
    Ok(0)
}

/// Draws the stacks. The contents of the packages change nothing about that.
fn diagram(cli: &Cli, deployment: &Deployment) -> Result<u8, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::failed("the deployment cannot be synthesised").because(error)
    };
    let app = infra::app::compose(deployment, NO_ACCOUNT, &Packages::stand_ins(), Replay::Included);
    let assembly = app.map_err(|error| failed(&error))?.synthesise().map_err(|error| failed(&error))?;
    let drawn = infra::diagram::mermaid(&assembly);
    print_result(&match cli.output {
        Format::Text => drawn,
        Format::Json => json!({"deployment": deployment.name, "mermaid": drawn}).to_string(),
    })?;
    Ok(0)
}

/// Says why there is no assembly, and what to do about it.
fn refusal(error: &SynthesisError) -> Failure {
    let hint = match error {
        SynthesisError::Account(_) => "--account takes the number of an AWS account",
        SynthesisError::Processor { .. } => {
            "make the packages with `cargo xtask package --architecture NAME`, by the deployment's name"
        }
        SynthesisError::NoImage => {
            "make the image with `cargo xtask image`, or name one that is pushed with --image TAG, \
             or `-c image=TAG` below the cdk command"
        }
        SynthesisError::Image(_) => "name the image by its tag alone, without the repository",
        // Packages are all that is read: whatever else fails is in the way of the assembly.
        SynthesisError::File(file) if file.verb == "read" => {
            "make the packages with `cargo xtask package`, or name them with --packages DIR"
        }
        SynthesisError::File(_) => "name a directory that you can write to with --outdir DIR",
        SynthesisError::Tree(_) => "each line begins with the path of the construct that is refused",
    };
    Failure::failed("the deployment cannot be synthesised").because(error).hint(hint)
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
    // Its containers are processes of this machine.
    let image = Some("drill".to_owned());
    let synthesis = Synthesis { account, packages: packages.to_owned(), replay, image };
    infra::synthesise(deployment, &synthesis, outdir)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    // Goal: whoever runs the cdk command reads every construct path that is refused.
    // Method: what is said of a tree with two problems.
    use infra::{Problem, Problems};

    use super::*;

    #[test]
    fn every_construct_that_is_refused_is_named() {
        let refused =
            |path: &str, reason: &str| Problem::Refused { path: path.into(), reason: reason.into() };
        let problems =
            vec![refused("One/Orders/Queue", "is not encrypted"), refused("Two/Role", "is too wide")];
        let said = refusal(&SynthesisError::Tree(Problems(problems))).lines().join("\n");
        for line in
            ["problem(s)\n  One/Orders/Queue: is not encrypted\n  Two/Role: is too wide\n", "each line"]
        {
            assert!(said.contains(line), "{said}");
        }
    }
}
