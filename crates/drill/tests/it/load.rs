//! Goal: the load does what it says: retries keep id and body, clients find the living region,
//! sessions notice what is stale, and the history has every operation once.
//! Method: two fake regions on addresses of their own behind real DNS.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use drill::dns::DnsServer;
use drill::health_check::HealthBoard;
use drill::load::{Clock, Load, LoadHandle, LoadOptions, RegionHost};
use http::{Method, Request};
use recovery::Region;
use recovery::history::{ClientKind, Operation, OperationKind, Outcome};
use serde_json::{Value, json};

use crate::dns::zone;
use crate::fake::{Answers, Fake, eventually, serve};

const PUBLIC: &str = "orders.trading.example";

fn region(name: &str) -> Region {
    Region::new(name).expect("a region name")
}

/// One fake region per address, both on one port.
async fn regions(net: u8, answers: [Arc<dyn Answers>; 2]) -> ([Fake; 2], [Ipv4Addr; 2]) {
    let addresses = [Ipv4Addr::new(127, net, 0, 1), Ipv4Addr::new(127, net, 0, 2)];
    let [home, standby] = answers;
    let first = serve((addresses[0], 0), move |request: &Request<Bytes>| home(request)).await;
    let at = SocketAddr::from((addresses[1], first.address.port()));
    let second = serve(at, move |request: &Request<Bytes>| standby(request)).await;
    ([first, second], addresses)
}

async fn start(port: u16, addresses: [Ipv4Addr; 2], rates: (f64, f64)) -> (LoadHandle, DnsServer) {
    let zone = Arc::new(zone(1, addresses));
    let board = HealthBoard::new(zone.checks.keys());
    let dns = DnsServer::start(Ipv4Addr::LOCALHOST, zone, board).await.expect("a free port");
    let host = |name: &str, short: &str, address| RegionHost {
        region: region(name),
        host: format!("{short}.{PUBLIC}"),
        address,
    };
    let load = Load::start(LoadOptions {
        seed: 11,
        orders_per_second: rates.0,
        sessions_per_second: rates.1,
        sessions: 5,
        dns: dns.address(),
        dns_cache: None,
        public_host: PUBLIC.to_owned(),
        regions: [host("us-east-1", "home", addresses[0]), host("us-east-2", "standby", addresses[1])],
        edge_port: port,
        clock: Clock::start(),
    });
    (load, dns)
}

fn placed(operations: &[Operation]) -> Vec<&Operation> {
    operations.iter().filter(|operation| operation.kind == OperationKind::PlaceOrder).collect()
}

#[tokio::test]
async fn a_retry_repeats_id_and_body_until_somebody_says_yes() {
    let seen = Arc::<Mutex<HashMap<String, Vec<Bytes>>>>::default();
    let kept = Arc::clone(&seen);
    // The first try of every order is turned away.
    let answers: Arc<dyn Answers> = Arc::new(move |request: &Request<Bytes>| {
        let order: Value = serde_json::from_slice(request.body()).expect("JSON");
        let id = order["id"].as_str().expect("an id").to_owned();
        let mut seen = kept.lock().expect("held");
        let tries = seen.entry(id).or_default();
        tries.push(request.body().clone());
        (if tries.len() > 1 { 201 } else { 503 }, "{}".to_owned())
    });
    let (fakes, addresses) = regions(71, [Arc::clone(&answers), answers]).await;
    let (load, _dns) = start(fakes[0].address.port(), addresses, (100.0, 0.0)).await;
    eventually("a hundred orders", async || load.counts().acknowledged >= 100).await;
    let (operations, _) = load.stop(Duration::from_secs(10)).await;
    let placed = placed(&operations);
    assert!(placed.iter().all(|order| order.outcome == Outcome::Ok && order.attempts == 2));
    let both = |kind| placed.iter().filter(|order| order.client == kind).count();
    let (follow, know) = (both(ClientKind::FollowsDns), both(ClientKind::KnowsBothRegions));
    assert!(follow.abs_diff(know) <= 1, "{follow} and {know}");
    let seen = seen.lock().expect("held");
    assert!(seen.values().all(|tries| tries.len() == 2 && tries[0] == tries[1]));
    let ids: HashSet<&str> = placed.iter().map(|order| order.id.as_str()).collect();
    assert!(ids.len() == placed.len() && ids.len() == seen.len());
}

