//! `standfast check`: judge a deployment before it is deployed.

mod tools;

use std::path::{Path, PathBuf};

use infra::check::report::{Outcome, Verdict};
use infra::check::{Inventory, Report, acceptance, validator};
use infra::{Packages, Replay};
use recovery::Deployment;

use crate::args::{Check, Cli, Format};
use crate::failure::{Failure, OBJECTIVES_MISSED};
use crate::screen;

use super::synth::NO_ACCOUNT;
use super::{deployment, print_result};

/// Where `cargo xtask package` leaves the packages.
const PACKAGES: &str = "target/lambda";

pub fn run(cli: &Cli, args: &Check) -> Result<u8, Failure> {
    let deployment = deployment(cli)?;
    let (inventory, templates) = templates(&deployment, args.templates.as_deref(), args.packages.as_deref())?;
    tracing::info!(stacks = inventory.stacks.len(), templates, "the templates are at hand");
    let said = if args.quick {
        let left_out = |tool| (tool, Outcome::LeftOut, Vec::new());
        validator::Tool::ALL.map(left_out).to_vec()
    } else {
        tools::run(&deployment, &inventory)?
    };
    let report = Report::new(&deployment, templates, &inventory, said, &acceptance::ours());
    print_result(&match cli.output {
        Format::Text => screen::check::render(&report),
        Format::Json => serde_json::to_string_pretty(&report).expect("a report is plain data"),
    })?;
    Ok(match report.verdict {
        Verdict::Passed => 0,
        Verdict::Failed => 1,
        Verdict::ObjectivesMissed => OBJECTIVES_MISSED,
    })
}

/// The templates that were written into a directory, or that would be, and where they come from in words.
pub(super) fn templates(
    deployment: &Deployment,
    written: Option<&Path>,
    packages: Option<&Path>,
) -> Result<(Inventory, String), Failure> {
    match written {
        Some(directory) => Ok((read(directory)?, format!("read in {}", directory.display()))),
        None => synthesised(deployment, packages),
    }
}

/// The templates as they would be written, and what they were made with.
fn synthesised(deployment: &Deployment, named: Option<&Path>) -> Result<(Inventory, String), Failure> {
    let directory = named.map_or_else(|| PathBuf::from(PACKAGES), Path::to_owned);
    let built = |function: &&str| directory.join(format!("{function}.zip")).is_file();
    let (packages, with) = if named.is_some() || infra::packages::functions(deployment).iter().all(built) {
        let cannot_use = |error: &dyn std::error::Error| {
            Failure::failed(format!("cannot use the packages in {}", directory.display()))
                .because(error)
                .hint("make them with `cargo xtask package`, or leave --packages out to check with stand-ins")
        };
        infra::packages::fit(&directory, deployment.compute.architecture)
            .map_err(|error| cannot_use(&error))?;
        let packages = Packages::read(&directory, deployment).map_err(|error| cannot_use(&error))?;
        // What is judged does not depend on which image it is.
        let image = packages.image.clone().unwrap_or_else(|| "not-built".to_owned());
        let packages = packages.with_image(Some(image));
        (packages, format!("the packages in {}", directory.display()))
    } else {
        (Packages::stand_ins(), format!("stand-in packages, for {PACKAGES} does not hold every one"))
    };
    let assembly = infra::app::compose(deployment, NO_ACCOUNT, &packages, Replay::Included)
        .and_then(|app| Ok(app.synthesise()?))
        .map_err(|error| {
            Failure::failed("the deployment cannot be synthesised")
                .because(&error)
                .hint("the construct path above says which resource")
        })?;
    Ok((Inventory::of(&assembly), format!("synthesised with {with}")))
}

/// The templates of an assembly that was written.
fn read(directory: &Path) -> Result<Inventory, Failure> {
    Inventory::read(|name| std::fs::read_to_string(directory.join(name))).map_err(|error| {
        Failure::invalid(format!("{} holds no cloud assembly", directory.display()))
            .because(&error)
            .hint("write one with `standfast synth --outdir DIR`")
    })
}
