//! The load: a seeded, open-loop stream of orders and session operations, through real DNS and sockets.
//!
//! Arrivals never wait for answers, so an outage cannot hide behind slow
//! callers. Half of the orders come from clients that follow DNS, half from
//! clients that know both regions. All sign what they ask. Every operation becomes one record of what
//! its client saw, nothing more. Start reading at [`Load::start`], then
//! [`plan`] for what is decided by the seed and `order` for what a client does.

mod backoff;
mod count;
mod operation;
mod order;
pub mod plan;
mod preference;
pub mod resolver;
mod sender;
mod session;
mod signature;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use recovery::Region;
use recovery::history::{Operation, Outcome};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

pub use count::LoadCounts;

use count::Count;
use operation::History;
use order::OrderClient;
use plan::{PlannedOrder, PlannedSession};
use session::Sessions;

/// Independent clients of each kind: each has its own DNS cache and
/// connections, so that their TTLs do not run out together.
pub const CLIENTS_PER_KIND: u64 = 8;
/// How long a client goes on retrying one operation.
pub const DEADLINE: Duration = Duration::from_secs(90);
/// Tells the seed of a burst from that of the steady load.
const BURST: u64 = 0x6275_7273_745f_5f5f;
/// Operations in flight beyond which new arrivals fail unsent.
const IN_FLIGHT_MAX: usize = 20_000;

/// Milliseconds since the Unix epoch on a clock that never jumps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    origin_ms: u64,
}

impl Clock {
    /// Set by the system's clock now, monotonic from then on.
    #[must_use]
    pub fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { origin: Instant::now(), origin_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Now.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.at_ms(Instant::now())
    }

    /// A moment since the start of this clock, as this clock tells it.
    #[must_use]
    pub fn at_ms(&self, at: Instant) -> u64 {
        let elapsed_ms = at.saturating_duration_since(self.origin).as_millis();
        self.origin_ms.saturating_add(u64::try_from(elapsed_ms).unwrap_or(u64::MAX))
    }

    /// How far the system's clock, which the databases use, has moved away from this one.
    #[must_use]
    pub fn drift(&self) -> Duration {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let system_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(system_ms.abs_diff(self.now_ms()))
    }
}

/// A region as clients know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionHost {
    /// The region.
    pub region: Region,
    /// The name that always means it.
    pub host: String,
    /// The address that this name leads to, to tell which region answered.
    pub address: Ipv4Addr,
}

/// What the load is.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Decides arrivals, contents and backoffs.
    pub seed: u64,
    /// Mean rate of new orders.
    pub orders_per_second: f64,
    /// Mean rate of session operations; 0: none.
    pub sessions_per_second: f64,
    /// How many sessions there are.
    pub sessions: u32,
    /// The DNS server.
    pub dns: SocketAddr,
    /// How long clients that follow DNS keep an answer, whatever its TTL says; `None`: as it says.
    pub dns_cache: Option<Duration>,
    /// The name that clients use.
    pub public_host: String,
    /// The pair, home first.
    pub regions: [RegionHost; 2],
    /// Port of every region's public HTTP.
    pub edge_port: u16,
    /// Stamps every operation.
    pub clock: Clock,
}

/// What all parts of a running load share.
struct Shared {
    options: LoadOptions,
    history: History,
    count: Count,
    stop_at: watch::Sender<Option<Instant>>,
}

impl Shared {
    /// Counts and keeps an operation that has just ended; while its outcome is
    /// unknown, its client never learnt it.
    fn end(&self, operation: Operation) {
        let known = operation.outcome != Outcome::Unknown;
        let completed_ms = known.then(|| self.options.clock.now_ms());
        let operation = Operation { completed_ms, ..operation };
        self.count.end(&operation);
        self.history.add(operation);
    }

    /// When an operation that starts now gives up.
    fn deadline(&self) -> Deadline {
        Deadline { own: Instant::now() + DEADLINE, stop: self.stop_at.subscribe() }
    }

    /// What the public name may lead to.
    fn both_regions(&self) -> Vec<Region> {
        self.options.regions.iter().map(|at| at.region.clone()).collect()
    }

    fn region_of(&self, address: Ipv4Addr) -> Option<Region> {
        let found = self.options.regions.iter().find(|at| at.address == address);
        found.map(|at| at.region.clone())
    }
}

/// The end of an operation's retries: its own, or the load's if that comes first.
struct Deadline {
    own: Instant,
    stop: watch::Receiver<Option<Instant>>,
}

