//! What keeps the tasks of a part running, and how new ones take their place.

use cdk::{Handle, Scope};
use cfn::ecs;
use cfn::ecs::service::{
    AwsVpcConfiguration, CapacityProviderStrategyItem, DeploymentCircuitBreaker, DeploymentConfiguration,
    LoadBalancer, NetworkConfiguration,
};

use super::{PROVIDERS, Part};
use crate::connections::ROLLOUT_PERCENT;
use crate::place::{Place, SERVICE_PORT, parameter as key};

/// Share of the desired tasks that run at least while others take their place, in percent.
const ROLLOUT_LEAST_PERCENT: i64 = 100;
/// Seconds in which a new task may fail the load balancer's checks without being replaced for it.
const GRACE_S: i64 = 30;

/// Adds the service of a part.
///
/// It desires its floor and scaling adds what is needed. A deployment of the stack that changes the service
/// goes back to that number for minutes; the floor carries the load, so that costs nobody an answer.
pub(super) fn add(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    part: Part<'_>,
    [cluster, providers]: [&Handle; 2],
    task: &Handle,
) -> Handle {
    let rollout = DeploymentConfiguration::new()
        .minimum_healthy_percent(ROLLOUT_LEAST_PERCENT)
        .maximum_percent(i64::from(ROLLOUT_PERCENT))
        .deployment_circuit_breaker(DeploymentCircuitBreaker::new(true, true));
    let network = AwsVpcConfiguration::new()
        .subnets(place.subnets(key::PRIVATE_SUBNET))
        .security_groups([place.parameter(key::TASK_GROUP)])
        .assign_public_ip("DISABLED");
    let mut service = ecs::Service::new()
        .service_name(place.names().service(part.name))
        .cluster(cluster.reference())
        .task_definition(task.reference())
        .desired_count(i64::from(part.floor()))
        .capacity_provider_strategy(strategy(part))
        .platform_version("1.4.0")
        .availability_zone_rebalancing("ENABLED")
        .deployment_configuration(rollout)
        .network_configuration(NetworkConfiguration::new().awsvpc_configuration(network))
        .enable_execute_command(false)
        .enable_ecs_managed_tags(true)
        .propagate_tags("SERVICE");
    if part.answers() {
        let targets = LoadBalancer::new()
            .target_group_arn(place.parameter(key::TARGET_GROUP))
            .container_name(part.name)
            .container_port(i64::from(SERVICE_PORT));
        service = service.load_balancers([targets]).health_check_grace_period_seconds(GRACE_S);
    }
    let service = scope.add("Service", service);
    scope.node(&service).depend_on(providers);
    service
}

/// The floor runs on what AWS does not take back. Of the worker's further tasks a share runs on Spot: a
/// batch that is broken off comes back to the queue, an answer does not come back to its caller.
fn strategy(part: Part<'_>) -> Vec<CapacityProviderStrategyItem> {
    let [ordinary, spot] = PROVIDERS.map(|name| CapacityProviderStrategyItem::new().capacity_provider(name));
    let share = i64::from(part.of.worker_spot_percent);
    if part.answers() || share == 0 {
        return vec![ordinary.weight(1)];
    }
    // A provider of no weight gets no task, not even the floor's.
    let ordinary = ordinary.base(i64::from(part.floor())).weight((100 - share).max(1));
    vec![ordinary, spot.weight(share)]
}
