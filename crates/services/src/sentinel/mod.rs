//! The sentinel: renews this region's lease, watches the other's, and takes over.
//!
//! [`recovery::lease::decide`] decides; this gathers what it needs and does what
//! it says. One invocation is one [`watch`], a row of ticks; two watches of one
//! region may overlap and do each other no harm. Start reading at [`Watch::tick`].

mod execution;
mod outside;
mod pulse;
mod readiness;
mod report;
mod sweep;
mod tick;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use recovery::lease::{TICK, Timing};
use tokio::time::{Instant, MissedTickBehavior, timeout_at};

pub use report::{Event, Report};
pub use tick::Watch;

use crate::clock;
use crate::database::{Database, DatabaseError, Target};
use crate::journal::Journal;
use crate::lease_store::LeaseStore;
use crate::probe::synthetic::{Caller, Entrance};
use crate::probe::{ProbeError, Prober};
use crate::queue::Queue;
use crate::settings;
use crate::switch::Switch;

/// How the sentinel is called in logs and in the database's own views.
pub const SERVICE: &str = "sentinel";
/// Time kept free before Lambda would end the invocation.
const RESERVE: Duration = Duration::from_secs(5);

/// Every setting the sentinel must have.
pub type Settings = (
    settings::Regions,
    settings::Journal,
    settings::Queue,
    settings::Database,
    settings::LeaseTimings,
    settings::Watch,
    (settings::Trigger, settings::Failback),
    settings::Endpoints,
);

