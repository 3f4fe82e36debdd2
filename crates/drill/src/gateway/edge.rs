//! The edge face: what the public reaches of a region.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, StatusCode, request};
use recovery::Region;

use super::balancer::Balancer;
use super::count::RegionCount;
use super::passage::{Broken, Passage};
use super::refusal;
use super::throttle::{HEALTH, Throttle};
use super::upstream::{Answer, Upstream, plain};

/// What API Gateway answers when what is behind it fails.
fn failed() -> Answer {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "{\"message\":\"Internal server error\"}")
}

/// What one region's edge face knows.
#[derive(Clone)]
pub(super) struct EdgeFace {
    pub(super) region: Region,
    pub(super) public_host: String,
    pub(super) region_host: String,
    /// Whether any name is taken for this region's own, as on the way from the peer.
    pub(super) any_name: bool,
    /// What befalls those who come from outside; none on the region's way to itself.
    pub(super) outside: Option<Passage>,
    pub(super) upstream: Upstream,
    pub(super) count: Arc<RegionCount>,
    pub(super) throttle: Throttle,
    /// Where the region runs containers, what stands before these.
    pub(super) balancer: Arc<OnceLock<Balancer>>,
}

impl EdgeFace {
    pub(super) async fn answer(&self, parts: request::Parts, body: Bytes) -> Result<Answer, Broken> {
        self.count.edge.request();
        let answer = match &self.outside {
            Some(passage) => self.befallen(passage, parts, body).await,
            None => self.inside(parts, body).await,
        }?;
        if answer.status().is_server_error() {
            self.count.edge.error();
        }
        Ok(answer)
    }

    async fn inside(&self, parts: request::Parts, body: Bytes) -> Result<Answer, Broken> {
        match self.balancer.get() {
            Some(balancer) => self.balanced(balancer, parts, body).await,
            None => self.functions(parts, body).await,
        }
    }

    /// The answer to somebody outside: perhaps none, perhaps an error for what was done all the same,
    /// perhaps late.
    async fn befallen(
        &self,
        passage: &Passage,
        parts: request::Parts,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        let outside = passage.faults.now().condition(&passage.region).outside;
        if outside.cut_off {
            return Err(Broken);
        }
        let fails = outside.error_share > 0.0 && !parts.uri.path().starts_with(HEALTH);
        let drawn = if fails { passage.draw() } else { 1.0 };
        if drawn < outside.error_share / 2.0 {
            return Ok(failed());
        }
        let answer = self.inside(parts, body).await?;
        if outside.late_ms > 0 {
            tokio::time::sleep(Duration::from_millis(outside.late_ms)).await;
        }
        // Cut off meanwhile: what was done is done, and nobody hears of it.
        if passage.faults.now().condition(&passage.region).outside.cut_off {
            return Err(Broken);
        }
        Ok(if drawn < outside.error_share { failed() } else { answer })
    }

    /// A load balancer keeps the name it is asked by, and what it answers when its target is gone is its
    /// own answer and no failure of the drill.
    async fn balanced(
        &self,
        balancer: &Balancer,
        mut parts: request::Parts,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        if self.any_name {
            let own = HeaderValue::from_str(&self.region_host).map_err(|_| Broken)?;
            parts.headers.insert(HOST, own);
        }
        Ok(balancer.answer(parts, body).await)
    }

    async fn functions(&self, mut parts: request::Parts, body: Bytes) -> Result<Answer, Broken> {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let known = name.eq_ignore_ascii_case(&self.public_host)
            || name.eq_ignore_ascii_case(&self.region_host)
            || self.any_name;
        if !known {
            // What API Gateway answers to a name that is not one of its custom domains.
            return Ok(plain(StatusCode::FORBIDDEN, "{\"message\":\"Forbidden\"}"));
        }
        if let Some(refused) = refusal::skewed(&parts.headers, SystemTime::now()) {
            return Ok(refused.of_api());
        }
        let Some(turn) = self.throttle.turn(parts.uri.path()).await else {
            return Ok(plain(StatusCode::TOO_MANY_REQUESTS, "{\"error\":\"too_many_requests\"}"));
        };
        let own = HeaderValue::from_str(&self.region_host).map_err(|_| Broken)?;
        parts.headers.insert(HOST, own);
        let upstream = self.upstream.clone();
        // A function that was started goes on when its client leaves, in AWS as in the emulator, and
        // keeps its turn: otherwise impatient clients would pile up work behind every bound.
        let sent = tokio::spawn(async move {
            let answer = upstream.send(parts, body).await;
            drop(turn);
            answer
        });
        let answer = sent.await.map_err(|_| Broken)?.unwrap_or_else(|error| {
            tracing::warn!(region = %self.region, %error, "a public request was not forwarded");
            self.count.not_forwarded();
            plain(StatusCode::BAD_GATEWAY, "{\"message\":\"Internal server error\"}")
        });
        Ok(answer)
    }
}