impl Deadline {
    fn at(&self) -> Instant {
        self.stop.borrow().map_or(self.own, |stop| stop.min(self.own))
    }

    fn passed(&self) -> bool {
        Instant::now() >= self.at()
    }

    /// Sleeps, but not beyond the deadline as it is when the sleep begins.
    async fn pause(&self, pause: Duration) {
        sleep_until((Instant::now() + pause).min(self.at())).await;
    }
}

/// Starts loads.
pub struct Load;

/// A running load; dropping it stops everything at once and loses the history.
pub struct LoadHandle {
    shared: Arc<Shared>,
    arrivals: Vec<JoinHandle<JoinSet<()>>>,
}

impl Load {
    /// Starts both streams now.
    #[must_use]
    pub fn start(options: LoadOptions) -> LoadHandle {
        let shared = Arc::new(Shared {
            options,
            history: History::default(),
            count: Count::default(),
            stop_at: watch::Sender::new(None),
        });
        let options = &shared.options;
        let orders = plan::orders(options.seed, options.orders_per_second);
        let sessions = plan::session_operations(options.seed, options.sessions_per_second, options.sessions);
        let arrivals = vec![tokio::spawn(arrive(Arc::clone(&shared), orders, sessions))];
        LoadHandle { shared, arrivals }
    }
}

impl LoadHandle {
    /// Figures so far.
    #[must_use]
    pub fn counts(&self) -> LoadCounts {
        self.shared.count.read()
    }

    /// So many orders more in each second from now on, for so long.
    pub fn burst(&mut self, orders_per_second: f64, lasts: Duration) {
        // A stream of its own, so that the steady one stays what its seed makes it.
        let orders = plan::orders(self.shared.options.seed ^ BURST, orders_per_second);
        let orders = orders.take_while(move |order| order.at < lasts);
        let shared = Arc::clone(&self.shared);
        self.arrivals.push(tokio::spawn(arrive(shared, orders, std::iter::empty())));
    }

    /// Ends arrivals now, lets operations in flight go on retrying for at most
    /// `drain`, and returns every operation in the order of invocation. What
    /// has no answer by then is recorded as its client saw it. The figures are final then.
    pub async fn stop(mut self, drain: Duration) -> (Vec<Operation>, LoadCounts) {
        self.shared.stop_at.send_replace(Some(Instant::now() + drain));
        for arrivals in &mut self.arrivals {
            match arrivals.await {
                Ok(mut in_flight) => while in_flight.join_next().await.is_some() {},
                Err(error) => tracing::error!(%error, "the load's arrivals ended early"),
            }
        }
        (self.shared.history.take(), self.shared.count.read())
    }
}

impl Drop for LoadHandle {
    fn drop(&mut self) {
        self.arrivals.iter().for_each(JoinHandle::abort);
    }
}

/// Sends each arrival when its time has come, until stopped; returns what is in flight.
async fn arrive(
    shared: Arc<Shared>,
    orders: impl Iterator<Item = PlannedOrder>,
    operations: impl Iterator<Item = PlannedSession>,
) -> JoinSet<()> {
    let (mut orders, mut operations) = (orders.peekable(), operations.peekable());
    let clients = OrderClient::all(&shared);
    let sessions = Sessions::new(&shared);
    let (start, mut in_flight) = (Instant::now(), JoinSet::new());
    let mut stop = shared.stop_at.subscribe();
    loop {
        let order_at = orders.peek().map(|order| order.at);
        let session_at = operations.peek().map(|operation| operation.at);
        let Some(next) = order_at.into_iter().chain(session_at).min() else { return in_flight };
        tokio::select! {
            biased;
            _ = stop.wait_for(Option::is_some) => return in_flight,
            () = sleep_until(start + next) => shared.count.late(start + next),
        }
        while in_flight.try_join_next().is_some() {}
        let room = in_flight.len() < IN_FLIGHT_MAX;
        if order_at == Some(next) {
            let Some(order) = orders.next() else { continue };
            let client = Arc::clone(&clients[order.client(clients.len())]);
            shared.count.offer();
            in_flight.spawn(async move { client.place(order, room).await });
        } else if let Some(operation) = operations.next() {
            let sessions = Arc::clone(&sessions);
            if room {
                in_flight.spawn(async move { sessions.operate(operation).await });
            }
        }
    }
}

/// A mutex that outlives a panicking holder: its data are plain figures.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Acknowledged orders per region.
type PerRegion = BTreeMap<Region, u64>;
