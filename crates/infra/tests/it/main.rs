//! Goal: the templates have the properties the requirements ask for, and the
//! ids of what holds data never change by accident.
//! Method: synthesise the deployments that we ship with stand-in packages and look
//! at the templates, never at the code that made them.

mod api;
mod audit;
mod calls;
mod check;
mod compliance;
mod compute;
mod containers;
mod cost;
mod data;
mod database;
mod documents;
mod forwarding;
mod foundation;
mod load_balancer;
mod monitoring;
mod mutations;
mod network;
mod parameters;
mod peer;
mod policies;
mod preflight;
mod reconciler;
mod refusals;
mod resources;
mod rules;
mod storage;
mod switch;
mod together;
mod traffic;
mod trust;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use infra::{Replay, Synthesis};
use recovery::deployment::Deployment;
use serde_json::Value;
use tempfile::TempDir;

const ACCOUNT: &str = "111122223333";

fn deployment() -> Deployment {
    Deployment::parse(include_str!("../../../../deployments/trading.toml"), "trading.toml")
        .expect("the deployment we ship is valid")
}

/// The same with a trail and backups, as the finance deployments have them.
fn audited() -> Deployment {
    audited_with("trail = true\nbackup_copy = true\nbackup_retention_days = 35\n")
}

fn audited_with(section: &str) -> Deployment {
    let trading = include_str!("../../../../deployments/trading.toml");
    Deployment::parse(&format!("{trading}\n[audit]\n{section}"), "trading.toml")
        .expect("the section is valid")
}

fn finance_west() -> Deployment {
    Deployment::parse(include_str!("../../../../deployments/finance-west.toml"), "finance-west.toml")
        .expect("the deployment we ship is valid")
}

fn finance_east() -> Deployment {
    Deployment::parse(include_str!("../../../../deployments/finance-east.toml"), "finance-east.toml")
        .expect("the deployment we ship is valid")
}

/// Every deployment that we ship, as its own environment has it.
fn deployments() -> [Deployment; 3] {
    [deployment(), finance_west(), finance_east()]
}

/// Every deployment that we ship, in each of its environments: its own, then staging.
fn each_environment() -> [Deployment; 6] {
    let files = [
        (include_str!("../../../../deployments/trading.toml"), "staging"),
        (include_str!("../../../../deployments/finance-west.toml"), "staging-west"),
        (include_str!("../../../../deployments/finance-east.toml"), "staging-east"),
    ];
    let of = |text, name| Deployment::parse_for(text, "f", name).expect("it is in the file");
    let [trading, west, east] = files.map(|(text, staging)| [of(text, None), of(text, Some(staging))]);
    let ([a, b], [c, d], [e, f]) = (trading, west, east);
    [a, b, c, d, e, f]
}

/// Every deployment that we ship, and its templates, synthesised once: all of them under the suffix of the
/// first, so that one expectation fits each. Their own suffixes are looked at in [`together`].
fn shipped() -> &'static [(Deployment, Vec<Template>)] {
    static SHIPPED: OnceLock<Vec<(Deployment, Vec<Template>)>> = OnceLock::new();
    let named_alike = |one: Deployment| Deployment { environment: deployment().environment, ..one };
    SHIPPED.get_or_init(|| deployments().map(named_alike).map(|one| (one.clone(), synthesise(&one))).into())
}

/// The templates of each deployment that we ship, with each of its two regions in turn, home first.
fn everywhere() -> impl Iterator<Item = (&'static [Template], &'static str)> {
    let of = |(deployment, templates): &'static (Deployment, Vec<Template>)| {
        deployment.pair().map(|region| (templates.as_slice(), region.as_str()))
    };
    shipped().iter().flat_map(of)
}

/// The other region of the pair that these templates are deployed to.
fn peer_of<'t>(templates: &'t [Template], region: &str) -> &'t str {
    let other = templates.iter().find(|template| template.region != region);
    &other.expect("a deployment has two regions").region
}

/// The same for the deployments with containers.
fn at_finance() -> impl Iterator<Item = (&'static [Template], &'static str)> {
    everywhere().skip(2)
}

/// Every template of every deployment that we ship.
fn every_template() -> impl Iterator<Item = &'static Template> {
    shipped().iter().flat_map(|(_, templates)| templates)
}

/// Packages that differ by function and hold nothing.
fn packages() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for function in infra::packages::FUNCTIONS {
        fs::write(directory.path().join(format!("{function}.zip")), function).expect("the directory is ours");
    }
    fs::write(directory.path().join(infra::packages::IMAGE_TAG_FILE), "sha256-0f0f\n").expect("it is ours");
    directory
}

fn synthesis(packages: &Path) -> Synthesis {
    Synthesis {
        account: ACCOUNT.to_owned(),
        packages: packages.to_owned(),
        replay: Replay::Included,
        image: None,
    }
}

/// A synthesised stack: its name, its region and its template.
struct Template {
    name: String,
    region: String,
    json: Value,
}

impl Template {
    /// Every resource with its logical id.
    fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.json["Resources"].as_object().expect("a template has resources").iter()
    }

    /// Properties of every resource of one type.
    fn all<'t>(&'t self, kind: &'t str) -> Vec<&'t Value> {
        self.resources().filter(move |(_, r)| r["Type"] == kind).map(|(_, r)| &r["Properties"]).collect()
    }
}

fn synthesise(deployment: &Deployment) -> Vec<Template> {
    synthesise_in(deployment, ACCOUNT)
}

fn synthesise_in(deployment: &Deployment, account: &str) -> Vec<Template> {
    let packages = packages();
    let input = Synthesis { account: account.to_owned(), ..synthesis(packages.path()) };
    let app = infra::app(deployment, &input).expect("packages and account are good");
    let assembly = app.synthesise().expect("the tree is sound");
    let template = |stack: &cdk::assembly::SynthesisedStack| Template {
        name: stack.name.clone(),
        region: stack.environment.region.clone(),
        json: stack.template.to_json(),
    };
    assembly.stacks.iter().map(template).collect()
}

fn trading() -> Vec<Template> {
    synthesise(&deployment())
}

/// The properties of the only resource of a type whose property has this value.
fn one<'t>(templates: &'t [Template], region: &str, kind: &'t str, property: &str, value: &str) -> &'t Value {
    let found: Vec<&Value> = templates
        .iter()
        .filter(|template| template.region == region)
        .flat_map(|template| template.all(kind))
        .filter(|properties| properties[property] == value)
        .collect();
    assert_eq!(found.len(), 1, "{kind} with {property} = {value} in {region}");
    found[0]
}
