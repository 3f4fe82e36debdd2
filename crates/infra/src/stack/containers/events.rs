//! What ECS says of the services reaches people: a deployment that went back, tasks that do not start; and what a
//! scan of their image finds.
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

/// Purposes of the rules.
const SERVICES: &str = "service-events";
const IMAGE: &str = "image-findings";
/// Severities of what a scan finds that people hear of.
const SEVERE: [&str; 2] = ["CRITICAL", "HIGH"];

/// Purposes of the rules; none where there are no containers.
pub(in crate::stack) fn purposes(place: &Place<'_>) -> impl Iterator<Item = &'static str> + use<> {
    place.containers().map(|_| [SERVICES, IMAGE]).into_iter().flatten()
}

/// Adds the rules, where there are containers.
pub(in crate::stack) fn add(root: &mut Scope<'_>, place: &Place<'_>) {
    if place.containers().is_none() {
        return;
    }
    aws_events::add(root, place, "ServiceEvents", of_services(place));
    aws_events::add(root, place, "ImageFindings", of_image(place));
}

fn of_services(place: &Place<'_>) -> News {
    let pattern = json!({
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change", "ECS Service Action"],
        "resources": CONTAINERS.map(|name| place.service_arn(name)),
        "detail": { "eventName": TOLD },
    });
    News { purpose: SERVICES, what: "what ECS says of the services", pattern }
}

/// An image is scanned when it is pushed, and again whenever somebody asks for it.
///
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>
fn of_image(place: &Place<'_>) -> News {
    let found =
        SEVERE.map(|severity| json!({ "finding-severity-counts": { severity: [{ "exists": true }] } }));
    let pattern = json!({
        "source": ["aws.ecr"],
        "detail-type": ["ECR Image Scan"],
        "detail": { "repository-name": [place.names().repository()], "$or": found },
    });
    News { purpose: IMAGE, what: "severe findings in the image", pattern }
}
