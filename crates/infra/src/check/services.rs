//! The services of a region's containers, as the templates have them.

use recovery::{Deployment, Region};
use serde_json::Value;

use super::inventory::{Inventory, Resource};
use crate::packages;

/// One service with its task definition, and the range within which it is scaled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service<'i> {
    /// Name of its binary.
    pub(super) name: &'static str,
    /// The service itself.
    pub(super) service: Resource<'i>,
    /// What its tasks are.
    pub(super) task: Resource<'i>,
    /// How many there may be; `None` where nothing scales it.
    pub(super) range: Option<Resource<'i>>,
}

/// The services of a deployment in one region; by name, those that are not there.
pub(super) fn of<'i>(
    inventory: &'i Inventory,
    deployment: &Deployment,
    region: &Region,
) -> (Vec<Service<'i>>, Vec<String>) {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for name in packages::containers(deployment) {
        let service_name = deployment.names().service(name);
        let service = inventory.named(region, "AWS::ECS::Service", "ServiceName", &service_name);
        let task = service.and_then(|service| service.referred(service.get("TaskDefinition")));
        match (service, task) {
            (Some(service), Some(task)) => {
                let id = format!("service/{}/{service_name}", deployment.names().cluster());
                let kind = "AWS::ApplicationAutoScaling::ScalableTarget";
                let range = inventory.named(region, kind, "ResourceId", &id);
                found.push(Service { name, service, task, range });
            }
            _ => missing.push(format!("service {service_name} in {region}")),
        }
    }
    (found, missing)
}

impl<'i> Service<'i> {
    /// Fewest tasks that it is ever asked to run.
    pub(super) fn floor(&self) -> u64 {
        let desired = self.service.number("DesiredCount").unwrap_or(1);
        let least = self.range.and_then(|range| range.number("MinCapacity")).unwrap_or(desired);
        let actions = self.range.map(|range| range.list("ScheduledActions")).unwrap_or_default();
        let scheduled = actions.iter().filter_map(|one| one["ScalableTargetAction"]["MinCapacity"].as_u64());
        scheduled.fold(desired.min(least), u64::min)
    }

    /// Most tasks that it is ever asked to run.
    pub(super) fn ceiling(&self) -> u64 {
        let most = self.range.and_then(|range| range.number("MaxCapacity"));
        most.or_else(|| self.service.number("DesiredCount")).unwrap_or(1)
    }

    /// Its one container.
    pub(super) fn container(&self) -> &'i Value {
        self.task.get("ContainerDefinitions/0")
    }

    /// A variable of its environment.
    pub(super) fn setting(&self, name: &str) -> Option<&'i str> {
        let environment = self.container()["Environment"].as_array()?;
        environment.iter().find(|one| one["Name"] == name)?["Value"].as_str()
    }

    /// Share of the desired tasks that may run while others take their place, in percent.
    pub(super) fn rollout_percent(&self) -> u64 {
        // What is not said is ECS's default.
        self.service.number("DeploymentConfiguration/MaximumPercent").unwrap_or(200)
    }
}
