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
    /// Tag of the containers' image; `None`: what [`IMAGE_TAG_FILE`](crate::packages::IMAGE_TAG_FILE) says.
    pub image: Option<String>,
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
    /// Containers, and no image to run them from.
    #[error("nobody says which image the containers run from")]
    NoImage,
    /// No tag that an image can have.
    #[error("`{0}` is no tag of an image: 1 to 128 letters, digits and _ . -, not beginning with . or -")]
    Image(String),
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
    let packages = Packages::read(&synthesis.packages, deployment)?.with_image(synthesis.image.clone());
    compose(deployment, &synthesis.account, &packages, synthesis.replay)
}

/// Composes every stack from packages that were read before, or from stand-ins. Touches no file.
///
/// # Errors
/// When the account number is malformed, or containers have no image.
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
        let tag = packages.image.as_deref().ok_or(SynthesisError::NoImage)?;
        if !is_tag(tag) {
            return Err(SynthesisError::Image(tag.to_owned()));
        }
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

/// <https://docs.docker.com/reference/cli/docker/image/tag/>
fn is_tag(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(fits) && !text.starts_with(['.', '-'])
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
