//! A DNS client that keeps an answer exactly as long as its TTL allows, unless it is told to keep it longer
//! than that, as some do.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hickory_server::proto::ProtoError;
use hickory_server::proto::op::{Message, Query, ResponseCode};
use hickory_server::proto::rr::{Name, RData, RecordType};
use hickory_server::proto::serialize::binary::DecodeError;
use tokio::net::UdpSocket;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

const TRIES: u32 = 2;
const ANSWER: Duration = Duration::from_millis(500);
const ANSWER_BYTES_MAX: usize = 4096;

/// Why a name has no address now.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The socket failed.
    #[error("cannot ask the DNS server")]
    Io(#[from] io::Error),
    /// The question cannot be written.
    #[error("cannot ask for this name")]
    Question(#[from] ProtoError),
    /// The answer cannot be read.
    #[error("cannot read the DNS server's answer")]
    Answer(#[from] DecodeError),
    /// Nothing came back.
    #[error("the DNS server did not answer")]
    Silent,
    /// It says no.
    #[error("the DNS server answered {0} without an address")]
    NoAddress(ResponseCode),
}

struct Cached {
    address: Ipv4Addr,
    until: Instant,
}

/// One client's resolver. Questions are asked one at a time, so that waiting
/// callers share the answer.
pub struct Resolver {
    server: SocketAddr,
    /// Longer than the TTL, if at all.
    keeps: Option<Duration>,
    cache: Mutex<HashMap<String, Cached>>,
    asked: AtomicU64,
}

impl Resolver {
    /// Asks `server` over UDP.
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Self { server, keeps: None, cache: Mutex::default(), asked: AtomicU64::new(0) }
    }

    /// The same, keeping every answer for so long, whatever its TTL says.
    #[must_use]
    pub fn keeping(self, keeps: Option<Duration>) -> Self {
        Self { keeps, ..self }
    }

    /// The first address of `name`, from memory while it is kept.
    pub async fn resolve(&self, name: &str) -> Result<Ipv4Addr, ResolveError> {
        let mut cache = self.cache.lock().await;
        if let Some(cached) = cache.get(name).filter(|cached| Instant::now() < cached.until) {
            return Ok(cached.address);
        }
        cache.remove(name);
        let mut last = ResolveError::Silent;
        for _ in 0..TRIES {
            match self.ask(name).await {
                Ok((address, ttl)) => {
                    let cached = Cached { address, until: Instant::now() + self.keeps.unwrap_or(ttl) };
                    cache.insert(name.to_owned(), cached);
                    return Ok(address);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Questions sent so far.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    async fn ask(&self, name: &str) -> Result<(Ipv4Addr, Duration), ResolveError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut question = Message::query();
        question.metadata.recursion_desired = true;
        question.add_query(Query::query(Name::from_ascii(format!("{name}."))?, RecordType::A));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(self.server).await?;
        socket.send(&question.to_vec()?).await?;
        let (mut buffer, by) = (vec![0; ANSWER_BYTES_MAX], Instant::now() + ANSWER);
        loop {
            let received = timeout_at(by, socket.recv(&mut buffer)).await;
            let length = received.map_err(|_| ResolveError::Silent)??;
            let answer = Message::from_vec(&buffer[..length])?;
            if answer.metadata.id == question.metadata.id {
                return address(&answer).ok_or(ResolveError::NoAddress(answer.metadata.response_code));
            }
        }
    }
}

/// The first address, and the shortest TTL of the chain that leads to it.
fn address(answer: &Message) -> Option<(Ipv4Addr, Duration)> {
    let ttl_s = answer.answers.iter().map(|record| record.ttl).min()?;
    let address = answer.answers.iter().find_map(|record| match &record.data {
        RData::A(address) => Some(address.0),
        _ => None,
    })?;
    Some((address, Duration::from_secs(u64::from(ttl_s))))
}

/// The answer of a resolver, or nothing when it takes longer than `limit`.
pub(super) async fn within(limit: Duration, resolver: &Resolver, name: &str) -> Option<Ipv4Addr> {
    match timeout(limit, resolver.resolve(name)).await {
        Ok(Ok(address)) => Some(address),
        Ok(Err(error)) => {
            tracing::debug!(%error, name, "a client could not resolve a name");
            None
        }
        Err(_) => None,
    }
}
