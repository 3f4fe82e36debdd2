//! The scenarios of the drill: built in, or a file.

use std::fmt::Write;
use std::path::Path;

use recovery::Deployment;
use recovery::scenario::Scenario;

use crate::args::Format;
use crate::command::print_result;
use crate::failure::Failure;

/// Scenarios that come with the command, under a title of the list.
struct Group {
    title: &'static str,
    scenarios: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../../scenarios/", $name, ".toml")))),*]
    };
}

/// Every scenario that comes with the command.
const BUILT_IN: [Group; 8] = [
    Group {
        title: "a region is lost",
        scenarios: files![
            "region-loss",
            "region-loss-in-burst",
            "replication-lagging",
            "region-frozen",
            "flapping",
            "standby-not-ready",
        ],
    },
    Group {
        title: "a region and its callers",
        scenarios: files!["cut-off-from-clients", "grey-failure", "slow-primary", "partition"],
    },
    Group { title: "the database", scenarios: files!["database-killed", "database-hung"] },
    Group { title: "the journal", scenarios: files!["journal-unavailable-here", "journal-unavailable"] },
    Group {
        title: "what recovers",
        scenarios: files!["switched-off", "schedule-lost", "dns-denied", "duplicate-triggers", "step-killed",],
    },
    Group {
        title: "clocks and caches",
        scenarios: files!["clock-ahead", "clock-ahead-at-home", "stale-dns"],
    },
    Group { title: "settlement", scenarios: files!["processing-broken"] },
    Group {
        title: "containers, which functions have not",
        scenarios: files!["task-killed", "bad-deployment", "zone-lost", "burst"],
    },
];

const HINT: &str = "`standfast drill --list` names the built-in ones; a file of your own ends in .toml";

/// Prints the built-in scenarios.
pub fn list(format: Format) -> Result<u8, Failure> {
    let mut text = String::new();
    let mut all = Vec::new();
    let width = built_in().map(|(name, _)| name.len()).max().unwrap_or(0);
    for Group { title, scenarios } in &BUILT_IN {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{title}");
        for (name, file) in *scenarios {
            let scenario = Scenario::parse(file, name).map_err(|error| Failure::failed(error.to_string()))?;
            let _ = writeln!(text, "  {:width$}  {}", scenario.name, scenario.summary);
            all.push(scenario);
        }
    }
    print_result(&match format {
        Format::Text => text,
        Format::Json => serde_json::to_string_pretty(&all).expect("a scenario is plain data"),
    })?;
    Ok(0)
}

fn built_in() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    BUILT_IN.iter().flat_map(|group| group.scenarios)
}

/// The scenario that is meant: a built-in one by its name, anything that looks like a file as a file.
pub fn named(name: &str) -> Result<Scenario, Failure> {
    if let Some((name, text)) = built_in().find(|(built_in, _)| *built_in == name) {
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
