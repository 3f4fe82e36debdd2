//! The sessions of this region, page by page, and the same ones of the peer.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::reconcile::{Difference, Replica, sessions};

use crate::aws::CallFailed;
use crate::batch_get::{self, Item, Read, batch_get};
use crate::sessions::session;
use crate::telemetry::now_ms;

/// Sessions of one page: as many as are read from the peer in one call.
const PAGE_MAX: i32 = batch_get::KEYS_MAX as i32;
/// Sessions of one run. A day of runs comes round all sessions of the shipped load.
const SESSIONS_MAX: u64 = 5000;

/// One table in two regions.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    own: Client,
    peer: Client,
    table: String,
}

/// What was compared so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    pub(super) sessions: u64,
    pub(super) differences: Vec<Difference>,
}

impl Tables {
    pub(super) fn new(own: Client, peer: Client, table: String) -> Self {
        Self { own, peer, table }
    }

    /// Goes on after `after`, and notes there how far it came; after the last session it begins anew.
    pub(super) async fn compare(
        &self,
        after: &mut Option<String>,
        compared: &mut Compared,
    ) -> Result<(), CallFailed> {
        while compared.sessions < SESSIONS_MAX {
            let (own, next) = self.page(after.as_deref()).await?;
            let peer = self.of_peer(&own).await?;
            compared.sessions += own.len() as u64;
            compared.differences.extend(sessions(&own, &peer, now_ms()));
            *after = next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn page(&self, after: Option<&str>) -> Result<(Vec<Replica>, Option<String>), CallFailed> {
        const CALL: &str = "dynamodb:Scan";
        let client = &self.own;
        let answer = client
            .scan()
            .table_name(&self.table)
            .set_exclusive_start_key(after.map(key))
            .limit(PAGE_MAX)
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        let next = answer.last_evaluated_key().and_then(|key| key.get("pk")?.as_s().ok()).cloned();
        Ok((answer.items().iter().map(|item| replica(CALL, item)).collect::<Result<_, _>>()?, next))
    }

    async fn of_peer(&self, own: &[Replica]) -> Result<Vec<Replica>, CallFailed> {
        let keys = own.iter().map(|session| key(&session.id)).collect();
        let items = batch_get(&self.peer, &self.table, keys, Read::Eventual).await?;
        items.iter().map(|item| replica(batch_get::CALL, item)).collect()
    }
}

fn key(id: &str) -> Item {
    HashMap::from([("pk".to_owned(), AttributeValue::S(id.to_owned()))])
}

fn replica(call: &'static str, item: &Item) -> Result<Replica, CallFailed> {
    let unreadable = || CallFailed::unreadable(call, "an item is no session");
    let id = item.get("pk").and_then(|id| id.as_s().ok()).ok_or_else(unreadable)?;
    let session = session(item).ok_or_else(unreadable)?;
    Ok(Replica {
        id: id.clone(),
        version: session.version,
        updated_at_ms: session.updated_at_ms,
        expires_at_s: session.expires_at_s,
        content: serde_json::Value::Object(session.data).to_string(),
    })
}
