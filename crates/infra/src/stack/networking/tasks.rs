//! The security groups of the load balancer and of the containers, each named by the other and not by
//! addresses: the world reaches the load balancer over HTTPS, it reaches the containers' port, and they
//! reach the database.
//!
//! Containers call AWS through endpoints and gateways alone, and nothing else outside. What takes requests from
//! strangers is what is taken over first, and then there is nowhere to send what was found.

use cdk::{Handle, Scope};
use cfn::ec2;

use super::{gateway_list, security_group};
use crate::place::{DATABASE_PORT, Place, SERVICE_PORT, parameter as key};
use crate::stack::parameter;

/// Port of HTTPS.
const HTTPS: u16 = 443;

/// Adds both groups with their rules and parameters; gives the containers'.
pub(super) fn add(root: &mut Scope<'_>, place: &Place<'_>, vpc: &Handle, database: &Handle) -> Handle {
    let mut scope = root.scope("Tasks");
    let balancer = security_group(&mut scope, place, vpc, "balancer", "load balancer");
    let tasks = security_group(&mut scope, place, vpc, "tasks", "containers");
    world_to_balancer(&mut scope, &balancer);
    between(&mut scope, "BalancerToTasks", [&balancer, &tasks], SERVICE_PORT, "requests and health checks");
    between(&mut scope, "TasksToDatabase", [&tasks, database], DATABASE_PORT, "settlement");
    let group = |handle: &Handle| handle.attribute("GroupId");
    parameter(&mut scope, place, "TaskGroupParameter", key::TASK_GROUP, group(&tasks));
    parameter(&mut scope, place, "BalancerGroupParameter", key::LOAD_BALANCER_GROUP, group(&balancer));
    tasks
}

/// Lets the containers reach AWS: what has an endpoint by its group, and DynamoDB and S3, which are reached by
/// routes, by the lists that AWS keeps of their addresses.
pub(super) fn to_services(root: &mut Scope<'_>, place: &Place<'_>, tasks: &Handle, endpoints: &Handle) {
    let mut scope = root.scope("Tasks");
    let rule = || {
        ec2::SecurityGroupEgress::new(tasks.attribute("GroupId"), "tcp")
            .from_port(i64::from(HTTPS))
            .to_port(i64::from(HTTPS))
    };
    let by_group = rule().destination_security_group_id(endpoints.attribute("GroupId"));
    scope.add("TasksToEndpoints", by_group.description("AWS APIs"));
    for (id, service) in [("TasksToDynamoDb", "dynamodb"), ("TasksToS3", "s3")] {
        let rule = match gateway_list::of(place.region, service) {
            Some(list) => rule().destination_prefix_list_id(list),
            // The check's rule `tasks-reach-only-what-they-call` objects to it.
            None => rule().cidr_ip("0.0.0.0/0"),
        };
        scope.add(id, rule.description(format!("{service}, by its gateway")));
    }
}

fn world_to_balancer(scope: &mut Scope<'_>, balancer: &Handle) {
    scope.add(
        "WorldToBalancer",
        ec2::SecurityGroupIngress::new("tcp")
            .group_id(balancer.attribute("GroupId"))
            .from_port(i64::from(HTTPS))
            .to_port(i64::from(HTTPS))
            .cidr_ip("0.0.0.0/0")
            .description("clients, the other region, and health checks"),
    );
}

/// Lets the members of one group reach those of the other at one port: both sides say so.
fn between(scope: &mut Scope<'_>, id: &str, [from, to]: [&Handle; 2], port: u16, what: &str) {
    let (port, from, to) = (i64::from(port), from.attribute("GroupId"), to.attribute("GroupId"));
    scope.add(
        id,
        ec2::SecurityGroupEgress::new(from.clone(), "tcp")
            .from_port(port)
            .to_port(port)
            .destination_security_group_id(to.clone())
            .description(what),
    );
    scope.add(
        &format!("{id}In"),
        ec2::SecurityGroupIngress::new("tcp")
            .group_id(to)
            .from_port(port)
            .to_port(port)
            .source_security_group_id(from)
            .description(what),
    );
}
