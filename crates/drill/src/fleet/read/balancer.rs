//! The load balancer: one group of targets, and the rules of its listener.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value as Json;

use super::{Reading, seconds, words};
use crate::gateway::balancer::IDLE;
use crate::gateway::balancer::plan::{Action, Algorithm, BalancerPlan, Condition, Rule, TargetCheck};
use crate::literal::{number, text};

pub(super) fn read(reading: &mut Reading<'_>) -> Option<BalancerPlan> {
    let resources = reading.resources;
    let groups: Vec<_> = resources.of("AWS::ElasticLoadBalancingV2::TargetGroup").collect();
    let [(_, group)] = groups[..] else {
        let (id, _) = resources.of("AWS::ECS::Service").next()?;
        reading.problems.add(id, format!("{} target groups where one is needed", groups.len()));
        return None;
    };
    let listeners: Vec<_> = resources.of("AWS::ElasticLoadBalancingV2::Listener").collect();
    let [(listener_id, listener)] = listeners[..] else {
        let (id, _) = resources.of("AWS::ElasticLoadBalancingV2::TargetGroup").next()?;
        reading.problems.add(id, format!("{} listeners where one is needed", listeners.len()));
        return None;
    };
    let default = action(reading, listener_id, &listener["DefaultActions"])?;
    let mut rules = Vec::new();
    for (id, rule) in resources.of("AWS::ElasticLoadBalancingV2::ListenerRule") {
        let priority: u64 = number(&rule["Priority"]).unwrap_or(u64::MAX);
        let conditions = rule["Conditions"].as_array().into_iter().flatten();
        let conditions: Vec<_> =
            conditions.filter_map(|condition| self::condition(reading, id, condition)).collect();
        let Some(action) = action(reading, id, &rule["Actions"]) else { continue };
        rules.push((priority, Rule { conditions, action }));
    }
    rules.sort_by_key(|(priority, _)| *priority);
    Some(BalancerPlan {
        check: check(group),
        drain: attribute(group, "TargetGroupAttributes", "deregistration_delay.timeout_seconds")
            .and_then(|text| text.parse().ok())
            .map_or(Duration::from_secs(300), Duration::from_secs),
        algorithm: match attribute(group, "TargetGroupAttributes", "load_balancing.algorithm.type").as_deref()
        {
            Some("least_outstanding_requests") => Algorithm::LeastOutstanding,
            _ => Algorithm::RoundRobin,
        },
        rules: rules.into_iter().map(|(_, rule)| rule).collect(),
        default,
        idle: resources
            .of("AWS::ElasticLoadBalancingV2::LoadBalancer")
            .find_map(|(_, balancer)| {
                attribute(balancer, "LoadBalancerAttributes", "idle_timeout.timeout_seconds")
            })
            .and_then(|text| text.parse().ok())
            .map_or(IDLE, Duration::from_secs),
    })
}

/// AWS's own defaults where the template says nothing.
fn check(group: &Json) -> TargetCheck {
    TargetCheck {
        path: text(&group["HealthCheckPath"]).unwrap_or_else(|| "/".to_owned()),
        interval: seconds(&group["HealthCheckIntervalSeconds"], 30),
        timeout: seconds(&group["HealthCheckTimeoutSeconds"], 5),
        healthy_threshold: number(&group["HealthyThresholdCount"]).unwrap_or(5),
        unhealthy_threshold: number(&group["UnhealthyThresholdCount"]).unwrap_or(2),
        success: statuses(&text(&group["Matcher"]["HttpCode"]).unwrap_or_else(|| "200".to_owned())),
    }
}

/// `200`, `200,204` or `200-299`.
fn statuses(codes: &str) -> Vec<RangeInclusive<u16>> {
    let one = |code: &str| {
        let (first, last) = code.split_once('-').unwrap_or((code, code));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    codes.split(',').filter_map(one).collect()
}

fn attribute(resource: &Json, list: &str, key: &str) -> Option<String> {
    let entries = resource[list].as_array().into_iter().flatten();
    let mut found = entries.filter(|entry| entry["Key"] == key);
    found.next().and_then(|entry| text(&entry["Value"]))
}

fn condition(reading: &mut Reading<'_>, id: &str, condition: &Json) -> Option<Condition> {
    let values = |config: &str| {
        let listed = words(&condition[config]["Values"]);
        if listed.is_empty() { words(&condition["Values"]) } else { listed }
    };
    match condition["Field"].as_str() {
        Some("host-header") => Some(Condition::Host(values("HostHeaderConfig"))),
        Some("path-pattern") => Some(Condition::Path(values("PathPatternConfig"))),
        Some("http-request-method") => Some(Condition::Method(values("HttpRequestMethodConfig"))),
        other => {
            let field = other.unwrap_or("without a field").to_owned();
            reading.problems.add(id, format!("a condition {field} is not understood"));
            None
        }
    }
}

/// The action that ends a request; what comes before it in the list is noted as not exercised.
fn action(reading: &mut Reading<'_>, id: &str, actions: &Json) -> Option<Action> {
    let mut ends = None;
    for action in actions.as_array().into_iter().flatten() {
        match action["Type"].as_str() {
            Some("forward") => ends = Some(Action::Forward),
            Some("fixed-response") => {
                let config = &action["FixedResponseConfig"];
                let status: Option<u16> = number(&config["StatusCode"]);
                let status = status.and_then(|status| StatusCode::from_u16(status).ok());
                ends = status.map(|status| Action::Fixed {
                    status,
                    content_type: text(&config["ContentType"]),
                    body: text(&config["MessageBody"]).unwrap_or_default(),
                });
            }
            other => {
                let kind = other.unwrap_or("without a type").to_owned();
                reading.note(format!("{id}: the load balancer's action {kind}"));
            }
        }
    }
    if ends.is_none() {
        reading.problems.add(id, "no action forwards or answers");
    }
    ends
}
