//! Goal: DNS follows the health of what the checks look at, by Route 53's rules, and clients honour TTLs.
//! Method: two real targets that a test turns bad or closes, checks that run
//! many times faster than deployed, questions over UDP and TCP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use drill::dns::DnsServer;
use drill::health_check::{CheckOptions, Checkers, HealthBoard};
use drill::load::resolver::{ResolveError, Resolver};
use drill::route53::{StandIns, Zone, read};
use hickory_server::proto::op::{Message, Query, ResponseCode};
use hickory_server::proto::rr::{Name, RecordType};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fake::{Fake, eventually, serve};

const HOME: Ipv4Addr = Ipv4Addr::new(127, 70, 0, 1);
const STANDBY: Ipv4Addr = Ipv4Addr::new(127, 70, 0, 2);
const PUBLIC: &str = "orders.trading.example";

/// The zone of the deployment with records that live this long.
pub fn zone(ttl_s: u32, addresses: [Ipv4Addr; 2]) -> Zone {
    let record = |role: &str, name: &str| {
        json!({"Type": "AWS::Route53::RecordSet", "Properties": {
            "HostedZoneId": {"Ref": "Zone"}, "Name": PUBLIC, "Type": "CNAME", "TTL": ttl_s.to_string(),
            "SetIdentifier": name, "Failover": role, "HealthCheckId": {"Ref": name},
            "ResourceRecords": [format!("{name}.{PUBLIC}")],
        }})
    };
    let check = |name: &str| {
        json!({"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": {
            "Type": "HTTPS", "FullyQualifiedDomainName": format!("{name}.{PUBLIC}"), "Port": 443,
            "ResourcePath": "/health", "RequestInterval": 10, "FailureThreshold": 2}}})
    };
    let template = json!({"Resources": {
        "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "trading.example"}},
        "home": check("home"), "standby": check("standby"),
        "Primary": record("PRIMARY", "home"), "Secondary": record("SECONDARY", "standby"),
    }});
    let host = |name: &str| format!("{name}.{PUBLIC}");
    let addresses = [(host("home"), addresses[0]), (host("standby"), addresses[1])];
    read(&[&template], &StandIns { addresses: addresses.into(), ttl_s: 60 }).expect("a good template")
}

/// A target that answers with the status in `status`.
async fn target(status: &Arc<AtomicU16>) -> Fake {
    let status = Arc::clone(status);
    serve(([127, 0, 0, 1], 0), move |_| (status.load(Ordering::Relaxed), "{}".to_owned())).await
}

fn hurried(home: SocketAddr, standby: SocketAddr) -> CheckOptions {
    let endpoints = [(format!("home.{PUBLIC}"), home), (format!("standby.{PUBLIC}"), standby)];
    CheckOptions { endpoints: endpoints.into(), seed: 1, propagation: Duration::from_millis(100), hurry: 50 }
}

/// What a client without memory is told.
async fn resolved(server: SocketAddr) -> Option<Ipv4Addr> {
    Resolver::new(server).resolve(PUBLIC).await.ok()
}

#[tokio::test]
async fn dns_follows_health_and_treats_all_unhealthy_as_healthy() {
    let (home_says, standby_says) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicU16::new(200)));
    let (home, standby) = (target(&home_says).await, target(&standby_says).await);
    let zone = Arc::new(zone(10, [HOME, STANDBY]));
    let checkers =
        Checkers::start(&zone, HealthBoard::new(zone.checks.keys()), &hurried(home.address, standby.address))
            .expect("both have endpoints");
    let dns = DnsServer::start(Ipv4Addr::LOCALHOST, zone, checkers.board()).await.expect("a free port");
    let at = dns.address();
    assert_eq!(resolved(at).await, Some(HOME));

    home_says.store(503, Ordering::Relaxed);
    eventually("DNS leaves home", async || resolved(at).await == Some(STANDBY)).await;
    drop(standby);
    eventually("with neither healthy it is home again", async || resolved(at).await == Some(HOME)).await;
    assert!(checkers.board().statuses().values().all(|status| !status.healthy));
    home_says.store(302, Ordering::Relaxed);
    let healthy = async || checkers.board().is_healthy("home");
    eventually("home is healthy again", healthy).await;
    assert!(dns.counts().values().sum::<u64>() > 3);
    dns.stop().await;
}

