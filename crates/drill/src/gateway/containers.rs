//! The control plane of containers, answered by its stand-in instead of the emulator.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use recovery::Region;

use super::scope::Scope;
use super::upstream::{Answer, plain};

/// Version of the ECS protocol, as it stands before every operation's name.
const TARGET_PREFIX: &str = "AmazonEC2ContainerServiceV20141113.";

/// Elastic Load Balancing, as a signature's scope names it.
const LOAD_BALANCING: &str = "elasticloadbalancing";

/// Answers ECS calls from the true state of a region's containers.
#[async_trait::async_trait]
pub trait ContainerApi: Send + Sync {
    /// Answers one ECS call that arrived for `region`: the operation's name and its JSON body;
    /// returns HTTP status and JSON.
    async fn call(&self, region: &Region, operation: &str, body: &[u8]) -> (u16, String);

    /// Answers one call to Elastic Load Balancing that arrived for `region`: `form` is its
    /// `application/x-www-form-urlencoded` body; returns HTTP status and XML.
    fn load_balancing(&self, region: &Region, form: &[u8]) -> (u16, String);
}

/// ECS speaks JSON and names its operation in a header; Elastic Load Balancing speaks forms and XML.
pub(super) async fn answer(api: &dyn ContainerApi, scope: &Scope, target: &str, body: &Bytes) -> Answer {
    let region = &scope.region;
    if scope.service == LOAD_BALANCING {
        let (status, xml) = api.load_balancing(region, body);
        let mut answer = plain(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), xml);
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        return answer;
    }
    let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or(target);
    let (status, json) = api.call(region, operation, body).await;
    plain(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), json)
}
