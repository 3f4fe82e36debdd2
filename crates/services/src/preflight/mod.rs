//! The preflight: could the standby take over now?
//!
//! [`recovery::preflight`] lists the checks and judges the whole; this asks. Every check is bounded in
//! time, all run whatever the others found, and none changes anything. Start reading at
//! [`Preflight::run`].

mod announce;
mod ask;
mod automation;
mod buckets;
mod clusters;
mod databases;
mod endpoints;
mod fleet;
mod idle;
mod measure;
mod observer;
mod permissions;
mod queues;
mod release;
mod tables;

use std::time::Duration;

use aws_config::SdkConfig;
use recovery::preflight::{RUN_LIMIT_S, Report};
use recovery::{Lease, Region};

use crate::fleet::Fleet;
use crate::lease_store::LeaseStore;
use crate::probe::{ProbeError, Prober};
use crate::queue::Queue;
use crate::sessions::Sessions;
use crate::settings;
use crate::signed;
use crate::switch::Switch;
use crate::telemetry::now_ms;

/// How the preflight is called in logs, in metrics and in the database's own views.
pub const SERVICE: &str = "preflight";
/// Longest check, but for the heartbeat.
const LIMIT: Duration = Duration::from_secs(10);
/// Longest look at the heartbeat, whatever the lease's times are.
const HEARTBEAT_MAX: Duration = Duration::from_secs(30);
/// Lease and role first, then everything else at once; databases are asked twice.
const _: () = {
    let longest = if HEARTBEAT_MAX.as_secs() > 2 * LIMIT.as_secs() { HEARTBEAT_MAX } else { LIMIT };
    assert!(LIMIT.as_secs() + longest.as_secs() <= RUN_LIMIT_S, "a run ends within its limit");
};

/// Every setting a preflight reads.
pub type Settings = (
    settings::Regions,
    settings::Journal,
    (settings::Sessions, settings::Queue, settings::DeadLetters),
    settings::Database,
    settings::Clusters,
    settings::LeaseTimings,
    (settings::Trigger, settings::Endpoints, settings::Announcements),
    settings::Preflight,
);

/// What one process keeps from run to run.
#[derive(Debug)]
pub struct Preflight {
    aws: SdkConfig,
    regions: settings::Regions,
    journal: settings::Journal,
    database: settings::Database,
    clusters: settings::Clusters,
    timings: settings::LeaseTimings,
    trigger: settings::Trigger,
    endpoints: settings::Endpoints,
    announcements: settings::Announcements,
    settings: settings::Preflight,
    leases: LeaseStore,
    sessions: Sessions,
    queue: Queue,
    dead_letters: Queue,
    dead_letter_name: String,
    switch: Switch,
    /// Asks the names that clients use.
    prober: Prober,
    /// Asks services of AWS of which there is no client here.
    caller: signed::Caller,
    /// The containers of this region, where there are any.
    fleet: Option<Fleet>,
}

/// What later checks know from earlier ones.
#[derive(Debug)]
struct Seen {
    /// The lease, if it could be read.
    lease: Option<Lease>,
    /// How the peer's AWS is asked, if its observer role could be assumed.
    peer: Option<SdkConfig>,
}

impl Preflight {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When there is no HTTP client to be had, or nothing that gives credentials.
    pub fn new(aws: &SdkConfig, settings: Settings) -> Result<Self, ProbeError> {
        let (regions, journal, (sessions, queue, dead_letters), database, clusters, timings, public, own) =
            settings;
        let (trigger, endpoints, announcements) = public;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        Ok(Self {
            leases: LeaseStore::new(dynamodb.clone(), &journal.table),
            sessions: Sessions::new(dynamodb, sessions),
            queue: Queue::new(sqs.clone(), queue.name),
            dead_letter_name: dead_letters.name.clone(),
            dead_letters: Queue::new(sqs, dead_letters.name),
            switch: Switch::new(aws_sdk_ssm::Client::new(aws), trigger.switch_parameter.clone()),
            prober: Prober::new(endpoints.resolver)?,
            caller: signed::Caller::new(aws)?,
            fleet: None,
            aws: aws.clone(),
            regions,
            journal,
            database,
            clusters,
            timings,
            trigger,
            endpoints,
            announcements,
            settings: own,
        })
    }

    /// The same where containers run the application.
    #[must_use]
    pub fn with_fleet(mut self, aws: &SdkConfig, fleet: Option<settings::Fleet>) -> Self {
        self.fleet = fleet.map(|fleet| Fleet::new(aws, fleet));
        self
    }

    /// Asks every check, tells what is new, and returns the whole report, which is also one line of the
    /// log. Takes at most [`RUN_LIMIT_S`] and the time of the telling.
    pub async fn run(&self) -> Report {
        let report = Box::pin(self.look()).await;
        announce::log(&report);
        measure::report(&report);
        announce::tell(self, &report).await;
        report
    }

    async fn look(&self) -> Report {
        let at_ms = now_ms();
        let ((first, lease), (second, peer)) = tokio::join!(tables::lease(self), observer::assume(self));
        let seen = Seen { lease, peer };
        let (
            tables,
            endpoints,
            databases,
            queues,
            release,
            clusters,
            buckets,
            automation,
            permissions,
            containers,
        ) = tokio::join!(
            tables::check(self, &seen),
            endpoints::check(self, &seen),
            databases::check(self, &seen),
            queues::check(self),
            release::check(self, &seen),
            clusters::check(self, &seen),
            buckets::check(self, &seen),
            automation::check(self),
            permissions::check(self, &seen),
            fleet::check(self),
        );
        let mut findings = vec![first, second, clusters, buckets, permissions];
        findings.extend(tables);
        findings.extend(endpoints);
        findings.extend(databases);
        findings.extend(queues);
        findings.extend(release);
        findings.extend(automation);
        findings.extend(containers);
        Report::new(self.regions.own.clone(), at_ms, findings)
    }

    /// The account, as the ARN of a role of ours says it.
    fn account(&self) -> &str {
        self.settings.recovery_role.split(':').nth(4).unwrap_or_default()
    }

    fn is_own(&self, region: &Region) -> bool {
        *region == self.regions.own
    }
}
