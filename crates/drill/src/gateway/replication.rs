//! The eventual global table: a session write reaches the peer after a lag, and when both regions are there.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use recovery::Region;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::count::RegionCount;
use super::fault::Faults;
use super::scope::Scope;
use super::upstream::Upstream;

/// Writes that may wait at once; with more the oldest promise is broken loudly.
const WAITING_MAX: usize = 20_000;
const TRIES: u32 = 3;

/// A write to send.
struct Write {
    due: Instant,
    key: String,
    scope: Scope,
}

/// Sends the session writes of one region to its peer, in order.
#[derive(Clone)]
pub(super) struct Replication {
    sender: mpsc::Sender<Write>,
    lag: Duration,
    count: Arc<RegionCount>,
}

/// What the worker needs.
pub(super) struct Route {
    pub(super) from: Region,
    pub(super) to: Region,
    pub(super) table: String,
    pub(super) upstream: Upstream,
    pub(super) faults: Faults,
    pub(super) count: Arc<RegionCount>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

impl Replication {
    /// The handle, and the worker to be polled beside it.
    pub(super) fn new(lag: Duration, route: Route) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Self { sender, lag, count: Arc::clone(&route.count) }, work(receiver, route))
    }

    /// Remembers a write that its own region has confirmed.
    pub(super) fn schedule(&self, key: String, scope: Scope) {
        let write = Write { due: Instant::now() + self.lag, key, scope };
        self.count.sessions_written.fetch_add(1, Ordering::Relaxed);
        if self.sender.try_send(write).is_err() {
            self.count.sessions_lost.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("a session write was lost: too many wait for replication");
            self.count.not_forwarded();
        }
    }
}

async fn work(mut receiver: mpsc::Receiver<Write>, route: Route) {
    while let Some(write) = receiver.recv().await {
        let count = match route.send(&write).await {
            Some(true) => &route.count.sessions_replicated,
            Some(false) => &route.count.sessions_superseded,
            None => &route.count.sessions_lost,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Route {
    /// True: the peer has it. False: the peer has something newer. None: it could not be sent.
    async fn send(&self, write: &Write) -> Option<bool> {
        tokio::time::sleep_until(write.due).await;
        // As in AWS, what could not be sent is sent when both regions are there and reach each other again.
        self.faults.until(|state| state.reaches(&self.from, &self.to)).await;
        for attempt in 1..=TRIES {
            match self.copy(write).await {
                Ok(newer) => return Some(newer),
                Err(error) if attempt == TRIES => {
                    tracing::warn!(%error, from = %self.from, "a session write could not be replicated");
                    self.count.not_forwarded();
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        None
    }

    /// Reads the item as it is now and puts it where it is newer: the last
    /// writer wins, by epoch and then version.
    async fn copy(&self, write: &Write) -> Result<bool, Failed> {
        let key = json!({"pk": {"S": write.key}});
        let read = json!({"TableName": self.table, "Key": key, "ConsistentRead": true});
        let (_, found) = self.call(write, &self.from, "GetItem", &read).await?;
        let Some(item) = found.get("Item") else {
            let delete = json!({"TableName": self.table, "Key": key});
            self.call(write, &self.to, "DeleteItem", &delete).await?;
            return Ok(true);
        };
        let mut put = json!({"TableName": self.table, "Item": item});
        if let (Some(epoch), Some(version)) = (item.get("epoch"), item.get("version")) {
            put["ConditionExpression"] =
                json!("attribute_not_exists(pk) OR #e < :e OR (#e = :e AND #v < :v)");
            put["ExpressionAttributeNames"] = json!({"#e": "epoch", "#v": "version"});
            put["ExpressionAttributeValues"] = json!({":e": epoch, ":v": version});
        }
        let (status, _) = self.call(write, &self.to, "PutItem", &put).await?;
        Ok(status == StatusCode::OK)
    }

    /// A DynamoDB call; a failed condition is an answer, everything else but 200 an error.
    async fn call(
        &self,
        write: &Write,
        region: &Region,
        operation: &str,
        body: &Value,
    ) -> Result<(StatusCode, Value), Failed> {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("authorization", write.scope.header(region))
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(())
            .map_err(|error| Failed(error.to_string()))?;
        let sent = self.upstream.send(request.into_parts().0, Bytes::from(body.to_string())).await;
        let (parts, body) = sent.map_err(|error| Failed(error.to_string()))?.into_parts();
        let body = body.collect().await.expect("a body in memory cannot fail").to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let kind = answer["__type"].as_str().unwrap_or_default();
        match parts.status {
            StatusCode::OK => Ok((StatusCode::OK, answer)),
            status if kind.ends_with("ConditionalCheckFailedException") => Ok((status, answer)),
            status => Err(Failed(format!("{operation} in {region} answered {status}: {kind}"))),
        }
    }
}
