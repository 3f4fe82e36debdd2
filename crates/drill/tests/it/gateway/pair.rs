//! Both gateways before a fake emulator, and requests written by hand so that resets are seen as resets.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use drill::gateway::{Faults, Gateway, GatewayOptions, Ports, RegionAddress};
use drill::seeded::Seeded;
use http::Request;
use recovery::Region;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fake::{Fake, serve};

pub fn region(name: &str) -> Region {
    Region::new(name).expect("a region name")
}

pub fn home() -> Region {
    region("us-east-1")
}

pub fn standby() -> Region {
    region("us-east-2")
}

pub fn witness() -> Region {
    region("us-west-2")
}

/// Both gateways before a fake emulator; each test on a net of its own.
pub struct Pair {
    pub gateway: Gateway,
    pub faults: Faults,
    pub ports: Ports,
    pub net: u8,
    _emulator: Option<Fake>,
}

impl Pair {
    pub async fn new(net: u8, emulator: Fake, lag: Duration) -> Self {
        let started = Self::start(net, emulator.address, lag).await;
        Self { _emulator: Some(emulator), ..started }
    }

    /// Before whatever listens there.
    pub async fn before(net: u8, emulator: SocketAddr) -> Self {
        Self::start(net, emulator, Duration::from_millis(50)).await
    }

    async fn start(net: u8, emulator: SocketAddr, lag: Duration) -> Self {
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
            emulator,
            replication_lag: lag,
            ports,
            seed: 1,
        };
        let faults = Faults::new();
        let gateway = Gateway::start(options, faults.clone()).await.expect("a gateway");
        Self { gateway, faults, ports, net, _emulator: None }
    }

    /// Before an emulator that answers with what it was asked.
    pub async fn echoing(net: u8) -> Self {
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

    pub fn at(&self, last: u8, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(127, self.net, 0, last), port))
    }
}

pub fn authorization(region: &Region, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=TEST/20261120/{region}/{service}/aws4_request, SignedHeaders=host, Signature=ab"
    )
}

/// One request on an open connection; status and body.
pub async fn ask(
    stream: &mut TcpStream,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<(u16, String)> {
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

pub async fn call(
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

pub fn echoed(answer: (u16, String)) -> Value {
    assert_eq!(answer.0, 200, "{}", answer.1);
    serde_json::from_str(&answer.1).expect("the fake answers JSON")
}
