//! The zone on the wire.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Edns, Metadata, OpCode, ResponseCode};
use hickory_server::proto::rr::{DNSClass, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use super::answer::{Answer, answer};
use crate::health_check::HealthBoard;
use crate::route53::Zone;

const ATTEMPTS: u32 = 32;
const TCP_IDLE: Duration = Duration::from_secs(10);
const TCP_BUFFER: usize = 32;
/// The payload that resolvers agree not to fragment, in bytes.
const PAYLOAD_BYTES_MAX: u16 = 1232;
/// Different questions that are counted apart; the rest share one line.
const COUNTED_MAX: usize = 1000;

/// Why the DNS server could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve DNS on {address}")]
pub struct DnsError {
    /// Where.
    pub address: Ipv4Addr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Questions so far by `name type code`.
pub type QueryCounts = BTreeMap<String, u64>;

/// The running server; dropping it stops it.
pub struct DnsServer {
    server: Server<Handler>,
    address: SocketAddr,
    counts: Arc<Mutex<QueryCounts>>,
}

impl DnsServer {
    /// Serves `zone` on a free port of `address`, the same for UDP and TCP.
    pub async fn start(address: Ipv4Addr, zone: Arc<Zone>, health: HealthBoard) -> Result<Self, DnsError> {
        let bound = bind(address).await;
        let (udp, tcp, address) = bound.map_err(|source| DnsError { address, source })?;
        let counts = Arc::<Mutex<QueryCounts>>::default();
        let mut server = Server::new(Handler { zone, health, counts: Arc::clone(&counts) });
        server.register_socket(udp);
        server.register_listener(tcp, TCP_IDLE, TCP_BUFFER);
        Ok(Self { server, address, counts })
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked.
    #[must_use]
    pub fn counts(&self) -> QueryCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops answering and waits until it has.
    pub async fn stop(mut self) {
        if let Err(error) = self.server.shutdown_gracefully().await {
            tracing::debug!(%error, "the DNS server ended in an error");
        }
    }
}

async fn bind(address: Ipv4Addr) -> io::Result<(UdpSocket, TcpListener, SocketAddr)> {
    let mut taken = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..ATTEMPTS {
        let tcp = TcpListener::bind((address, 0)).await?;
        let bound = tcp.local_addr()?;
        match UdpSocket::bind(bound).await {
            Ok(udp) => return Ok((udp, tcp, bound)),
            Err(error) => taken = error,
        }
    }
    Err(taken)
}

struct Handler {
    zone: Arc<Zone>,
    health: HealthBoard,
    counts: Arc<Mutex<QueryCounts>>,
}

impl Handler {
    fn decide(&self, request: &Request) -> Answer {
        let refused = |code| Answer { code, records: Vec::new(), soa: None };
        if request.metadata.op_code != OpCode::Query {
            return refused(ResponseCode::NotImp);
        }
        let Ok(info) = request.request_info() else {
            return refused(ResponseCode::FormErr);
        };
        let kind = info.query.query_type();
        let asked = info.query.name().to_string().to_ascii_lowercase();
        let name = asked.strip_suffix('.').unwrap_or(&asked);
        let decided = if info.query.query_class() == DNSClass::IN {
            answer(&self.zone, &|check| self.health.is_healthy(check), name, kind)
        } else {
            Ok(refused(ResponseCode::Refused))
        };
        let decided = decided.unwrap_or_else(|_| refused(ResponseCode::ServFail));
        self.count(name, kind, decided.code);
        decided
    }

    fn count(&self, name: &str, kind: RecordType, code: ResponseCode) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{name} {kind} {code}");
        let line =
            if counts.len() < COUNTED_MAX || counts.contains_key(&line) { line } else { "other".into() };
        *counts.entry(line).or_default() += 1;
    }
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut handle: R,
    ) -> ResponseInfo {
        let answer = self.decide(request);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.response_code = answer.code;
        metadata.authoritative = matches!(answer.code, ResponseCode::NoError | ResponseCode::NXDomain);
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD_BYTES_MAX.min(request.max_payload()));
        let asked_with_edns = request.edns.is_some();
        let builder = MessageResponseBuilder::new(&request.queries, asked_with_edns.then_some(&edns));
        let none: [Record; 0] = [];
        let response = builder.build(metadata, &answer.records, &none, answer.soa.as_ref(), &none);
        handle.send_response(response).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a DNS answer was not sent");
            let counts = hickory_server::proto::op::HeaderCounts::default();
            ResponseInfo::from(hickory_server::proto::op::Header { metadata, counts })
        })
    }
}
