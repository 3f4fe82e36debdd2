//! Reads a region's containers out of its templates, by the names of CloudFormation's properties.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use recovery::Region;
use serde_json::Value as Json;

use super::plan::{ContainerCheck, FleetPlan, RolloutRules, ServicePlan};
use crate::literal::{number, reference, settled, text};

mod balancer;
mod scaling;

/// One thing in a template that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: {what}")]
pub struct Problem {
    /// Logical id.
    pub resource: String,
    /// What about it.
    pub what: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the containers of the templates are not understood")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Problems {
    fn add(&mut self, resource: &str, what: impl Into<String>) {
        self.0.push(Problem { resource: resource.to_owned(), what: what.into() });
    }
}

/// Reads what all `templates` of one region say of containers; none when they have no service.
///
/// # Errors
/// Everything that is not understood and that a fleet cannot do without.
pub fn read(region: &Region, templates: &[&Json]) -> Result<Option<FleetPlan>, Problems> {
    let templates: Vec<Json> = templates.iter().map(|template| settled(template, region)).collect();
    let resources = Resources::new(&templates);
    let mut reading = Reading { resources: &resources, problems: Problems::default(), notes: Vec::new() };
    let mut services: Vec<ServicePlan> =
        resources.of("AWS::ECS::Service").filter_map(|(id, service)| reading.service(id, service)).collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    for service in &mut services {
        service.scaling = scaling::read(&mut reading, &service.name);
    }
    let balanced = services.iter().any(|service| service.balanced);
    let balancer = if balanced { balancer::read(&mut reading) } else { None };
    let Reading { problems, notes, .. } = reading;
    if !problems.0.is_empty() {
        return Err(problems);
    }
    Ok((!services.is_empty()).then_some(FleetPlan { services, balancer, not_exercised: notes }))
}

/// Every resource of a region, by logical id.
struct Resources<'t>(Vec<(&'t str, &'t Json)>);

impl<'t> Resources<'t> {
    fn new(templates: &'t [Json]) -> Self {
        let all = templates.iter().filter_map(|template| template["Resources"].as_object());
        Self(all.flatten().map(|(id, resource)| (id.as_str(), resource)).collect())
    }

    /// Those of one type, with their properties.
    fn of(&self, kind: &str) -> impl Iterator<Item = (&'t str, &'t Json)> {
        let found = self.0.iter().filter(move |(_, resource)| resource["Type"] == kind);
        found.map(|(id, resource)| (*id, &resource["Properties"]))
    }

    /// The one that a property refers to.
    fn referred(&self, kind: &str, property: &Json) -> Option<&'t Json> {
        let id = reference(property)?;
        self.of(kind).find(|(found, _)| *found == id).map(|(_, properties)| properties)
    }
}

struct Reading<'t> {
    resources: &'t Resources<'t>,
    problems: Problems,
    notes: Vec<String>,
}

impl Reading<'_> {
    fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    fn service(&mut self, id: &str, service: &Json) -> Option<ServicePlan> {
        let Some(name) = text(&service["ServiceName"]) else {
            self.problems.add(id, "its name is no literal");
            return None;
        };
        let definition = self.resources.referred("AWS::ECS::TaskDefinition", &service["TaskDefinition"]);
        let Some(definition) = definition else {
            self.problems.add(id, "its task definition is none of the templates");
            return None;
        };
        let containers = definition["ContainerDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
        let named = service["LoadBalancers"][0]["ContainerName"].as_str();
        let container = containers.iter().find(|one| named.is_none_or(|name| one["Name"] == name));
        let Some(container) = container else {
            self.problems.add(id, "its task definition has no container of that name");
            return None;
        };
        if containers.len() > 1 {
            self.note(format!("{name}: containers of a task beside the one that serves"));
        }
        let mut command = words(&container["EntryPoint"]);
        command.extend(words(&container["Command"]));
        let Some((program, arguments)) = command.split_first() else {
            self.problems.add(id, "its container names no program to run");
            return None;
        };
        let (environment, unknown) = environment(container);
        Some(ServicePlan {
            cluster: self.cluster(service),
            binary: file_name(program),
            arguments: arguments.to_vec(),
            environment,
            unknown,
            cpu_units: number(&definition["Cpu"]).or_else(|| number(&container["Cpu"])).unwrap_or(256),
            desired: number(&service["DesiredCount"]).unwrap_or(1),
            zones: zones(service),
            balanced: service["LoadBalancers"].as_array().is_some_and(|all| !all.is_empty()),
            check: container_check(&container["HealthCheck"]),
            rollout: rollout(service),
            stop_timeout: seconds(&container["StopTimeout"], 30),
            scaling: None,
            name,
        })
    }

    fn cluster(&self, service: &Json) -> String {
        let referred = self.resources.referred("AWS::ECS::Cluster", &service["Cluster"]);
        let name = referred.and_then(|cluster| text(&cluster["ClusterName"]));
        let name = name.or_else(|| text(&service["Cluster"])).unwrap_or_else(|| "default".to_owned());
        file_name(&name)
    }
}

/// What stands behind the last slash, as in a path or an ARN.
fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

fn words(list: &Json) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(text).collect()
}

/// Known values, and the names of the others.
fn environment(container: &Json) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut known, mut unknown) = (BTreeMap::new(), Vec::new());
    for entry in container["Environment"].as_array().into_iter().flatten() {
        let Some(name) = text(&entry["Name"]) else { continue };
        match text(&entry["Value"]).filter(|value| !value.contains("{{resolve:")) {
            Some(value) => drop(known.insert(name, value)),
            None => unknown.push(name),
        }
    }
    let secrets = container["Secrets"].as_array().into_iter().flatten();
    unknown.extend(secrets.filter_map(|entry| text(&entry["Name"])));
    (known, unknown)
}

/// As many as it has subnets; a list that only a deployment knows counts as one.
fn zones(service: &Json) -> u32 {
    let subnets = &service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"];
    subnets.as_array().map_or(1, |list| u32::try_from(list.len()).unwrap_or(1)).max(1)
}

/// AWS's own defaults where the template says nothing.
fn rollout(service: &Json) -> RolloutRules {
    let configuration = &service["DeploymentConfiguration"];
    let breaker = &configuration["DeploymentCircuitBreaker"];
    RolloutRules {
        healthy_percent_min: number(&configuration["MinimumHealthyPercent"]).unwrap_or(100),
        running_percent_max: number(&configuration["MaximumPercent"]).unwrap_or(200),
        breaker: flag(&breaker["Enable"]),
        rolls_back: flag(&breaker["Rollback"]),
        grace: seconds(&service["HealthCheckGracePeriodSeconds"], 0),
    }
}

fn container_check(check: &Json) -> Option<ContainerCheck> {
    let mut command = words(&check["Command"]);
    if command.first().is_some_and(|word| word == "CMD") {
        command.remove(0);
    }
    (!command.is_empty()).then(|| ContainerCheck {
        command,
        interval: seconds(&check["Interval"], 30),
        timeout: seconds(&check["Timeout"], 5),
        retries: number(&check["Retries"]).unwrap_or(3),
        start_period: seconds(&check["StartPeriod"], 0),
    })
}

fn flag(value: &Json) -> bool {
    value.as_bool().unwrap_or_else(|| text(value).is_some_and(|text| text == "true"))
}

fn seconds(value: &Json, default_s: u64) -> Duration {
    Duration::from_secs(number(value).unwrap_or(default_s))
}

#[cfg(test)]
mod tests;
