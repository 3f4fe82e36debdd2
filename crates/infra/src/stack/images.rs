//! The repository of the image that a region's containers run from.
//!
//! Each region has its own, so that starting a task needs no other one. It is the first stack to deploy:
//! the image is pushed before services are made that run from it. Tags are digests of the content, so a
//! tag never means anything else, and a template says exactly what runs.

use cdk::{Handle, Stack};
use cfn::ecr;
use cfn::ecr::repository::{EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy};
use serde_json::json;

use super::key;
use crate::place::Place;

/// Images that are kept: what runs, and what a rollback may go back to.
const KEPT: u32 = 20;

/// What a region's image stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The repository.
    pub repository: Handle,
}

/// Adds the repository under a key of its own. It goes with its stack, images and all, unless protected.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let key = key(&mut root, place, "images", &[]);
    let repository = ecr::Repository::new()
        .repository_name(place.names().repository())
        .image_tag_mutability("IMMUTABLE")
        .image_scanning_configuration(ImageScanningConfiguration::new().scan_on_push(true))
        .encryption_configuration(EncryptionConfiguration::new("KMS").kms_key(key.attribute("Arn")))
        .lifecycle_policy(LifecyclePolicy::new().lifecycle_policy_text(old_images_go()))
        .empty_on_delete(!place.deployment.protect);
    Handles { repository: root.add("Repository", repository) }
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>
fn old_images_go() -> String {
    json!({ "rules": [{
        "rulePriority": 1,
        "description": "what no rollback goes back to",
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT },
        "action": { "type": "expire" },
    }] })
    .to_string()
}
