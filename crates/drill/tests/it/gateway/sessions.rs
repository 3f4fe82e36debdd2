//! Goal: session writes reach the peer late, in order of version, or when their region is back.
//! Method: a fake emulator that keeps a table per region.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use drill::gateway::Fault;
use http::Request;
use recovery::Region;
use serde_json::{Value, json};

use super::pair::{Pair, call, home, standby};
use crate::fake::{Fake, eventually, serve};

/// A table per region, as the emulator keeps it, with the one condition the gateway writes.
async fn tables() -> (Fake, Arc<Mutex<HashMap<String, Value>>>) {
    let items = Arc::<Mutex<HashMap<String, Value>>>::default();
    let kept = Arc::clone(&items);
    let emulator = serve(([127, 0, 0, 1], 0), move |request: &Request<Bytes>| {
        let header = |name: &str| request.headers()[name].to_str().expect("ASCII").to_owned();
        let region = header("authorization").split('/').nth(2).expect("a scope").to_owned();
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        let mut items = kept.lock().expect("no panic while held");
        if header("x-amz-target").ends_with("GetItem") {
            let item = items.get(&region).cloned();
            return (200, item.map_or(json!({}), |item| json!({ "Item": item })).to_string());
        }
        let version = |item: &Value| {
            ["epoch", "version"].map(|name| item[name]["N"].as_str().and_then(|n| n.parse::<u64>().ok()))
        };
        let conditional = body["ConditionExpression"].is_string();
        if conditional && items.get(&region).is_some_and(|held| version(held) >= version(&body["Item"])) {
            return (400, r#"{"__type":"x#ConditionalCheckFailedException"}"#.to_owned());
        }
        items.insert(region, body["Item"].clone());
        (200, "{}".to_owned())
    });
    (emulator.await, items)
}

fn put(epoch: u64, version: u64) -> String {
    json!({"TableName": "table-sessions-test", "Item": {
        "pk": {"S": "s1"}, "epoch": {"N": epoch.to_string()}, "version": {"N": version.to_string()}}})
    .to_string()
}

#[tokio::test]
async fn session_writes_reach_the_peer_later_and_the_newer_wins() {
    let (emulator, items) = tables().await;
    let pair = Pair::new(125, emulator, Duration::from_millis(100)).await;
    let write = async |last, region: Region, body: String| {
        let at = pair.at(last, pair.ports.aws);
        let written = call(at, &region, "dynamodb", "DynamoDB_20120810.PutItem", &body).await;
        assert_eq!(written.expect("an answer").0, 200);
    };
    write(1, home(), put(1, 1)).await;
    assert!(!items.lock().expect("held").contains_key("us-east-2"), "it must take a while");
    eventually("the peer has it", async || items.lock().expect("held").contains_key("us-east-2")).await;
    // Written apart at once: both regions end with the later epoch.
    write(1, home(), put(1, 9)).await;
    write(2, standby(), put(2, 2)).await;
    eventually("the later epoch is everywhere", async || {
        let items = items.lock().expect("held");
        items.values().all(|item| item["epoch"]["N"] == "2")
    })
    .await;
    let counts = async || pair.gateway.counts(&home()).expect("of the pair");
    eventually("the older one was superseded", async || counts().await.sessions_superseded == 1).await;
}

#[tokio::test]
async fn a_session_write_waits_until_its_region_is_there_again() {
    let (emulator, items) = tables().await;
    let pair = Pair::new(126, emulator, Duration::from_millis(300)).await;
    let at = pair.at(1, pair.ports.aws);
    let written = call(at, &home(), "dynamodb", "DynamoDB_20120810.PutItem", &put(1, 1)).await;
    assert_eq!(written.expect("an answer").0, 200);
    pair.faults.inject(&Fault::Refuse { region: home() });
    tokio::time::sleep(Duration::from_millis(600)).await;
    let counts = async || pair.gateway.counts(&home()).expect("of the pair");
    assert_eq!(counts().await.sessions_waiting, 1);
    assert!(!items.lock().expect("held").contains_key("us-east-2"));
    pair.faults.lift(&Fault::Refuse { region: home() });
    eventually("the peer has it", async || items.lock().expect("held").contains_key("us-east-2")).await;
    eventually("nothing waits", async || counts().await.sessions_waiting == 0).await;
}
