//! Every stack of a deployment, in the order in which they are deployed.

use std::path::{Path, PathBuf};

use cdk::assembly::Assembly;
use cdk::assembly::writer::{self, FileError};
use cdk::{App, Problems};
use recovery::deployment::{Architecture, Deployment, Profile};

use crate::packages::Packages;
use crate::place::Place;
use crate::{rules, tap};

/// What a synthesis needs beside the deployment file.
#[derive(Clone, Debug)]
pub struct Synthesis {
    /// Account number: twelve digits.
    pub account: String,
    /// Directory that holds `{function}.zip` of every function.
    pub packages: PathBuf,
    /// Whether the workflow replays the journal.
    pub replay: Replay,
}

/// Whether the failover workflow replays the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replay {
    /// It does.
    #[default]
    Included,
    /// It does not, so that a drill can prove that a loss is noticed. **Never deploy this.**
    LeftOut,
}

/// Why there is no assembly.
#[derive(Debug, thiserror::Error)]
pub enum SynthesisError {
    /// Not the number of an AWS account.
    #[error("`{0}` is not an account number of twelve digits")]
    Account(String),
    /// A package for another processor than the functions'.
    #[error("{package}.zip is not built for {architecture}, which the deployment asks for", architecture = .architecture.as_str())]
    Processor {
        /// The function.
        package: &'static str,
        /// Of the functions.
        architecture: Architecture,
    },
    /// A profile that has no stacks yet.
    #[error(
        "no stacks are synthesised for the profile `containers` yet; use a deployment of the profile `functions`"
    )]
    Containers,
    /// A package or a file of the assembly.
    #[error(transparent)]
    File(#[from] FileError),
    /// Something in the construct tree.
    #[error(transparent)]
    Tree(#[from] Problems),
}

/// Composes every stack. Reads the packages, writes nothing.
///
/// # Errors
/// When the account number is malformed or a package cannot be read.
pub fn app(deployment: &Deployment, synthesis: &Synthesis) -> Result<App, SynthesisError> {
    compose(deployment, &synthesis.account, &Packages::read(&synthesis.packages)?, synthesis.replay)
}

/// Composes every stack from packages that were read before, or from stand-ins. Touches no file.
///
/// # Errors
/// When the account number is malformed.
pub fn compose(
    deployment: &Deployment,
    account: &str,
    packages: &Packages,
    replay: Replay,
) -> Result<App, SynthesisError> {
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SynthesisError::Account(account.to_owned()));
    }
    if deployment.compute.profile == Profile::Containers {
        return Err(SynthesisError::Containers);
    }
    let place = |region| Place { deployment, account, region };
    let [home, standby] = deployment.pair();
    let mut app = App::new();
    for stack in tap::shared(&place(standby)) {
        app.add(stack);
    }
    for region in [home, standby] {
        for stack in tap::stacks(&place(region), packages, replay) {
            app.add(stack);
        }
    }
    rules::apply(&mut app, deployment);
    Ok(app)
}

/// Composes, checks and writes the assembly into `directory`.
///
/// # Errors
/// Whatever is wrong with the input, the tree or the directory.
pub fn synthesise(
    deployment: &Deployment,
    synthesis: &Synthesis,
    directory: &Path,
) -> Result<Assembly, SynthesisError> {
    let assembly = app(deployment, synthesis)?.synthesise()?;
    writer::write(&assembly, directory)?;
    Ok(assembly)
}
