//! What ECS says of the services reaches people: a deployment that went back, tasks that do not start.
//!
//! A deployment that goes back by itself leaves the services as they were, and so nothing else tells of it:
//! whoever deployed would take it for done.

use cdk::Scope;
use cfn::events;
use serde_json::json;

use crate::packages::CONTAINERS;
use crate::place::Place;
use crate::stack::disaster_recovery::undelivered_events;
use crate::stack::retry;

/// What is told, by ECS's names.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html>
const TOLD: [&str; 3] =
    ["SERVICE_DEPLOYMENT_FAILED", "SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_START_IMPAIRED"];

/// Name of the rule.
pub(in crate::stack) fn rule_name(place: &Place<'_>) -> String {
    place.names().resource("rule", "service-events")
}

/// ARN of the rule, which is on the account's own bus, where AWS puts its events; none where there are no
/// containers.
pub(in crate::stack) fn rule_arn(place: &Place<'_>) -> Option<String> {
    place.containers().map(|_| place.arn("events", &format!("rule/{}", rule_name(place))))
}

/// Adds the rule, where there are containers.
pub(in crate::stack) fn add(root: &mut Scope<'_>, place: &Place<'_>) {
    use events::rule::{DeadLetterConfig, Target};
    if place.containers().is_none() {
        return;
    }
    let pattern = json!({
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change", "ECS Service Action"],
        "resources": CONTAINERS.map(|name| place.service_arn(name)),
        "detail": { "eventName": TOLD },
    });
    let target = Target::new(place.alert_topic_arn(), "alerts")
        .retry_policy(retry::longest())
        .dead_letter_config(DeadLetterConfig::new().arn(place.queue_arn(&undelivered_events(place))));
    root.add(
        "ServiceEvents",
        events::Rule::new()
            .name(rule_name(place))
            .description("what ECS says of the services")
            .event_pattern(pattern)
            .targets([target]),
    );
}
