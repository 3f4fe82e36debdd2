//! The load balancers: what the world reaches.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::{Inventory, Resource, inside};

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
/// Zones that a load balancer is in.
const ZONES: usize = 3;
/// Policies with TLS 1.2 and later begin with one of these.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>
const MODERN: [&str; 3] =
    ["ELBSecurityPolicy-TLS13-1-2", "ELBSecurityPolicy-TLS13-1-3", "ELBSecurityPolicy-TLS-1-2"];

pub(super) const HTTPS_ONLY: Rule = Rule {
    id: "nothing-but-https",
    title: "load balancers take HTTPS of TLS 1.2 and later and nothing else, behind a firewall, in three zones, and log what they took",
    rationale: "an order that was sent in the clear once is known to whoever listened, and a redirect comes after it was sent",
    look: |subject| {
        let mut findings = Vec::new();
        for listener in subject.inventory.all(LISTENER) {
            findings.extend(faults_of_listener(&listener));
        }
        for balancer in subject.inventory.all(BALANCER) {
            findings.extend(faults_of_balancer(subject.inventory, &balancer));
        }
        findings.extend(missing(subject));
        findings.extend(open_groups(subject));
        findings
    },
};

/// A deployment with containers has one in each region.
fn missing(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.deployment.containers.is_none() {
        return Vec::new();
    }
    let name = subject.deployment.names().load_balancer();
    let without = subject
        .pair()
        .into_iter()
        .filter(|region| subject.inventory.named(region, BALANCER, "Name", &name).is_none());
    without.map(|region| Finding::missing(&name, format!("there is none in {region}"))).collect()
}

fn faults_of_listener(listener: &Resource<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if listener.text("Protocol") != Some("HTTPS") {
        findings.push(Finding::at(listener, "takes what is not HTTPS"));
    } else if !listener
        .text("SslPolicy")
        .is_some_and(|policy| MODERN.iter().any(|one| policy.starts_with(one)))
    {
        findings.push(Finding::at(listener, "takes TLS before 1.2, or does not say"));
    }
    if listener.list("DefaultActions").iter().any(|action| action["Type"] == "forward") {
        findings.push(Finding::at(listener, "forwards what no route of the service is"));
    }
    findings
}

fn faults_of_balancer(inventory: &Inventory, balancer: &Resource<'_>) -> Vec<Finding> {
    let is_on = |key: &str| {
        let attributes = balancer.list("LoadBalancerAttributes").iter();
        attributes.filter(|one| one["Key"] == key).any(|one| one["Value"] == "true")
    };
    let guards = inventory.all("AWS::WAFv2::WebACLAssociation");
    let guarded = guards
        .filter(|guard| guard.stack.name == balancer.stack.name)
        .any(|guard| guard.referred(guard.get("ResourceArn")).is_some_and(|one| one.id == balancer.id));
    let zones = balancer.list("Subnets").len();
    let faults = [
        (!is_on("routing.http.drop_invalid_header_fields.enabled"), "passes malformed headers on"),
        (!is_on("access_logs.s3.enabled"), "logs nothing"),
        (!guarded, "has no firewall before it"),
        (zones < ZONES, "is not in three zones"),
    ];
    let broken = faults.into_iter().filter(|(broken, _)| *broken);
    broken.map(|(_, what)| Finding::at(balancer, what)).collect()
}

/// Rules of security groups that let the world reach anything but HTTPS.
fn open_groups(subject: &Subject<'_>) -> Vec<Finding> {
    let world = |rule: &Value| {
        let from = ["CidrIp", "CidrIpv6"].iter().filter_map(|key| rule[*key].as_str());
        from.into_iter().any(|range| ["0.0.0.0/0", "::/0"].contains(&range))
    };
    let https = |rule: &Value| rule["FromPort"] == 443 && rule["ToPort"] == 443;
    let mut findings = Vec::new();
    for rule in subject.inventory.all("AWS::EC2::SecurityGroupIngress") {
        if world(rule.properties()) && !https(rule.properties()) {
            findings.push(Finding::at(&rule, "lets the world reach more than HTTPS"));
        }
    }
    for group in subject.inventory.all("AWS::EC2::SecurityGroup") {
        let rules = group.list("SecurityGroupIngress").iter().flat_map(inside);
        if rules.into_iter().any(|rule| world(rule) && !https(rule)) {
            findings.push(Finding::at(&group, "lets the world reach more than HTTPS"));
        }
    }
    findings
}
