//! What ECS says of the services reaches people: a deployment that went back, tasks that do not start.
//!
//! A deployment that goes back by itself leaves the services as they were, and so nothing else tells of it:
//! whoever deployed would take it for done.

use cdk::Scope;
use serde_json::json;

use crate::packages::CONTAINERS;
use crate::place::Place;
use crate::stack::aws_events::{self, News};

/// What is told, by ECS's names.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html>
const TOLD: [&str; 3] =
    ["SERVICE_DEPLOYMENT_FAILED", "SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_START_IMPAIRED"];

/// Purpose of the rule; none where there are no containers.
pub(in crate::stack) fn purpose(place: &Place<'_>) -> Option<&'static str> {
    place.containers().map(|_| "service-events")
}

/// Adds the rule, where there are containers.
pub(in crate::stack) fn add(root: &mut Scope<'_>, place: &Place<'_>) {
    let Some(purpose) = purpose(place) else { return };
    let pattern = json!({
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change", "ECS Service Action"],
        "resources": CONTAINERS.map(|name| place.service_arn(name)),
        "detail": { "eventName": TOLD },
    });
    let what = "what ECS says of the services";
    aws_events::add(root, place, "ServiceEvents", News { purpose, what, pattern });
}
