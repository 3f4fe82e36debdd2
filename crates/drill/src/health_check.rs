//! Route 53's health checkers: independent requests, a quorum, and a delay until DNS knows.
//!
//! Every check has [`CHECKERS`] checkers of its own phase. Each changes its mind
//! after `failure_threshold` equal results in a row; the endpoint is healthy
//! while more than 18 % of the checkers say so; the change reaches the DNS
//! servers [`PROPAGATION`] later. Nothing can set a status by hand. Start
//! reading at [`Checkers::start`].

mod board;
mod checker;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use board::{CheckStatus, HealthBoard};

use crate::route53::Zone;
use crate::seeded::Seeded;

/// Checkers per check. Route 53 checks from eight regions, with about two
/// checkers in each: an endpoint with a 30 s interval sees a request every 2 to
/// 3 s, says its documentation. At an interval of 10 s these are 1.6 requests/s
/// per check, a little over 1 % of what the emulator can answer.
pub const CHECKERS: u64 = 16;
/// Share of checkers that must say healthy, in percent, exclusive; documented by AWS.
pub const HEALTHY_ABOVE_PERCENT: u64 = 18;
/// From the checkers' verdict until the DNS servers act on it. AWS documents no
/// figure: this is an assumption, the upper end of what is inferred from public
/// measurements.
pub const PROPAGATION: Duration = Duration::from_secs(8);

/// What the checkers need beside the zone.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Where each checked name is reached: its region's edge face.
    pub endpoints: BTreeMap<String, SocketAddr>,
    /// Decides the phase of every checker.
    pub seed: u64,
    /// Delay until DNS knows; [`PROPAGATION`] but in tests.
    pub propagation: Duration,
    /// Divides every interval; 1 but in tests.
    pub hurry: u32,
}

/// A check whose host has no endpoint in the drill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the health check {check} looks at {host}, which is no endpoint of the drill")]
pub struct NoEndpoint {
    /// Logical id.
    pub check: String,
    /// What it looks at.
    pub host: String,
}

/// The running checkers; dropping it stops them.
pub struct Checkers {
    board: HealthBoard,
    _tasks: JoinSet<()>,
}

impl Checkers {
    /// Starts the checkers of every check in the zone; they publish on `board`.
    pub fn start(zone: &Zone, board: HealthBoard, options: &CheckOptions) -> Result<Self, NoEndpoint> {
        let mut tasks = JoinSet::new();
        for (purpose, (id, check)) in (0_u64..).zip(&zone.checks) {
            let endpoint = options.endpoints.get(&check.host).copied();
            let endpoint =
                endpoint.ok_or_else(|| NoEndpoint { check: id.clone(), host: check.host.clone() })?;
            let check = Arc::new(check.clone());
            let interval = Duration::from_secs(check.interval_s) / options.hurry.max(1);
            let mut seeded = Seeded::stream(options.seed, purpose);
            let (verdicts, receiver) = mpsc::unbounded_channel();
            for _ in 0..CHECKERS {
                let phase = interval.mul_f64(seeded.unit());
                let (check, verdicts) = (Arc::clone(&check), verdicts.clone());
                tasks.spawn(checker::watch(check, endpoint, interval, phase, verdicts));
            }
            tasks.spawn(publish(receiver, id.clone(), board.clone(), options.propagation));
        }
        Ok(Self { board, _tasks: tasks })
    }

    /// What the DNS servers know.
    #[must_use]
    pub fn board(&self) -> HealthBoard {
        self.board.clone()
    }
}

/// Counts the checkers' minds and publishes each change of the endpoint's
/// status after the propagation delay, in order.
async fn publish(
    mut verdicts: mpsc::UnboundedReceiver<bool>,
    id: String,
    board: HealthBoard,
    propagation: Duration,
) {
    let (delayed, mut due) = mpsc::unbounded_channel::<(Instant, bool)>();
    let count = async {
        let mut healthy = CHECKERS;
        while let Some(well) = verdicts.recv().await {
            let before = healthy * 100 > HEALTHY_ABOVE_PERCENT * CHECKERS;
            healthy = if well { healthy + 1 } else { healthy - 1 };
            let after = healthy * 100 > HEALTHY_ABOVE_PERCENT * CHECKERS;
            board.observe(&id, healthy);
            // The receiver lives as long as this future.
            let _ = (before != after).then(|| delayed.send((Instant::now() + propagation, after)));
        }
    };
    let apply = async {
        while let Some((at, healthy)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            board.publish(&id, healthy);
        }
    };
    tokio::join!(count, apply);
}
