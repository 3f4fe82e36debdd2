//! The control plane of containers, answered by its stand-in instead of the emulator.

use bytes::Bytes;
use http::StatusCode;
use recovery::Region;

use super::upstream::{Answer, plain};

/// Version of the ECS protocol, as it stands before every operation's name.
const TARGET_PREFIX: &str = "AmazonEC2ContainerServiceV20141113.";

/// Answers ECS calls from the true state of a region's containers.
#[async_trait::async_trait]
pub trait ContainerApi: Send + Sync {
    /// Answers one ECS call that arrived for `region`: the operation's name and its JSON body;
    /// returns HTTP status and JSON.
    async fn call(&self, region: &Region, operation: &str, body: &[u8]) -> (u16, String);
}

pub(super) async fn answer(api: &dyn ContainerApi, region: &Region, target: &str, body: &Bytes) -> Answer {
    let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or(target);
    let (status, json) = api.call(region, operation, body).await;
    plain(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), json)
}
