//! The AWS face: every AWS call that a region's functions make enters here.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode, request};
use recovery::Region;

use super::DatabaseApi;
use super::containers::ContainerApi;
use super::count::RegionCount;
use super::fault::Faults;
use super::lease::LeaseWrites;
use super::passage::Broken;
use super::refusal::{self, Refusal};
use super::replication::Replication;
use super::scope::{Route, Scope, Tables, route};
use super::upstream::{Answer, Upstream, plain};

/// What one region's AWS face knows.
#[derive(Clone)]
pub(super) struct AwsFace {
    pub(super) region: Region,
    pub(super) witness: Region,
    pub(super) peer: Region,
    pub(super) tables: Arc<Tables>,
    pub(super) upstream: Upstream,
    pub(super) faults: Faults,
    pub(super) database: Arc<OnceLock<Arc<dyn DatabaseApi>>>,
    pub(super) containers: Arc<OnceLock<Arc<dyn ContainerApi>>>,
    /// One per region, home first.
    pub(super) replications: Arc<[(Region, Replication)]>,
    pub(super) lease_writes: LeaseWrites,
    pub(super) count: Arc<RegionCount>,
}

impl AwsFace {
    pub(super) async fn answer(&self, parts: request::Parts, body: Bytes) -> Result<Answer, Broken> {
        self.count.aws.request();
        let answer = self.routed(parts, body).await;
        if answer.as_ref().map_or(true, |answer| answer.status().is_server_error()) {
            self.count.aws.error();
        }
        answer
    }

    async fn routed(&self, mut parts: request::Parts, body: Bytes) -> Result<Answer, Broken> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let authorization = header("authorization").unwrap_or_default().to_owned();
        let Some(scope) = Scope::parse(&authorization) else {
            // Unsigned calls, as to STS, belong to the region they enter.
            return Ok(self.forward(parts, body).await);
        };
        let target = header("x-amz-target").unwrap_or_default();
        let operation = target.to_owned();
        if let Some(refused) = refusal::skewed(&parts.headers, SystemTime::now()) {
            return Ok(refused.of_service(&scope.service));
        }
        if self.faults.now().denies(&self.region, &scope.service, target) {
            return Ok(Refusal::unavailable().of_service(&scope.service));
        }
        match route(&self.tables, &scope.service, target, &body) {
            Route::Unknown(what) => Ok(refuse_unknown(what)),
            Route::Journal { lease } => {
                if !self.has_quorum() {
                    return Ok(isolated());
                }
                let moved = HeaderValue::from_str(&scope.moved(&authorization, &self.witness));
                parts.headers.insert(AUTHORIZATION, moved.map_err(|_| Broken)?);
                let answer = self.forward(parts, body).await;
                if let Some(item) = lease.filter(|_| answer.status() == StatusCode::OK) {
                    self.lease_writes.confirmed(item);
                }
                Ok(answer)
            }
            _ if !self.faults.now().reaches(&self.region, &scope.region) => Err(Broken),
            Route::Database => Ok(self.database(&scope.region, &body).await),
            Route::Containers => match self.containers.get() {
                Some(api) => Ok(super::containers::answer(&**api, &scope, &operation, &body).await),
                None => Ok(self.forward(parts, body).await),
            },
            Route::Regional => Ok(self.forward(parts, body).await),
            Route::Sessions { written } => {
                let answer = self.forward(parts, body).await;
                if answer.status() == StatusCode::OK {
                    self.replicate(&scope, written);
                }
                Ok(answer)
            }
        }
    }

    /// A replica of the strongly consistent table answers while it is well and reaches one of the other two.
    fn has_quorum(&self) -> bool {
        let state = self.faults.now();
        if state.condition(&self.region).no_journal {
            return false;
        }
        let both_ways =
            |other: &Region| state.reaches(&self.region, other) && state.reaches(other, &self.region);
        both_ways(&self.witness) || both_ways(&self.peer)
    }

    fn replicate(&self, scope: &Scope, written: Vec<String>) {
        let owner = self.replications.iter().find(|(region, _)| *region == scope.region);
        for key in written {
            if let Some((_, replication)) = owner {
                replication.schedule(key, scope.clone());
            }
        }
    }

    async fn database(&self, region: &Region, form: &Bytes) -> Answer {
        let Some(api) = self.database.get() else {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "{\"message\":\"no database stand-in yet\"}");
        };
        let (status, xml) = api.call(region, form).await;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = plain(status, xml);
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        answer
    }

    async fn forward(&self, parts: request::Parts, body: Bytes) -> Answer {
        self.upstream.send(parts, body).await.unwrap_or_else(|error| {
            tracing::warn!(region = %self.region, %error, "an AWS call was not forwarded");
            self.count.not_forwarded();
            plain(StatusCode::BAD_GATEWAY, "{\"message\":\"the emulator did not answer\"}")
        })
    }
}

/// What an isolated replica answers: an error that callers retry.
fn isolated() -> Answer {
    plain(
        StatusCode::INTERNAL_SERVER_ERROR,
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\",\
         \"message\":\"the replica cannot reach another region\"}",
    )
}

fn refuse_unknown(what: &str) -> Answer {
    let body = serde_json::json!({
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": format!("the drill does not stand in for {what}"),
    });
    plain(StatusCode::BAD_REQUEST, body.to_string())
}
