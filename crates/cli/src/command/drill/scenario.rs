//! The scenarios of the drill: built in, or a file.

use std::path::Path;

use recovery::Deployment;
use recovery::scenario::Scenario;

use crate::args::Format;
use crate::command::print_result;
use crate::failure::Failure;

/// The scenarios that come with the command.
const BUILT_IN: [(&str, &str); 5] = [
    ("region-loss", include_str!("../../../../../scenarios/region-loss.toml")),
    ("task-killed", include_str!("../../../../../scenarios/task-killed.toml")),
    ("bad-deployment", include_str!("../../../../../scenarios/bad-deployment.toml")),
    ("zone-lost", include_str!("../../../../../scenarios/zone-lost.toml")),
    ("burst", include_str!("../../../../../scenarios/burst.toml")),
];

const HINT: &str = "`standfast drill --list` names the built-in ones; a file of your own ends in .toml";

/// Prints the built-in scenarios.
pub fn list(format: Format) -> Result<u8, Failure> {
    let mut scenarios = Vec::new();
    for (name, text) in BUILT_IN {
        scenarios.push(Scenario::parse(text, name).map_err(|error| Failure::failed(error.to_string()))?);
    }
    print_result(&match format {
        Format::Text => {
            scenarios.iter().map(|s| format!("{:14}  {}\n", s.name, s.summary)).collect::<String>()
        }
        Format::Json => serde_json::to_string_pretty(&scenarios).expect("a scenario is plain data"),
    })?;
    Ok(0)
}

/// The scenario that is meant: a built-in one by its name, anything that looks like a file as a file.
pub fn named(name: &str) -> Result<Scenario, Failure> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        return Scenario::parse(text, name).map_err(|error| Failure::invalid(error.to_string()));
    }
    if !name.contains('/') && Path::new(name).extension().is_none() {
        return Err(Failure::invalid(format!("there is no scenario `{name}`")).hint(HINT));
    }
    let text = std::fs::read_to_string(name).map_err(|error| {
        Failure::invalid(format!("cannot read the scenario file {name}")).because(&error).hint(HINT)
    })?;
    Scenario::parse(&text, name).map_err(|error| {
        let form = "`standfast drill --list --output json` shows every field of a scenario that is valid";
        Failure::invalid(format!("invalid scenario file\n{error}")).hint(form)
    })
}

/// A scenario about containers needs a deployment that has some.
pub fn check_fits(scenario: &Scenario, deployment: &Deployment) -> Result<(), Failure> {
    scenario.fits(deployment).map_err(|misfit| {
        Failure::invalid(misfit.to_string())
            .hint("name a deployment of the profile `containers`, such as -f deployments/finance-west.toml")
    })
}
