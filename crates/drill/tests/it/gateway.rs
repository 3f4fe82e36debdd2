//! Goal: every fault and every rewriting rule of the gateways holds on real sockets.
//! Method: a fake emulator that says what it was asked, or keeps a table per
//! region; requests written by hand so that resets are seen as resets.

mod database;
mod outside;
pub mod pair;
mod sessions;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use drill::gateway::Fault;
use http::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fake::{eventually, serve};
use pair::{Pair, ask, authorization, call, echoed, home, standby, witness};

#[tokio::test]
async fn a_dead_region_resets_open_connections_refuses_new_ones_and_comes_back() {
    let pair = Pair::echoing(121).await;
    let (aws, edge) = (pair.at(1, pair.ports.aws), pair.at(1, pair.ports.edge));
    let public = [("host", "orders.trading.example")];
    let mut open = TcpStream::connect(edge).await.expect("the region lives");
    assert_eq!(ask(&mut open, &public, "").await.expect("an answer").0, 200);

    pair.faults.inject(&Fault::Refuse { region: home() });
    let error = open.read(&mut [0; 8]).await.expect_err("the connection must not end in order");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    for face in [edge, aws, pair.at(1, pair.ports.db), pair.at(1, pair.ports.peer_edge)] {
        eventually("the face is closed", async || {
            TcpStream::connect(face).await.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        })
        .await;
    }
    let mut other = TcpStream::connect(pair.at(2, pair.ports.edge)).await.expect("the other region lives");
    assert_eq!(ask(&mut other, &public, "").await.expect("an answer").0, 200);

    pair.faults.lift(&Fault::Refuse { region: home() });
    eventually("the face is open again", async || TcpStream::connect(edge).await.is_ok()).await;
}

#[tokio::test]
async fn journal_calls_go_to_the_witness_and_others_stay() {
    let pair = Pair::echoing(122).await;
    let at = pair.at(1, pair.ports.aws);
    let target = "DynamoDB_20120810.PutItem";
    let journal = r#"{"TableName":"table-journal-test","Item":{}}"#;
    let asked = echoed(call(at, &home(), "dynamodb", target, journal).await.expect("an answer"));
    assert_eq!(asked["authorization"], authorization(&witness(), "dynamodb"));
    assert_eq!((asked["body"].as_str(), asked["path"].as_str()), (Some(journal), Some("/path")));
    assert_eq!(asked["host"], at.to_string());
    let other = echoed(call(at, &home(), "sqs", "AmazonSQS.SendMessage", "{}").await.expect("an answer"));
    assert_eq!(other["authorization"], authorization(&home(), "sqs"));
    let across =
        echoed(call(at, &standby(), "ssm", "AmazonSSM.GetParameter", "{}").await.expect("an answer"));
    assert_eq!(across["authorization"], authorization(&standby(), "ssm"));
}

