//! The journal: one conditional put makes an order *acknowledged*.
//!
//! The table is multi-region strongly consistent: a conditional write is judged against the latest
//! version in any region, and a strongly consistent read sees every acknowledged write.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html>

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::order::journal_partition;
use recovery::{Order, OrderId, Region};

use crate::aws::CallFailed;
use crate::batch_get::{self, Item, Read, batch_get};
use crate::settings;

/// The journal as one region reaches it.
#[derive(Clone, Debug)]
pub struct Journal {
    client: Client,
    table: String,
    shards: u32,
    region: Region,
}

/// An order in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The order as acknowledged.
    pub order: Order,
    /// When, in milliseconds since the Unix epoch, by the clock of the region that took it.
    pub acknowledged_at_ms: u64,
    /// The region that took it.
    pub region: Region,
}

/// Outcome of a put that the journal answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// The order is in the journal.
    Accepted {
        /// When it got there first, in milliseconds since the Unix epoch.
        acknowledged_at_ms: u64,
        /// True when it had been there before, with the same body.
        repeat: bool,
    },
    /// The id is taken by an order with another body.
    Conflict,
}

/// One page of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In order of their ids.
    pub entries: Vec<Entry>,
    /// The id to go on after; `None` at the end of the partition.
    pub next: Option<String>,
}

/// The journal did not answer, or answered what cannot be a journal entry.
#[derive(Debug, thiserror::Error)]
#[error("the journal is unavailable")]
pub struct Unavailable(#[from] CallFailed);

impl Journal {
    /// The journal that `settings` name; `region` is recorded with every order it takes.
    pub fn new(client: Client, settings: settings::Journal, region: Region) -> Self {
        Self { client, table: settings.table, shards: settings.shards, region }
    }

    /// Shards per minute.
    pub fn shards(&self) -> u32 {
        self.shards
    }

    /// Puts `order` unless its id is taken. `now_ms` is recorded as the time of acknowledgement.
    ///
    /// `Unavailable` leaves open whether the order was put: its sender repeats it under the same id.
    pub async fn put(&self, order: &Order, now_ms: u64) -> Result<Put, Unavailable> {
        const CALL: &str = "dynamodb:PutItem";
        let body = serde_json::to_string(order).expect("an order has only text keys");
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(journal_partition(order.id, self.shards)))
            .item("sk", AttributeValue::S(order.id.to_string()))
            .item("body", AttributeValue::S(body))
            .item("acknowledged_at_ms", AttributeValue::N(now_ms.to_string()))
            .item("region", AttributeValue::S(self.region.to_string()))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(Put::Accepted { acknowledged_at_ms: now_ms, repeat: false }),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                self.compare(order).await
            }
            Err(error) => Err(CallFailed::new(CALL, error).into()),
        }
    }

    /// Whether the order that holds the id already is the same.
    async fn compare(&self, order: &Order) -> Result<Put, Unavailable> {
        let held = self.get(order.id).await?.ok_or_else(|| {
            CallFailed::unreadable("dynamodb:GetItem", "the id is taken, yet no order is there")
        })?;
        Ok(if held.order == *order {
            Put::Accepted { acknowledged_at_ms: held.acknowledged_at_ms, repeat: true }
        } else {
            Put::Conflict
        })
    }

    /// The order of that id, by a strongly consistent read.
    pub async fn get(&self, id: OrderId) -> Result<Option<Entry>, Unavailable> {
        const CALL: &str = "dynamodb:GetItem";
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(self.key(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        Ok(answer.item().map(|item| entry(CALL, item)).transpose()?)
    }

    /// Those of `ids` that are in the journal, by strongly consistent reads, in no particular order.
    pub async fn get_many(&self, ids: &[OrderId]) -> Result<Vec<Entry>, Unavailable> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let keys = ids.into_iter().map(|id| self.key(id)).collect();
        let items = batch_get(&self.client, &self.table, keys, Read::Strong).await?;
        Ok(items.iter().map(|item| entry(batch_get::CALL, item)).collect::<Result<_, _>>()?)
    }

    /// Up to `limit` orders of a partition, after the id `after`, by a strongly consistent query.
    pub async fn page(&self, partition: &str, after: Option<&str>, limit: u32) -> Result<Page, Unavailable> {
        const CALL: &str = "dynamodb:Query";
        let start = after.map(|id| item_key(partition.to_owned(), id.to_owned()));
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        let entries = answer.items().iter().map(|item| entry(CALL, item)).collect::<Result<_, _>>()?;
        let next = answer.last_evaluated_key().map(|key| text(CALL, key, "sk")).transpose()?;
        Ok(Page { entries, next: next.map(str::to_owned) })
    }

    /// Whether the journal answers a strongly consistent read.
    pub async fn check(&self) -> Result<(), Unavailable> {
        let key = item_key("health".to_owned(), "health".to_owned());
        self.client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallFailed::new("dynamodb:GetItem", error).into())
    }

    fn key(&self, id: OrderId) -> Item {
        item_key(journal_partition(id, self.shards), id.to_string())
    }
}

fn item_key(pk: String, sk: String) -> Item {
    HashMap::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))])
}

fn entry(call: &'static str, item: &Item) -> Result<Entry, CallFailed> {
    let unreadable = |what: &str| CallFailed::unreadable(call, format!("`{what}` of an entry is unreadable"));
    let order = serde_json::from_str(text(call, item, "body")?)
        .map_err(|error| CallFailed::unreadable(call, error))?;
    let acknowledged_at_ms = item
        .get("acknowledged_at_ms")
        .and_then(|value| value.as_n().ok())
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| unreadable("acknowledged_at_ms"))?;
    let region = Region::new(text(call, item, "region")?).map_err(|_| unreadable("region"))?;
    Ok(Entry { order, acknowledged_at_ms, region })
}

fn text<'a>(call: &'static str, item: &'a Item, attribute: &str) -> Result<&'a str, CallFailed> {
    item.get(attribute)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
        .ok_or_else(|| CallFailed::unreadable(call, format!("an entry has no `{attribute}`")))
}
