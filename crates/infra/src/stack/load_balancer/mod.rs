//! The load balancer of a region: the front where containers answer.
//!
//! HTTPS and nothing else, under the region's own name and under the name that clients use. A request
//! passes the firewall, then the listener, which knows the service's routes and answers 404 to all else,
//! then a task that takes it. Between load balancer and tasks there is plain HTTP, within private subnets
//! and between two security groups that name each other.
//!
//! This stack comes before the services: ECS makes none for a target group that nothing forwards to.

mod callers;
mod listener;
mod logs;

use cdk::{Handle, Scope, Stack};
use cfn::elasticloadbalancingv2 as elb;
use cfn::elasticloadbalancingv2::load_balancer::LoadBalancerAttribute;
use cfn::elasticloadbalancingv2::target_group::{Matcher, TargetGroupAttribute};
use cfn::route53::record_set::AliasTarget;

use super::api::{domains, firewall};
use super::parameter;
use crate::place::{Place, SERVICE_PORT, parameter as key};

/// Seconds of silence after which the load balancer closes a connection. A task keeps its side for longer.
const IDLE_S: u32 = 60;
/// Health check of a target: seconds between two, seconds for an answer, and how many in a row decide.
const CHECK_S: i64 = 10;
const CHECK_TIMEOUT_S: i64 = 5;
const CHECKS: i64 = 2;
/// Asked of each task: whether the process takes requests. Who owns the lease is nothing to it, or a
/// standby would have no healthy target.
const HEALTH_PATH: &str = "/health/live";

/// What a region's load balancer stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The load balancer.
    pub balancer: Handle,
    /// The tasks that it forwards to.
    pub targets: Handle,
}

/// Adds the load balancer with its log, its listener, its firewall and the region's own record.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let logs = logs::new(&mut root.scope("AccessLogs"), place);
    let targets = root.add("Targets", target_group(place));
    let balancer = root.add("Balancer", balancer(place, &logs.bucket));
    root.node(&balancer).depend_on(&logs.policy);
    let certificate = domains::certificate(&mut root, place);
    listener::new(&mut root, place, &balancer, &targets, &certificate);
    let mut firewall = root.scope("Firewall");
    let known = callers::known(&mut firewall, place);
    firewall::new(&mut firewall, place, "Balancer", balancer.reference().into(), known.as_ref());
    let alias = AliasTarget::new(balancer.attribute("DNSName"), balancer.attribute("CanonicalHostedZoneID"));
    domains::region_record(&mut root, place, alias);
    found_by_others(&mut root, place, &balancer, &targets);
    Handles { balancer, targets }
}

/// ARN and names have a random part, so other stacks of the region learn of them by parameters.
fn found_by_others(root: &mut Scope<'_>, place: &Place<'_>, balancer: &Handle, targets: &Handle) {
    parameter(root, place, "TargetsParameter", key::TARGET_GROUP, targets.reference());
    let name = targets.attribute("TargetGroupFullName");
    parameter(root, place, "TargetsNameParameter", key::TARGET_GROUP_NAME, name);
    let name = balancer.attribute("LoadBalancerFullName");
    parameter(root, place, "BalancerNameParameter", key::LOAD_BALANCER_NAME, name);
}

/// In a public subnet of each zone.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#load-balancer-attributes>
fn balancer(place: &Place<'_>, logs: &Handle) -> elb::LoadBalancer {
    let set = |name: &str| LoadBalancerAttribute::new().key(name);
    let attributes = [
        set("access_logs.s3.enabled").value("true"),
        set("access_logs.s3.bucket").value(logs.reference()),
        set("deletion_protection.enabled").value(place.deployment.protect.to_string()),
        set("idle_timeout.timeout_seconds").value(IDLE_S.to_string()),
        // What is not HTTP as written goes no further: neither a header with an odd name nor a request
        // that two servers may understand differently.
        set("routing.http.drop_invalid_header_fields.enabled").value("true"),
        set("routing.http.desync_mitigation_mode").value("strictest"),
        // A zone that is in trouble can be left without anything being deployed.
        set("zonal_shift.config.enabled").value("true"),
    ];
    elb::LoadBalancer::new()
        .name(place.names().load_balancer())
        .r#type("application")
        .scheme("internet-facing")
        .ip_address_type("ipv4")
        .subnets(place.subnets(key::PUBLIC_SUBNET))
        .security_groups([place.parameter(key::LOAD_BALANCER_GROUP)])
        .load_balancer_attributes(attributes)
}

/// Cross-zone is on: a zone with fewer tasks than the others gets no more requests per task.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-attributes>
fn target_group(place: &Place<'_>) -> elb::TargetGroup {
    let drain_s = place.containers().map_or(0, |containers| containers.drain_s);
    let set = |name: &str| TargetGroupAttribute::new().key(name);
    let attributes = [
        set("deregistration_delay.timeout_seconds").value(drain_s.to_string()),
        set("load_balancing.algorithm.type").value("least_outstanding_requests"),
        set("load_balancing.cross_zone.enabled").value("true"),
        set("stickiness.enabled").value("false"),
    ];
    elb::TargetGroup::new()
        .name(place.names().target_group())
        .target_type("ip")
        .protocol("HTTP")
        .protocol_version("HTTP1")
        .port(i64::from(SERVICE_PORT))
        .vpc_id(place.parameter(key::VPC))
        .health_check_enabled(true)
        .health_check_protocol("HTTP")
        .health_check_path(HEALTH_PATH)
        .health_check_interval_seconds(CHECK_S)
        .health_check_timeout_seconds(CHECK_TIMEOUT_S)
        .healthy_threshold_count(CHECKS)
        .unhealthy_threshold_count(CHECKS)
        .matcher(Matcher::new().http_code("200"))
        .target_group_attributes(attributes)
}