#[tokio::test]
async fn a_dead_destination_resets_and_an_isolated_journal_errs() {
    let pair = Pair::echoing(123).await;
    let at = pair.at(1, pair.ports.aws);
    let (target, journal) = ("DynamoDB_20120810.GetItem", r#"{"TableName":"table-journal-test"}"#);
    pair.faults.inject(&Fault::Refuse { region: standby() });
    let dead = call(at, &standby(), "ssm", "AmazonSSM.GetParameter", "{}").await;
    assert_eq!(dead.expect_err("its region is dead").kind(), ErrorKind::ConnectionReset);
    assert_eq!(call(at, &home(), "dynamodb", target, journal).await.expect("two of three").0, 200);
    pair.faults.inject(&Fault::Cut { from: home(), to: witness() });
    let isolated = call(at, &home(), "dynamodb", target, journal).await.expect("an error is an answer");
    assert_eq!(isolated.0, 500);
    assert!(isolated.1.contains("InternalServerError"));
}

#[tokio::test]
async fn the_edge_answers_to_its_names_and_says_the_regional_one() {
    let pair = Pair::echoing(124).await;
    let at = pair.at(2, pair.ports.edge);
    let mut stream = TcpStream::connect(at).await.expect("the region lives");
    for host in ["orders.trading.example:8080", "us-east-2.orders.trading.example"] {
        let asked = echoed(ask(&mut stream, &[("host", host)], "hello").await.expect("an answer"));
        assert_eq!(asked["host"], "us-east-2.orders.trading.example");
    }
    let foreign = [("host", "us-east-1.orders.trading.example")];
    assert_eq!(ask(&mut stream, &foreign, "").await.expect("an answer").0, 403);
    let mut peer = TcpStream::connect(pair.at(1, pair.ports.peer_edge)).await.expect("home lives");
    let asked = echoed(ask(&mut peer, &[("host", "127.0.0.1")], "").await.expect("an answer"));
    assert_eq!(asked["host"], "us-east-2.orders.trading.example");
    pair.faults.inject(&Fault::Cut { from: home(), to: standby() });
    assert!(ask(&mut peer, &[("host", "x")], "").await.is_err());
    assert_eq!(pair.gateway.counts(&standby()).expect("of the pair").edge.requests, 4);
}

#[tokio::test]
async fn a_region_can_be_frozen_slow_or_lossy() {
    let pair = Pair::echoing(63).await;
    let at = pair.at(1, pair.ports.edge);
    let public = [("host", "orders.trading.example")];
    let mut stream = TcpStream::connect(at).await.expect("the region lives");
    pair.faults.inject(&Fault::Freeze { region: home() });
    let held = tokio::time::timeout(Duration::from_millis(300), ask(&mut stream, &public, "")).await;
    assert!(held.is_err(), "a frozen region must not answer");
    pair.faults.lift(&Fault::Freeze { region: home() });
    assert!(stream.read(&mut [0; 4096]).await.expect("what was held arrives") > 0);

    let delay = Fault::Delay { region: home(), delay_ms: 200 };
    pair.faults.inject(&delay);
    let mut stream = TcpStream::connect(at).await.expect("the region lives");
    let begun = Instant::now();
    assert_eq!(ask(&mut stream, &public, "").await.expect("an answer").0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    pair.faults.lift(&delay);

    pair.faults.inject(&Fault::Drop { region: home(), share: 0.5 });
    let mut answered = 0;
    for _ in 0..60 {
        let mut stream = TcpStream::connect(at).await.expect("the region lives");
        answered += u32::from(ask(&mut stream, &public, "").await.is_ok());
    }
    assert!((15..=45).contains(&answered), "{answered} of 60 were answered");
}

#[tokio::test]
async fn every_change_of_the_lease_is_on_record() {
    let refused = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&refused);
    // The table refuses the second write, as a lost compare-and-set is refused.
    let emulator = serve(([127, 0, 0, 1], 0), move |_: &Request<Bytes>| {
        let second = asked.fetch_add(1, Ordering::SeqCst) == 1;
        let failed = r#"{"__type":"x#ConditionalCheckFailedException"}"#;
        if second { (400, failed.to_owned()) } else { (200, "{}".to_owned()) }
    });
    let pair = Pair::new(64, emulator.await, Duration::from_millis(50)).await;
    let put = |epoch: u64, owner: &str| {
        json!({"TableName": "table-journal-test", "Item": {
            "pk": {"S": "lease"}, "epoch": {"N": epoch.to_string()}, "owner": {"S": owner},
            "version": {"N": "1"}, "state": {"S": "serving"}}})
        .to_string()
    };
    let target = "DynamoDB_20120810.PutItem";
    for (last, region, owner) in
        [(1, home(), "us-east-1"), (1, home(), "us-east-1"), (2, standby(), "us-east-2")]
    {
        let epoch = if last == 1 { 1 } else { 2 };
        let at = pair.at(last, pair.ports.aws);
        call(at, &region, "dynamodb", target, &put(epoch, owner)).await.expect("an answer");
    }
    let writes = pair.gateway.lease_writes(0);
    let owners: Vec<(u64, &str)> =
        writes.iter().map(|write| (write.item.epoch.0, write.item.owner.as_str())).collect();
    assert_eq!(owners, [(1, "us-east-1"), (2, "us-east-2")]);
    let update = r#"{"TableName":"table-journal-test","Key":{"pk":{"S":"lease"}}}"#;
    let at = pair.at(1, pair.ports.aws);
    let answer = call(at, &home(), "dynamodb", "DynamoDB_20120810.UpdateItem", update).await;
    assert_eq!(answer.expect("an answer").0, 400, "a write that cannot be followed is refused");
}

#[tokio::test]
async fn what_a_client_gave_up_still_takes_its_place() {
    // An emulator that takes every request and answers none.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = silent.local_addr().expect("bound");
    let working = Arc::new(AtomicUsize::new(0));
    let taken = Arc::clone(&working);
    let serving = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            taken.fetch_add(1, Ordering::SeqCst);
            open.push(stream);
        }
    });
    let pair = Pair::before(65, address).await;
    let edge = pair.at(1, pair.ports.edge);
    let request = b"POST /orders HTTP/1.1\r\nhost: orders.trading.example\r\ncontent-length: 0\r\n\r\n";
    let throttled = async || {
        let begun = working.load(Ordering::SeqCst);
        let mut impatient = TcpStream::connect(edge).await.expect("the region lives");
        impatient.write_all(request).await.expect("it is taken");
        let mut answer = [0; 12];
        tokio::select! {
            read = impatient.read_exact(&mut answer) => read.is_ok() && &answer == b"HTTP/1.1 429",
            () = async { while working.load(Ordering::SeqCst) == begun { tokio::task::yield_now().await } } => false,
        }
    };
    eventually("the places are taken although nobody waits", throttled).await;
    serving.abort();
}