#[tokio::test]
async fn a_check_without_an_endpoint_is_refused() {
    let zone = zone(10, [HOME, STANDBY]);
    let mut options = hurried(SocketAddr::from((HOME, 1)), SocketAddr::from((STANDBY, 1)));
    options.endpoints.remove(&format!("standby.{PUBLIC}"));
    let refused = Checkers::start(&zone, HealthBoard::new(zone.checks.keys()), &options)
        .err()
        .expect("an endpoint is missing");
    assert_eq!(refused.check, "standby");
}

async fn still(ttl_s: u32) -> DnsServer {
    let zone = Arc::new(zone(ttl_s, [HOME, STANDBY]));
    let board = HealthBoard::new(zone.checks.keys());
    DnsServer::start(Ipv4Addr::LOCALHOST, zone, board).await.expect("a free port")
}

#[tokio::test]
async fn a_client_asks_again_when_the_ttl_is_over_and_not_before() {
    let dns = still(1).await;
    let resolver = Resolver::new(dns.address());
    let first = Instant::now();
    assert_eq!(resolver.resolve(PUBLIC).await.expect("an address"), HOME);
    while first.elapsed() < Duration::from_millis(900) {
        resolver.resolve(PUBLIC).await.expect("an address");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Unless the machine stalled past the TTL, one question was enough.
    assert!(resolver.asked() == 1 || first.elapsed() >= Duration::from_secs(1));
    eventually("the second question", async || {
        resolver.resolve(PUBLIC).await.expect("an address");
        resolver.asked() == 2
    })
    .await;
    assert!(first.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_client_with_a_stale_cache_keeps_an_answer_beyond_its_ttl() {
    let dns = still(1).await;
    let resolver = Resolver::new(dns.address()).keeping(Some(Duration::from_secs(3)));
    let first = Instant::now();
    assert_eq!(resolver.resolve(PUBLIC).await.expect("an address"), HOME);
    eventually("the second question", async || {
        resolver.resolve(PUBLIC).await.expect("an address");
        resolver.asked() == 2
    })
    .await;
    assert!(first.elapsed() >= Duration::from_secs(3));
}

#[tokio::test]
async fn names_that_are_not_there_and_zones_that_are_not_ours() {
    let dns = still(10).await;
    let resolver = Resolver::new(dns.address());
    for (name, code) in
        [("nobody.trading.example", ResponseCode::NXDomain), ("trading.example.org", ResponseCode::Refused)]
    {
        let error = resolver.resolve(name).await.expect_err("there is no such address");
        assert!(matches!(error, ResolveError::NoAddress(answered) if answered == code), "{error}");
    }
}

#[tokio::test]
async fn the_same_answers_come_over_tcp() {
    let dns = still(10).await;
    let mut question = Message::query();
    let name = Name::from_ascii(format!("{PUBLIC}.")).expect("a name");
    question.add_query(Query::query(name, RecordType::A));
    let bytes = question.to_vec().expect("a question");
    let mut stream = TcpStream::connect(dns.address()).await.expect("a TCP listener");
    stream.write_u16(u16::try_from(bytes.len()).expect("short")).await.expect("sent");
    stream.write_all(&bytes).await.expect("sent");
    let length = stream.read_u16().await.expect("an answer");
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.expect("an answer");
    let answer = Message::from_vec(&answer).expect("a DNS message");
    assert!(answer.metadata.authoritative);
    assert_eq!(answer.answers.iter().map(|record| record.ttl).collect::<Vec<_>>(), [10, 60]);
}
