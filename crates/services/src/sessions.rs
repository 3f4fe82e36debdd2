//! Sessions: an eventually consistent global table that never goes back in time for its clients.
//!
//! A client's token is the version it last saw. A region that holds an older version waits a
//! moment for replication and then says that it is behind, rather than answer with the old state.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::Epoch;
use recovery::session::{self, Held, Read, SessionVersion, Write};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use crate::aws::CallFailed;
use crate::settings;

/// How long a region that is behind waits for replication.
pub const BEHIND_MAX: Duration = Duration::from_millis(500);
/// Between two looks during that wait.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a session lives after its last write, in seconds.
pub const LIFETIME_S: u64 = 24 * 60 * 60;
/// Races with other writers of one session that one write goes through.
const RACES_MAX: u32 = 3;

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What the client keeps in it.
    pub data: Map<String, Value>,
    /// Grows with each write.
    pub version: SessionVersion,
    /// Last write, in milliseconds since the Unix epoch.
    pub updated_at_ms: u64,
    /// End of life, in seconds since the Unix epoch.
    pub expires_at_s: u64,
}

impl Session {
    /// As the rules of [`recovery::session`] see it.
    fn held(&self) -> Held<'_, Map<String, Value>> {
        Held { data: &self.data, version: self.version, expires_at_s: self.expires_at_s }
    }
}

/// Outcome of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// Stored, now or by an earlier call with the same data: this is its token.
    Stored(SessionVersion),
    /// Somebody wrote a newer version; the client must read it first.
    Conflict,
    /// This region has not seen what the client has seen.
    Behind,
    /// The session the client knew has expired.
    Gone,
}

/// Outcome of a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Get {
    /// As new as what the client has seen, or newer.
    Current(Session),
    /// This region has not seen what the client has seen.
    Behind,
    /// There is none, or it has expired.
    Absent,
}

/// The sessions of one region.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
    table: String,
}

impl Sessions {
    /// The table that `settings` name.
    pub fn new(client: Client, settings: settings::Sessions) -> Self {
        Self { client, table: settings.table }
    }

    /// Writes `data` as the version after `seen`, or as a new session when the client has seen none.
    ///
    /// `epoch` is the lease's as this region knows it. Waits up to [`BEHIND_MAX`] when behind.
    pub async fn put(
        &self,
        id: &str,
        seen: Option<SessionVersion>,
        data: &Map<String, Value>,
        epoch: Epoch,
        now_ms: u64,
    ) -> Result<Put, CallFailed> {
        let deadline = Instant::now() + BEHIND_MAX;
        let mut races = 0;
        loop {
            let held = self.read(id).await?;
            match session::write(held.as_ref().map(Session::held), seen, data, epoch, now_ms / 1000) {
                Write::Put { version, over } => {
                    let expires_at_s = now_ms / 1000 + LIFETIME_S;
                    let next = Session { data: data.clone(), version, updated_at_ms: now_ms, expires_at_s };
                    if self.replace(id, over, &next).await? {
                        return Ok(Put::Stored(version));
                    }
                    races += 1;
                    if races >= RACES_MAX {
                        return Ok(Put::Conflict);
                    }
                }
                Write::Repeated(version) => return Ok(Put::Stored(version)),
                Write::Conflict => return Ok(Put::Conflict),
                Write::Gone => return Ok(Put::Gone),
                Write::Behind if Instant::now() >= deadline => return Ok(Put::Behind),
                Write::Behind => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Reads the session, at least as new as `seen`. Waits up to [`BEHIND_MAX`] when behind.
    pub async fn get(&self, id: &str, seen: Option<SessionVersion>, now_ms: u64) -> Result<Get, CallFailed> {
        let deadline = Instant::now() + BEHIND_MAX;
        loop {
            let held = self.read(id).await?;
            match (session::read(held.as_ref().map(Session::held), seen, now_ms / 1000), held) {
                (Read::Current, Some(session)) => return Ok(Get::Current(session)),
                (Read::Absent | Read::Current, _) => return Ok(Get::Absent),
                (Read::Behind, _) if Instant::now() >= deadline => return Ok(Get::Behind),
                (Read::Behind, _) => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// What this region holds; consistent within the region only.
    async fn read(&self, id: &str) -> Result<Option<Session>, CallFailed> {
        const CALL: &str = "dynamodb:GetItem";
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        answer
            .item()
            .map(|item| from_item(item).ok_or_else(|| CallFailed::unreadable(CALL, "the item is no session")))
            .transpose()
    }

    /// Puts `next` in place of the version `over`, or of nothing; false when something else is there.
    async fn replace(
        &self,
        id: &str,
        over: Option<SessionVersion>,
        next: &Session,
    ) -> Result<bool, CallFailed> {
        let number = |n: u64| AttributeValue::N(n.to_string());
        let data = serde_json::to_string(&next.data).expect("a JSON object has only text keys");
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(id.to_owned()))
            .item("data", AttributeValue::S(data))
            .item("epoch", number(next.version.epoch.0))
            .item("version", number(next.version.version))
            .item("updated_at_ms", number(next.updated_at_ms))
            .item("expires_at", number(next.expires_at_s));
        let put = match over {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(over) => put
                .condition_expression("#e = :e AND #v = :v")
                .expression_attribute_names("#e", "epoch")
                .expression_attribute_names("#v", "version")
                .expression_attribute_values(":e", number(over.epoch.0))
                .expression_attribute_values(":v", number(over.version)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(CallFailed::new("dynamodb:PutItem", error)),
        }
    }
}

/// What an item of the table holds; `None` when it is no session.
pub(crate) fn from_item(item: &HashMap<String, AttributeValue>) -> Option<Session> {
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse().ok();
    Some(Session {
        data: serde_json::from_str(item.get("data")?.as_s().ok()?).ok()?,
        version: SessionVersion { epoch: Epoch(number("epoch")?), version: number("version")? },
        updated_at_ms: number("updated_at_ms")?,
        expires_at_s: number("expires_at")?,
    })
}
