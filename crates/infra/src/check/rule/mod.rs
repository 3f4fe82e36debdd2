//! Our own rules: what has to be true of the templates for a recovery to work, one function each.
//!
//! A rule looks at the templates of an [`Inventory`] and at what the deployment file names and promises. It
//! never asks how a template was made, so a template that somebody changed is judged as it is.

mod ability;
mod alarm;
mod audit;
mod callers;
mod clients;
mod connections;
pub(super) mod containers;
mod copies;
mod data;
mod database;
mod delivery;
mod egress;
mod firewall;
mod identity;
mod load_balancer;
mod names;
mod network;
mod packages;
mod path;
mod residency;
mod tables;
mod traffic;
mod transit;
mod watch;
mod workflow;

use recovery::{Deployment, Region};

use super::inventory::{Inventory, Resource};

/// A rule of ours.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name for good.
    pub id: &'static str,
    /// What must be so.
    pub title: &'static str,
    /// What happens in an outage where it is not so.
    pub rationale: &'static str,
    look: fn(&Subject<'_>) -> Vec<Finding>,
}

/// Something that a rule objects to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Construct path, or what is missing.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
struct Subject<'s> {
    inventory: &'s Inventory,
    deployment: &'s Deployment,
}

impl Subject<'_> {
    fn pair(&self) -> [&Region; 2] {
        self.deployment.pair()
    }
}

impl Finding {
    fn at(resource: &Resource<'_>, what: impl Into<String>) -> Self {
        Self { path: resource.path().to_owned(), what: what.into() }
    }

    fn missing(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: what.into(), what: why.into() }
    }
}

impl Rule {
    /// What it objects to, in the order of the construct paths.
    pub fn findings(&self, inventory: &Inventory, deployment: &Deployment) -> Vec<Finding> {
        let mut findings = (self.look)(&Subject { inventory, deployment });
        findings.sort();
        findings.dedup();
        findings
    }
}

/// Every rule, from the path of recovery to what surrounds it.
pub const RULES: [Rule; 51] = [
    path::ONE_REGION,
    path::OWN_REGION_CALLS,
    path::CONTROL_PLANES_MAY_FAIL,
    path::CUSTOM_RESOURCES,
    path::MANAGED_OUTSIDE_HOME,
    traffic::ASK_THE_APPLICATION,
    traffic::RECORDS_HAVE_CHECKS,
    traffic::STANDBY_IS_READY_BEFOREHAND,
    traffic::ANSWERS_ARE_NOT_KEPT,
    workflow::SOUND,
    workflow::ALIKE,
    workflow::HAS_TIME,
    workflow::STEPS_HAVE_TIME,
    watch::OVERLAP,
    watch::MAY_END,
    watch::HAS_CAPACITY,
    watch::REGIONS_AGREE,
    watch::SWITCH,
    ability::NOTHING_OFF,
    ability::MAY_ACT,
    network::IN_THE_NETWORK,
    packages::SAME,
    containers::FLOOR,
    containers::CEILING,
    containers::ROLL_BACK,
    containers::CONFINED,
    clients::SIGNED,
    load_balancer::HTTPS_ONLY,
    callers::KNOWN,
    firewall::FAIR,
    egress::NARROW,
    connections::BOUNDED,
    database::SAME_ENGINE,
    database::NOT_HEADLESS,
    database::PARAMETERS_ALIKE,
    database::NOT_PUBLIC,
    tables::WITNESS,
    copies::REPLICATED,
    data::RESTORABLE,
    data::ENCRYPTED,
    data::REMOVAL,
    transit::ENCRYPTED,
    identity::WILDCARDS,
    names::FIT,
    delivery::NOTHING_DROPPED,
    alarm::LAG,
    alarm::RECOVERY_POINT,
    alarm::BOTH_SIDES,
    audit::RECORDED,
    audit::BACKED_UP,
    residency::STAYS,
];