/// Why a sentinel cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum SentinelError {
    /// The database's name or authorities cannot be used.
    #[error("the sentinel cannot use its database settings")]
    Database(#[from] DatabaseError),
    /// The HTTP client cannot be made.
    #[error("the sentinel cannot probe")]
    Probe(#[from] ProbeError),
}

/// What one process keeps from watch to watch.
#[derive(Debug)]
pub struct Sentinel {
    regions: settings::Regions,
    timing: Timing,
    settings: settings::Watch,
    leases: LeaseStore,
    readiness: readiness::Checks,
    outside: outside::Outside,
    switch: Switch,
    failback: recovery::lease::Failback,
    recoveries: execution::Executions,
    failbacks: execution::Executions,
    sweeper: Arc<sweep::Sweeper>,
}

impl Sentinel {
    /// Connects to nothing yet. `clusters` names this region's Aurora cluster: with it, a standby
    /// whose writer endpoint is inactive can be told from one that is broken.
    pub fn new(
        aws: &SdkConfig,
        settings: Settings,
        clusters: Option<settings::Clusters>,
    ) -> Result<Self, SentinelError> {
        let (regions, journal, queue, database, lease, watch, (trigger, failback), endpoints) = settings;
        let prober = Prober::new(endpoints.resolver)?;
        let caller = Caller::new(aws, prober.clone(), &endpoints)?;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let queue = Queue::new(aws_sdk_sqs::Client::new(aws), queue.name);
        let own_database = || Database::new(aws.clone(), Target::own(&regions, &database, SERVICE));
        Ok(Self {
            timing: lease.timing(),
            failback: failback.rules(),
            leases: LeaseStore::new(dynamodb.clone(), &journal.table),
            sweeper: Arc::new(sweep::Sweeper {
                journal: Journal::new(dynamodb, journal, regions.own.clone()),
                queue: queue.clone(),
                database: own_database()?,
            }),
            readiness: readiness::Checks {
                queue,
                database: own_database()?,
                rds: aws_sdk_rds::Client::new(aws),
                cluster: clusters.map(|clusters| clusters.own),
                prober: prober.with_total_timeout(readiness::API_LIMIT),
                own: endpoints.own,
            },
            outside: outside::Outside {
                caller,
                peer: Entrance { base: endpoints.peer, regions: vec![regions.peer.clone()] },
            },
            switch: Switch::new(aws_sdk_ssm::Client::new(aws), trigger.switch_parameter),
            recoveries: execution::Executions {
                client: aws_sdk_sfn::Client::new(aws),
                state_machine_arn: trigger.state_machine_arn,
                kind: "failover",
                pause: execution::ATTEMPT_PAUSE,
            },
            failbacks: execution::Executions {
                client: aws_sdk_sfn::Client::new(aws),
                state_machine_arn: trigger.failback_state_machine_arn,
                kind: "failback",
                // What stopped one failback needs time, and the system is served meanwhile.
                pause: failback.dwell,
            },
            settings: watch,
            regions,
        })
    }

    /// The same sentinel with another pause after the first failed execution of an epoch.
    #[must_use]
    pub fn with_attempt_pause(mut self, pause: Duration) -> Self {
        self.recoveries.pause = pause;
        self
    }

    /// The same sentinel with another limit on how long settlement may be stopped for a failback.
    #[must_use]
    pub fn with_drain_limit(mut self, limit: Duration) -> Self {
        self.failback.drain_limit = limit;
        self
    }

    /// When a watch that begins now must end, if Lambda ends the invocation at `deadline`.
    pub fn watch_until(&self, deadline: SystemTime) -> Instant {
        Instant::now() + watch_length(self.settings.length, deadline, [SystemTime::now(), clock::now()])
    }

    fn tick_interval(&self) -> Duration {
        // `decide` wants to be asked twice per renewal interval at least.
        TICK.min(self.timing.renew / 2).max(Duration::from_millis(10))
    }
}

/// How long a watch may last that Lambda ends at `deadline`. Whose clock that is nobody says, so whichever of
/// `clocks` leaves more time counts; where both say that none is left, they are wrong, for the invocation has
/// only begun. A watch that ends early leaves the lease alone until the next one begins; a watch that Lambda
/// ends has lost a tick.
fn watch_length(length: Duration, deadline: SystemTime, clocks: [SystemTime; 2]) -> Duration {
    let left =
        clocks.into_iter().filter_map(|now| deadline.duration_since(now).ok()).max().unwrap_or_default();
    let left = left.saturating_sub(RESERVE);
    if left.is_zero() { length } else { length.min(left) }
}

/// The moment that Lambda's deadline, in milliseconds since the Unix epoch, stands for.
pub fn deadline(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

/// Ticks until `until` and reports what was done. At least one tick is begun; one that takes so long
/// that Lambda would end it is given up, and another watch finds out what became of it.
pub async fn watch(sentinel: &Sentinel, until: Instant) -> Report {
    let mut watch = Watch::new(sentinel);
    let mut ticks = tokio::time::interval(sentinel.tick_interval());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let given_up = timeout_at(until + RESERVE / 2, watch.tick()).await.is_err();
        if given_up || Instant::now() + sentinel.tick_interval() >= until {
            return watch.into_report();
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a watch ends before Lambda ends it, and is not cut short by a clock that is wrong.
    //! Method: chosen clocks.

    use super::*;

    #[test]
    fn a_wrong_clock_cuts_no_watch_short() {
        let seconds = Duration::from_secs;
        let now = UNIX_EPOCH + seconds(1_795_168_800);
        let (length, deadline) = (seconds(140), now + seconds(150));
        assert_eq!(watch_length(length, deadline, [now, now]), length);
        assert_eq!(watch_length(length, now + seconds(60), [now, now]), seconds(55), "Lambda's is shorter");
        let ahead = now + seconds(3600);
        assert_eq!(watch_length(length, deadline, [ahead, ahead]), length, "nobody has said so yet");
        assert_eq!(watch_length(length, deadline, [ahead, now]), length, "AWS has said so");
        let a_little = now + seconds(100);
        assert_eq!(watch_length(length, deadline, [a_little, now]), length);
        assert_eq!(watch_length(length, deadline, [now - seconds(3600); 2]), length);
    }
}
