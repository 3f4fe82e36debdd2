//! Goal: an estimate adds up, leaves nothing out without saying so, and follows the templates. Method: the shipped
//! deployments, templates with a few resources whose cost is computed by hand, and templates changed one thing at a
//! time.

mod by_hand;
mod documentation;
mod proposals;
mod sums;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use infra::check::Inventory;
use infra::cost::{Assumptions, Estimate, Prices, Report};
use recovery::Deployment;
use rust_decimal::Decimal;

fn usd(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn estimate(inventory: &Inventory, deployment: &Deployment) -> Estimate {
    Estimate::new(inventory, deployment, &Assumptions::stated(), &Prices::ours())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every environment of every deployment file that we ship.
fn shipped() -> Vec<Deployment> {
    let files = fs::read_dir(root().join("deployments")).expect("we ship deployments");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let of = |file: &PathBuf| -> Vec<Deployment> {
        let text = fs::read_to_string(file).expect("it is text");
        let table: toml::Table = toml::from_str(&text).expect("it is TOML");
        let others = table.get("environments").and_then(toml::Value::as_table);
        let others: Vec<String> = others.map(|all| all.keys().cloned().collect()).unwrap_or_default();
        let names = std::iter::once(None).chain(others.iter().map(|name| Some(name.as_str())));
        let parse = |name| Deployment::parse_for(&text, "shipped", name).expect("what we ship is valid");
        names.map(parse).collect()
    };
    files.iter().flat_map(of).collect()
}

/// What is said of each of them; computed once, for it takes several syntheses.
fn reports() -> &'static [Report] {
    static REPORTS: OnceLock<Vec<Report>> = OnceLock::new();
    let report = |deployment: &Deployment| Report::new(deployment).expect("what we ship can be synthesised");
    REPORTS.get_or_init(|| shipped().iter().map(report).collect())
}

/// What is said of the production environment of `deployments/trading.toml`.
fn trading() -> &'static Report {
    let own = |report: &&Report| {
        (report.deployment.as_str(), report.environment.as_str()) == ("trading", "production")
    };
    reports().iter().find(own).expect("we ship it")
}