#[tokio::test]
async fn clients_that_know_both_turn_at_once_and_the_others_wait_for_dns() {
    let ok: Arc<dyn Answers> = Arc::new(|_: &Request<Bytes>| (201, "{}".to_owned()));
    let (fakes, addresses) = regions(72, [Arc::clone(&ok), ok]).await;
    let (load, _dns) = start(fakes[0].address.port(), addresses, (100.0, 0.0)).await;
    eventually("home answers", async || load.counts().acknowledged_by.contains_key(&region("us-east-1")))
        .await;
    let [home, _standby] = fakes;
    drop(home);
    // Health is not checked here, so DNS goes on naming the dead region.
    eventually("the other answers", async || {
        load.counts().acknowledged_by.get(&region("us-east-2")).is_some_and(|orders| *orders > 30)
    })
    .await;
    let (operations, _) = load.stop(Duration::from_millis(500)).await;
    for order in placed(&operations) {
        let moved = order.region == Some(region("us-east-2"));
        match order.client {
            ClientKind::KnowsBothRegions => assert_eq!(order.outcome, Outcome::Ok, "{order:?}"),
            ClientKind::FollowsDns => assert!(!moved, "{order:?}"),
        }
        assert!(order.completed_ms.is_none_or(|completed_ms| completed_ms >= order.invoked_ms));
    }
    assert!(placed(&operations).iter().any(|order| order.outcome == Outcome::Failed));
}

/// A region's sessions: version → content; `behind` answers everything with a token as stale.
fn sessions(stale_reads: bool, behind: bool) -> Arc<dyn Answers> {
    let held = Mutex::<HashMap<String, (u64, u64)>>::default();
    Arc::new(move |request: &Request<Bytes>| {
        let token = request.headers().get("session-token").is_some();
        let mut held = held.lock().expect("held");
        let path = request.uri().path().to_owned();
        if request.method() == Method::PUT {
            let body: Value = serde_json::from_slice(request.body()).expect("JSON");
            let (version, content) = held.entry(path).or_default();
            (*version, *content) = (*version + 1, body["data"]["content"].as_u64().expect("a number"));
            return (200, json!({ "token": format!("1.{version}") }).to_string());
        }
        match held.get(&path) {
            _ if behind && token => (409, r#"{"error":"stale_session"}"#.to_owned()),
            Some((version, content)) => {
                let version = version - u64::from(stale_reads);
                let body = json!({"data": {"content": content}, "token": format!("1.{version}")});
                (200, body.to_string())
            }
            None => (404, "{}".to_owned()),
        }
    })
}

async fn session_load(net: u8, answers: Arc<dyn Answers>) -> (LoadHandle, DnsServer, [Fake; 2]) {
    let (fakes, addresses) = regions(net, [Arc::clone(&answers), answers]).await;
    let (load, dns) = start(fakes[0].address.port(), addresses, (0.0, 100.0)).await;
    (load, dns, fakes)
}

#[tokio::test]
async fn sessions_that_go_forward_are_checked_and_found_well() {
    let (load, _dns, _fakes) = session_load(73, sessions(false, false)).await;
    eventually("fifty reads", async || load.counts().sessions_checked >= 50).await;
    let counts = load.counts();
    assert_eq!(
        (counts.sessions_stale_served, counts.sessions_refused, counts.sessions_writes_lost),
        (0, 0, 0)
    );
    assert!(load.stop(Duration::from_secs(5)).await.0.iter().all(|read| read.outcome == Outcome::Ok));
}

#[tokio::test]
async fn an_answer_older_than_the_token_is_caught() {
    let (load, _dns, _fakes) = session_load(74, sessions(true, false)).await;
    eventually("a stale answer", async || load.counts().sessions_stale_served > 0).await;
    let (operations, _) = load.stop(Duration::ZERO).await;
    let older = |read: &&Operation| read.seen.is_some() && read.seen < read.token;
    assert!(operations.iter().any(|read| older(&read)), "the history must show it too");
}

#[tokio::test]
async fn a_region_that_stays_behind_has_refused_and_lost_nothing_that_is_there() {
    let (load, _dns, _fakes) = session_load(75, sessions(false, true)).await;
    eventually("a client gave up waiting", async || load.counts().sessions_refused > 0).await;
    let counts = load.counts();
    assert_eq!((counts.sessions_stale_served, counts.sessions_writes_lost), (0, 0));
    let (operations, _) = load.stop(Duration::from_secs(1)).await;
    assert!(operations.iter().any(|read| read.outcome == Outcome::Failed));
}
