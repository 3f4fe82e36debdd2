//! `cargo xtask proof`: runs the scenarios as drills, keeps what they found, and writes `docs/proof.md`.
//!
//! The page is rendered from `docs/proof/drills.json` alone, where a newer run of the same scenario,
//! deployment and seed takes the place of an older one. A run that stops half-way loses only its last
//! drill; the same command goes on where it stopped, for what was found at this commit is not run again.

mod drills;
mod options;
mod page;
mod record;

use std::path::{Path, PathBuf};
use std::process::Command;

use recovery::Deployment;
use recovery::scenario::Scenario;

use crate::problem::Problem;
use options::Options;
use record::Record;

/// What the drills found.
const RECORDS: &str = "docs/proof/drills.json";
/// What people read of it.
const PAGE: &str = "docs/proof.md";
/// A scenario runs on the first of these that it fits.
const DEPLOYMENTS: [&str; 2] = ["deployments/trading.toml", "deployments/finance-west.toml"];

/// Runs what is asked for, one drill at a time, and writes the page anew.
pub fn run(arguments: &[String], root: &Path) -> Result<(), Problem> {
    let options = Options::parse(arguments)?;
    let scenarios = scenarios(root)?;
    let mut records = record::read(&root.join(RECORDS))?;
    if !options.page_only {
        let commit = commit(root)?;
        let wanted = wanted(&scenarios, &options)?;
        let program = drills::build(root)?;
        let runs: Vec<_> = wanted.iter().flat_map(|s| options.seeds().map(move |seed| (*s, seed))).collect();
        for (at, (scenario, seed)) in runs.iter().enumerate() {
            let deployment = deployment(root, scenario, options.deployment.as_deref())?;
            let known = record::find(&records, &scenario.name, &deployment, *seed);
            if known.is_some_and(|known| known.commit == commit && known.ran()) {
                continue;
            }
            eprintln!(
                "{}/{}: {} on {}, seed {seed}",
                at + 1,
                runs.len(),
                scenario.name,
                deployment.display()
            );
            let found = drills::run(root, &program, scenario, &deployment, *seed, &commit)?;
            eprintln!("  {} after {:.0} s", found.verdict, found.took_s);
            record::put(&mut records, found);
            record::write(&root.join(RECORDS), &records)?;
        }
    }
    record::write(&root.join(RECORDS), &records)?;
    let file = root.join(PAGE);
    std::fs::write(&file, page::render(&scenarios, &records)).map_err(|error| Problem::file(&file, error))?;
    println!("{PAGE}: {} drills", records.len());
    fail_on_failures(&records)
}

/// A failed drill is told by the page, and by the task's exit.
fn fail_on_failures(records: &[Record]) -> Result<(), Problem> {
    let failed = records.iter().filter(|record| !record.passed()).count();
    if failed == 0 {
        return Ok(());
    }
    Err(Problem::new(
        format!("{failed} of {} drills did not pass", records.len()),
        format!("{PAGE} says why"),
    ))
}

/// Every scenario of the repository, by name.
fn scenarios(root: &Path) -> Result<Vec<Scenario>, Problem> {
    let directory = root.join("scenarios");
    let entries = std::fs::read_dir(&directory).map_err(|error| Problem::file(&directory, error))?;
    let mut scenarios = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Problem::file(&directory, error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|error| Problem::file(&path, error))?;
            let scenario = Scenario::parse(&text, &path.to_string_lossy())
                .map_err(|error| Problem::new(error.to_string(), "mend the scenario"))?;
            scenarios.push(scenario);
        }
    }
    scenarios.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(scenarios)
}

fn wanted<'a>(scenarios: &'a [Scenario], options: &Options) -> Result<Vec<&'a Scenario>, Problem> {
    if options.scenarios.is_empty() {
        return Ok(scenarios.iter().collect());
    }
    let named = |name: &String| {
        let found = scenarios.iter().find(|scenario| scenario.name == *name);
        found.ok_or_else(|| {
            Problem::new(format!("there is no scenario `{name}`"), "`ls scenarios` names them")
        })
    };
    options.scenarios.iter().map(named).collect()
}

/// The file of the deployment that a scenario runs on.
fn deployment(root: &Path, scenario: &Scenario, asked: Option<&Path>) -> Result<PathBuf, Problem> {
    if let Some(asked) = asked {
        return Ok(asked.to_owned());
    }
    for name in DEPLOYMENTS {
        let path = root.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| Problem::file(&path, error))?;
        let deployment = Deployment::parse(&text, name)
            .map_err(|problems| Problem::new(problems.to_string(), "mend the deployment file"))?;
        if scenario.fits(&deployment).is_ok() {
            return Ok(PathBuf::from(name));
        }
    }
    Err(Problem::new(format!("{} fits no deployment", scenario.name), "name one with --deployment FILE"))
}

/// The commit that is about to be proven; a tree with changes on top proves nothing that others can repeat.
fn commit(root: &Path) -> Result<String, Problem> {
    let hint = "the task runs inside the repository, and needs git";
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .map_err(|error| Problem::new(format!("cannot run git: {error}"), hint))
    };
    // What this task writes itself is no change of what it proves.
    let changes = git(&["status", "--porcelain", "--", ".", ":!docs/proof", ":!docs/proof.md"])?;
    if changes.is_empty() {
        return git(&["rev-parse", "--short=12", "HEAD"]);
    }
    Err(Problem::new(
        "there are changes that are not committed",
        "commit them first: a proof names its commit",
    ))
}

#[cfg(test)]
mod tests {
    // Goal: the page says what the records say, and names every scenario there is.
    // Method: it is rendered again from the repository's own records.
    use super::*;

    #[test]
    fn the_page_shows_the_records() {
        let root = crate::root();
        let scenarios = scenarios(&root).expect("the repository's scenarios");
        let records = record::read(&root.join(RECORDS)).expect("the repository's records");
        let page = std::fs::read_to_string(root.join(PAGE)).expect("the page is committed");
        assert!(page == page::render(&scenarios, &records), "run `cargo xtask proof --page-only`");
    }

    #[test]
    fn every_scenario_fits_a_deployment() {
        let root = crate::root();
        for scenario in scenarios(&root).expect("the repository's scenarios") {
            deployment(&root, &scenario, None).expect("one of the two");
        }
    }
}
