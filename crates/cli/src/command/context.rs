//! What the `cdk` command line asks for: `-c deployment=FILE`, `-c environment=NAME` and `-c image=TAG`.

use std::path::{Path, PathBuf};

use infra::{Context, ContextError};
use recovery::Deployment;

use crate::args::Cli;
use crate::failure::Failure;

use super::read_deployment;

/// Holds the context as an object in JSON.
const CONTEXT: &str = "CDK_CONTEXT_JSON";
/// Names a file with the rest of it, where it is larger than a variable may be.
const OVERFLOW: &str = "CONTEXT_OVERFLOW_LOCATION_ENV";
/// The deployment file of whoever started this command, where neither arguments nor context name one.
pub const DEPLOYMENT: &str = "STANDFAST_DEPLOYMENT";
/// The environment of that file, likewise.
pub const ENVIRONMENT: &str = "STANDFAST_ENVIRONMENT";
/// What may be said with `-c`.
const KEYS: [&str; 3] = ["deployment", "environment", "image"];

/// The deployment that the arguments or the context name; both together must agree. Where neither names a file, the
/// one of the `standfast emulate` that this command runs under.
pub fn deployment(cli: &Cli) -> Result<Deployment, Failure> {
    let context = read()?;
    let [file, environment, _] = context.texts(KEYS).map_err(|error| refused(&error))?;
    let named = cli.deployment.as_deref();
    agree("deployment", named.map(|file| file.display().to_string()), file)?;
    agree("environment", cli.environment.clone(), environment)?;
    let environment = cli.environment.as_deref().or(environment);
    match named.or(file.map(Path::new)) {
        Some(file) => read_deployment(Some(file), environment),
        None => {
            let file = std::env::var_os(DEPLOYMENT).map(PathBuf::from);
            let surrounding = file.as_ref().and_then(|_| std::env::var(ENVIRONMENT).ok());
            read_deployment(file.as_deref(), environment.or(surrounding.as_deref()))
        }
    }
}

/// The image of the containers that the argument or the context names; both together must agree.
pub fn image(argument: Option<&str>) -> Result<Option<String>, Failure> {
    let context = read()?;
    let [_, _, image] = context.texts(KEYS).map_err(|error| refused(&error))?;
    agree("image", argument.map(str::to_owned), image)?;
    Ok(argument.or(image).map(str::to_owned))
}

fn read() -> Result<Context, Failure> {
    let own = std::env::var(CONTEXT).unwrap_or_default();
    let overflow = match std::env::var_os(OVERFLOW).filter(|file| !file.is_empty()) {
        Some(file) => std::fs::read_to_string(&file).map_err(|error| {
            Failure::invalid(format!("cannot read the context in {}", Path::new(&file).display()))
                .because(&error)
                .hint(format!("the cdk command writes it; unset {OVERFLOW} when this is none of its runs"))
        })?,
        None => String::new(),
    };
    Context::parse([own.as_str(), overflow.as_str()]).map_err(|error| refused(&error))
}

fn refused(error: &ContextError) -> Failure {
    let hint = match error {
        ContextError::NoObject => format!("the cdk command sets {CONTEXT}; unset it in a run of your own"),
        ContextError::UnknownKey { .. } | ContextError::NoText { .. } => {
            "say `-c deployment=FILE`, `-c environment=NAME` or `-c image=TAG`, or the same as texts in the \
             `context` of cdk.json"
                .to_owned()
        }
    };
    Failure::invalid(error.to_string()).hint(hint)
}

/// One name from two sides, of which neither is silently left out.
fn agree(what: &str, argument: Option<String>, context: Option<&str>) -> Result<(), Failure> {
    match (argument, context) {
        (Some(argument), Some(context)) if argument != context => Err(Failure::invalid(format!(
            "the {what} is `{argument}` by --{what}, and `{context}` by context"
        ))
        .hint(format!(
            "leave one of them out: --{what} is in the `app` of cdk.json, or -c on the command line"
        ))),
        _ => Ok(()),
    }
}
