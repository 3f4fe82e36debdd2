//! Goal: every fault and every rewriting rule of the gateways holds on real sockets.
//! Method: a fake emulator that says what it was asked, or keeps a table per
//! region; requests written by hand so that resets are seen as resets.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use drill::gateway::{DatabaseApi, Fault, Faults, Gateway, GatewayOptions, Ports, RegionAddress};
use drill::seeded::Seeded;
use http::Request;
use recovery::Region;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fake::{Fake, eventually, serve};

fn region(name: &str) -> Region {
    Region::new(name).expect("a region name")
}

fn home() -> Region {
    region("us-east-1")
}

fn standby() -> Region {
    region("us-east-2")
}

fn witness() -> Region {
    region("us-west-2")
}

/// Both gateways before a fake emulator; each test on a net of its own.
struct Pair {
    gateway: Gateway,
    faults: Faults,
    ports: Ports,
    net: u8,
    _emulator: Fake,
}

impl Pair {
    async fn new(net: u8, emulator: Fake, lag: Duration) -> Self {
        let address = |last| Ipv4Addr::new(127, net, 0, last);
        let ports =
            Ports::find(&[address(1), address(2)], &mut Seeded::new(u64::from(net))).expect("free ports");
        let at = |region: Region, last| {
            let host = format!("{region}.orders.trading.example");
            RegionAddress { region, address: address(last), host }
        };
        let options = GatewayOptions {
            regions: [at(home(), 1), at(standby(), 2)],
            witness: witness(),
            public_host: "orders.trading.example".to_owned(),
            journal_table: "table-journal-test".to_owned(),
            sessions_table: "table-sessions-test".to_owned(),
            emulator: emulator.address,
            replication_lag: lag,
            ports,
            seed: 1,
        };
        let faults = Faults::new();
        let gateway = Gateway::start(options, faults.clone()).await.expect("a gateway");
        Self { gateway, faults, ports, net, _emulator: emulator }
    }

    /// Before an emulator that answers with what it was asked.
    async fn echoing(net: u8) -> Self {
        let emulator = serve(([127, 0, 0, 1], 0), |request: &Request<Bytes>| {
            let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
            let asked = json!({
                "host": header("host"), "authorization": header("authorization"),
                "path": request.uri().path(), "body": String::from_utf8_lossy(request.body()),
            });
            (200, asked.to_string())
        });
        Self::new(net, emulator.await, Duration::from_millis(50)).await
    }

    fn at(&self, last: u8, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(127, self.net, 0, last), port))
    }
}

fn authorization(region: &Region, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=TEST/20261120/{region}/{service}/aws4_request, SignedHeaders=host, Signature=ab"
    )
}

/// One request on an open connection; status and body.
async fn ask(stream: &mut TcpStream, headers: &[(&str, &str)], body: &str) -> std::io::Result<(u16, String)> {
    let mut request = format!("POST /path?x=1 HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                return Ok((status.expect("a status line"), body.to_owned()));
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&chunk[..read]),
        }
    }
}

async fn call(
    at: SocketAddr,
    region: &Region,
    service: &str,
    target: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(at).await?;
    let signed = authorization(region, service);
    let host = at.to_string();
    ask(&mut stream, &[("host", &host), ("authorization", &signed), ("x-amz-target", target)], body).await
}

fn echoed(answer: (u16, String)) -> Value {
    assert_eq!(answer.0, 200, "{}", answer.1);
    serde_json::from_str(&answer.1).expect("the fake answers JSON")
}

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
async fn a_session_write_dies_with_its_region() {
    let (emulator, items) = tables().await;
    let pair = Pair::new(126, emulator, Duration::from_secs(600)).await;
    let at = pair.at(1, pair.ports.aws);
    let written = call(at, &home(), "dynamodb", "DynamoDB_20120810.PutItem", &put(1, 1)).await;
    assert_eq!(written.expect("an answer").0, 200);
    pair.faults.inject(&Fault::Refuse { region: home() });
    let lost = async || pair.gateway.counts(&home()).expect("of the pair").sessions_lost;
    eventually("it is counted as lost", async || lost().await == 1).await;
    assert!(!items.lock().expect("held").contains_key("us-east-2"));
}

struct Api;

#[async_trait::async_trait]
impl DatabaseApi for Api {
    async fn call(&self, region: &Region, form: &[u8]) -> (u16, String) {
        (200, format!("<{region}>{}", String::from_utf8_lossy(form)))
    }
}

#[tokio::test]
async fn database_calls_go_to_the_stand_in() {
    let pair = Pair::echoing(61).await;
    let at = pair.at(2, pair.ports.aws);
    let form = "Action=DescribeGlobalClusters";
    assert_eq!(call(at, &standby(), "rds", "", form).await.expect("an answer").0, 503);
    pair.gateway.answer_database_calls(Arc::new(Api));
    let answer = call(at, &standby(), "rds", "", form).await.expect("an answer");
    assert_eq!(answer, (200, format!("<us-east-2>{form}")));
}

/// A server that answers every byte with its own, and that byte.
async fn database(own: u8) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while let Ok(byte) = stream.read_u8().await {
                    if stream.write_all(&[own, byte]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, serving)
}

#[tokio::test]
async fn the_database_face_leads_where_it_is_told_and_freezes() {
    let pair = Pair::echoing(62).await;
    let at = pair.at(1, pair.ports.db);
    let mut nowhere = TcpStream::connect(at).await.expect("the region lives");
    assert!(nowhere.read_u8().await.is_err(), "it leads nowhere yet");
    let ((first, serving_first), (second, serving_second)) = (database(b'1').await, database(b'2').await);
    let exchange = async |stream: &mut TcpStream| {
        stream.write_all(b"x").await?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await.map(|_| answer[0])
    };
    pair.gateway.lead_database(&home(), Some(first));
    let mut stream = TcpStream::connect(at).await.expect("the region lives");
    assert_eq!(exchange(&mut stream).await.expect("an answer"), b'1');

    pair.faults.inject(&Fault::Freeze { region: home() });
    let held = tokio::time::timeout(Duration::from_millis(300), exchange(&mut stream)).await;
    assert!(held.is_err(), "a frozen region must not answer");
    pair.faults.lift(&Fault::Freeze { region: home() });
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.expect("what was held arrives");

    pair.gateway.lead_database(&home(), Some(second));
    assert!(stream.read_u8().await.is_err(), "a connection to the old server must not live on");
    let mut stream = TcpStream::connect(pair.at(2, pair.ports.peer_db)).await.expect("standby lives");
    assert_eq!(exchange(&mut stream).await.expect("an answer"), b'2');
    serving_first.abort();
    serving_second.abort();
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
