//! The containers of a region: `orders-service` behind the load balancer, `orders-worker` at the queue.
//!
//! Both regions have the same floor, and the floor carries the whole load: a region that takes over starts
//! no task and asks no control plane for one. What scales, scales above the floor. A task that does not
//! become healthy ends its deployment, which goes back to what ran before.
//!
//! A task does the work of a function, under that function's permissions and database user; what it needs
//! beside that is in [`access`].

pub(super) mod access;
pub(super) mod events;
mod scaling;
mod service;
pub(super) mod settings;
mod task;

use cdk::{Handle, Scope, Stack};
use cfn::ecs;
use cfn::ecs::cluster::ClusterSettings;
use cfn::ecs::cluster_capacity_provider_associations::CapacityProviderStrategy;
use recovery::deployment::Containers;

use super::log_group;
use crate::packages::{self, ORDERS_SERVICE, Packages};
use crate::place::Place;

/// Fargate at its ordinary price, and what it has left for less until somebody else wants it.
const PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// One of the containers, and its part of the deployment file.
#[derive(Clone, Copy, Debug)]
struct Part<'d> {
    name: &'static str,
    of: &'d Containers,
}

impl Part<'_> {
    fn answers(&self) -> bool {
        self.name == ORDERS_SERVICE
    }

    /// Tasks that always run.
    fn floor(&self) -> u32 {
        if self.answers() { self.of.api_tasks_min } else { self.of.worker_tasks_min }
    }

    /// Tasks that run at most.
    fn ceiling(&self) -> u32 {
        if self.answers() { self.of.api_tasks_max } else { self.of.worker_tasks_max }
    }

    /// Processor units and MiB of one task.
    fn size(&self) -> (u32, u32) {
        if self.answers() {
            (self.of.api_cpu_units, self.of.api_memory_mib)
        } else {
            (self.of.worker_cpu_units, self.of.worker_memory_mib)
        }
    }

    /// Seconds after which Fargate ends a task that was asked to: its requests end within the drain, a
    /// batch within the worker's own time.
    fn stop_s(&self) -> u32 {
        let drain_s = self.of.drain_s + STOP_RESERVE_S;
        if self.answers() { drain_s } else { drain_s.max(BATCHES_S + STOP_RESERVE_S) }
    }
}

/// Seconds between the end of the drain and that of the process, in which requests in hand end.
const STOP_RESERVE_S: u32 = 10;
/// Seconds in which a worker ends the batches in hand, at most.
const BATCHES_S: u32 = 33;

/// What a region's stack of services holds.
#[derive(Debug)]
pub struct Handles {
    /// The services, the one that answers first.
    pub services: Vec<Handle>,
}

/// Adds the cluster and the services; none where there are no containers.
///
/// They have a stack of their own, after that of the functions, whose keeper makes the database's users
/// first: CloudFormation takes sixty references to parameters in one template, and both need many.
pub fn new(stack: &mut Stack, place: &Place<'_>, packages: &Packages) -> Handles {
    let mut root = stack.root();
    let (Some(of), Some(image)) = (place.containers(), packages.image.as_deref()) else {
        return Handles { services: Vec::new() };
    };
    let cluster = cluster(&mut root.scope("Cluster"), place);
    let parts = packages::containers(place.deployment).iter().map(|name| Part { name, of });
    let services = parts
        .map(|part| {
            let mut scope = root.scope(part.name);
            let task = task::add(&mut scope, place, part, image);
            let service = service::add(&mut scope, place, part, [&cluster.0, &cluster.1], &task);
            scaling::add(&mut scope, place, part, &service);
            service
        })
        .collect();
    Handles { services }
}

/// The cluster, and what ties Fargate's two prices to it.
///
/// Container Insights counts the tasks that run, which an alarm compares with the floor. Its log group is
/// made here, or ECS would make one that is neither encrypted with our key nor ever removed.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/deploy-container-insights-ECS-cluster.html>
fn cluster(scope: &mut Scope<'_>, place: &Place<'_>) -> (Handle, Handle) {
    let name = place.names().cluster();
    let insights = log_group(place, format!("/aws/ecs/containerinsights/{name}/performance"));
    let insights = scope.add("Insights", insights);
    let cluster = ecs::Cluster::new()
        .cluster_name(&name)
        .cluster_settings([ClusterSettings::new().name("containerInsights").value("enabled")]);
    let cluster = scope.add("Cluster", cluster);
    scope.node(&cluster).depend_on(&insights);
    let ordinary = CapacityProviderStrategy::new(PROVIDERS[0]).weight(1);
    let providers = ecs::ClusterCapacityProviderAssociations::new(cluster.reference(), [ordinary])
        .capacity_providers(PROVIDERS);
    let providers = scope.add("Providers", providers);
    (cluster, providers)
}
