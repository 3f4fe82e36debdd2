//! One checker: a fresh connection per request, and a mind that changes slowly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::route53::HealthCheck;

/// To establish the TCP connection; documented by AWS.
const CONNECT: Duration = Duration::from_secs(4);
/// From then until the status line, and again for the searched body; documented by AWS.
const RESPONSE: Duration = Duration::from_secs(2);
/// Of the body, this much is searched; documented by AWS.
const SEARCHED_BYTES: usize = 5120;

/// Checks at every interval and reports each change of mind.
pub(super) async fn watch(
    check: Arc<HealthCheck>,
    endpoint: SocketAddr,
    interval: Duration,
    phase: Duration,
    verdicts: mpsc::UnboundedSender<bool>,
) {
    let mut mind = Mind { healthy: true, against: 0, threshold: check.failure_threshold };
    let mut ticks = interval_at(Instant::now() + phase, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let well = probe(&check, endpoint).await.is_some_and(|well| well);
        if mind.hear(well) && verdicts.send(mind.healthy).is_err() {
            return;
        }
    }
}

/// What a checker believes.
#[derive(Clone, Copy, Debug)]
struct Mind {
    healthy: bool,
    against: u32,
    threshold: u32,
}

impl Mind {
    /// True when this result changed it.
    fn hear(&mut self, well: bool) -> bool {
        self.against = if well == self.healthy { 0 } else { self.against + 1 };
        let changes = self.against >= self.threshold.max(1);
        if changes {
            (self.healthy, self.against) = (well, 0);
        }
        changes
    }
}

/// One request. None: no connection, no answer in time, or no HTTP.
async fn probe(check: &HealthCheck, endpoint: SocketAddr) -> Option<bool> {
    let stream = timeout(CONNECT, TcpStream::connect(endpoint)).await.ok()?.ok()?;
    let answered = timeout(RESPONSE, async {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        let request = Request::builder()
            .uri(&check.path)
            .header(HOST, &check.host)
            .header(USER_AGENT, "Amazon-Route53-Health-Check-Service")
            .body(Empty::<Bytes>::new())
            .ok()?;
        let mut connection = Box::pin(connection);
        let response = tokio::select! {
            biased;
            response = sender.send_request(request) => response.ok()?,
            _ = &mut connection => return None,
        };
        Some((response, connection))
    });
    let (response, connection) = answered.await.ok()??;
    if !is_well(response.status()) {
        return Some(false);
    }
    let Some(search) = &check.search else { return Some(true) };
    timeout(RESPONSE, async {
        let mut searching = std::pin::pin!(contains(response.into_body(), search.as_bytes()));
        tokio::select! {
            biased;
            found = &mut searching => found,
            // What arrived before the server closed is still to be read.
            _ = connection => searching.await,
        }
    })
    .await
    .ok()
}

fn is_well(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

async fn contains(mut body: Incoming, search: &[u8]) -> bool {
    let mut read = Vec::new();
    while read.len() < SEARCHED_BYTES {
        match body.frame().await {
            Some(Ok(frame)) => read.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            Some(Err(_)) | None => break,
        }
    }
    read.truncate(SEARCHED_BYTES);
    read.windows(search.len().max(1)).any(|window| window == search)
}

#[cfg(test)]
mod tests {
    // Goal: a checker needs `threshold` equal results in a row, both ways.
    use super::*;

    #[test]
    fn a_mind_changes_after_the_threshold_in_a_row() {
        let mut mind = Mind { healthy: true, against: 0, threshold: 2 };
        let heard: Vec<bool> = [false, true, false, false, true, true].map(|well| mind.hear(well)).into();
        assert_eq!(heard, [false, false, false, true, false, true]);
        assert!(mind.healthy);
    }

    #[test]
    fn redirects_are_well_and_errors_are_not() {
        assert!(is_well(StatusCode::OK) && is_well(StatusCode::FOUND));
        assert!(!is_well(StatusCode::NOT_FOUND) && !is_well(StatusCode::SERVICE_UNAVAILABLE));
    }
}
