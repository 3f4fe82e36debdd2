//! Our side: what `standfast synth` does, in a process of its own, and many deployments in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use infra::check::report::Verdict;
use infra::check::{Inventory, Report};
use infra::{Replay, Synthesis};
use recovery::Deployment;

use crate::failure::Failure;
use crate::root;

/// Account of an assembly that is only looked at.
pub const ACCOUNT: &str = "000000000000";

/// The deployment that is synthesised.
pub fn deployment_file() -> PathBuf {
    root().join("deployments/trading.toml")
}

/// Writes a package for every function that holds nothing but its name.
pub fn stand_ins(directory: &Path) -> Result<(), Failure> {
    let written = fs::create_dir_all(directory).and_then(|()| {
        infra::packages::FUNCTIONS
            .iter()
            .try_for_each(|function| fs::write(directory.join(format!("{function}.zip")), function))
    });
    written
        .map_err(|error| Failure::new(format!("cannot write packages into {}", directory.display()), error))
}

fn deployment() -> Result<Deployment, Failure> {
    let file = deployment_file();
    let text = fs::read_to_string(&file).map_err(|error| Failure::new(file.display(), error))?;
    Deployment::parse_for(&text, "trading.toml", None).map_err(|error| Failure::new(file.display(), error))
}

/// What `standfast synth` does, step by step; with `checked` also what `standfast check` judges.
pub fn synthesise(packages: &Path, outdir: &Path, checked: bool) -> Result<(), Failure> {
    let deployment = deployment()?;
    let synthesis = Synthesis {
        account: ACCOUNT.to_owned(),
        packages: packages.to_owned(),
        replay: Replay::Included,
        image: None,
    };
    let assembly = infra::packages::fit(packages, deployment.compute.architecture)
        .and_then(|()| infra::synthesise(&deployment, &synthesis, outdir))
        .map_err(|error| Failure::new("the deployment cannot be synthesised", error))?;
    if checked {
        let inventory = Inventory::of(&assembly);
        let report = Report::new(&deployment, "synthesised".to_owned(), &inventory, Vec::new(), &[]);
        if report.verdict != Verdict::Passed {
            return Err(Failure::plain(format!(
                "the deployment does not pass the check: {:?}",
                report.verdict
            )));
        }
    }
    println!("{} written to {}", deployment.name, outdir.display());
    Ok(())
}

/// Synthesises so many deployments, each under an environment of its own, into a directory of its
/// own; returns the time from the first file read to the last one written.
pub fn several(count: usize, packages: &Path, outdir: &Path) -> Result<Duration, Failure> {
    let began = Instant::now();
    for number in 0..count {
        let mut deployment = deployment()?;
        deployment.environment = format!("bench-{number}");
        let synthesis = Synthesis {
            account: ACCOUNT.to_owned(),
            packages: packages.to_owned(),
            replay: Replay::Included,
            image: None,
        };
        infra::synthesise(&deployment, &synthesis, &outdir.join(&deployment.environment))
            .map_err(|error| Failure::new(&deployment.environment, error))?;
    }
    Ok(began.elapsed())
}
