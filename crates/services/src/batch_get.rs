//! Many items of one table.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::aws::CallFailed;

/// An item as DynamoDB gives it, or the key of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The call, as errors name it.
pub(crate) const CALL: &str = "dynamodb:BatchGetItem";
/// Most keys of one call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
pub(crate) const KEYS_MAX: usize = 100;
/// Calls after which a batch that still comes back incomplete is given up.
const CALLS_MAX: usize = 5;

/// How a table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// As of now, in any region of a strongly consistent table.
    Strong,
    /// As this region has it.
    Eventual,
}

/// Those of the keys that the table has, in no particular order. No key may stand twice.
pub(crate) async fn batch_get(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
    read: Read,
) -> Result<Vec<Item>, CallFailed> {
    let mut found = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(KEYS_MAX) {
        let mut keys = chunk.to_vec();
        let mut calls = 0;
        while !keys.is_empty() {
            if calls == CALLS_MAX {
                return Err(CallFailed::unreadable(CALL, "keys stay unprocessed"));
            }
            calls += 1;
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(read == Read::Strong)
                .build()
                .expect("the keys are set");
            let answer = client
                .batch_get_item()
                .request_items(table, wanted)
                .send()
                .await
                .map_err(|error| CallFailed::new(CALL, error))?;
            found.extend(answer.responses.and_then(|mut tables| tables.remove(table)).into_iter().flatten());
            let rest = answer.unprocessed_keys.and_then(|mut tables| tables.remove(table));
            keys = rest.map(|rest| rest.keys).unwrap_or_default();
        }
    }
    Ok(found)
}
