//! `standfast cost`: what a deployment costs in a month, and where it could cost less.

use infra::cost::Report;

use crate::args::{Cli, Cost, Format};
use crate::failure::Failure;
use crate::screen;

use super::{deployment, print_result};

pub fn run(cli: &Cli, args: &Cost) -> Result<u8, Failure> {
    let deployment = deployment(cli)?;
    let report = Report::new(&deployment).map_err(|error| {
        Failure::failed("there is no estimate of the deployment")
            .because(&error)
            .hint("`standfast check --quick` says what is wrong with its templates")
    })?;
    tracing::info!(items = report.estimate.items.len(), "the templates are priced");
    print_result(&match cli.output {
        Format::Text => screen::cost::render(&report, args.assumptions),
        Format::Json => serde_json::to_string_pretty(&report).expect("a report is plain data"),
    })?;
    Ok(0)
}
