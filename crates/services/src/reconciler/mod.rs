//! The reconciler: walks the journal in both regions and compares it with the databases and the sessions.
//!
//! [`recovery::reconcile`] says what a difference is and what explains it; this reads, in the order that it
//! asks for, tells, and queues orders again where this region settles. A run is bounded; what it did not
//! come to is the next one's. Start reading at [`Reconciler::run`].

mod announce;
mod cursor;
pub(crate) mod minute;
mod sessions;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use recovery::lease::LeaseState;
use recovery::reconcile::{Difference, Report, Surroundings};
use recovery::{Lease, OrderId, Region};
use serde::Serialize;
use tokio::time::{Instant, timeout};

use self::cursor::Cursor;
use self::minute::CompareError;
use crate::aws::cause;
use crate::database::settlement::ledger_end;
use crate::database::{Database, DatabaseError, Target};
use crate::journal::Journal;
use crate::lease_store::LeaseStore;
use crate::queue::Queue;
use crate::queue_again::{queue_again, unsettled};
use crate::settings;
use crate::switch::Switch;
use crate::telemetry::now_ms;

/// How the reconciler is called in logs, in metrics and in the database's own views.
pub const SERVICE: &str = "reconciler";
/// A run that has taken longer begins no further minute.
const WALK_LIMIT: Duration = Duration::from_secs(60);
/// Longest comparison of the sessions.
const SESSIONS_LIMIT: Duration = Duration::from_secs(30);
/// Longest look at a queue.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// Messages that one run sends at most; the next one goes on.
const SENT_MAX: usize = 2000;

/// Every setting a reconciler reads.
pub type Settings = (
    settings::Regions,
    settings::Journal,
    settings::Sessions,
    settings::Queue,
    settings::Database,
    settings::Switch,
    settings::Announcements,
);

/// What one process keeps from run to run.
#[derive(Debug)]
pub struct Reconciler {
    regions: settings::Regions,
    leases: LeaseStore,
    journal: Journal,
    queue: Queue,
    peer_queue: Queue,
    /// As writer and as replica, of this region and of the peer.
    own: [Database; 2],
    peer: [Database; 2],
    sessions: sessions::Tables,
    switch: Switch,
    cursors: cursor::Store,
    announcer: announce::Announcer,
}

/// What one run found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// What was found.
    pub report: Report,
    /// Minutes of the journal that were compared with the writer's database.
    pub minutes: u64,
    /// Orders in them, in the journal or in the database.
    pub orders: u64,
    /// Sessions that were compared.
    pub sessions: u64,
    /// Orders that were queued again.
    pub repaired: u64,
    /// Milliseconds since the Unix epoch; ids made before were all compared. Absent before the first comparison.
    pub through_ms: Option<u64>,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
}

impl Run {
    /// The journal is compared all the same.
    fn without_replica(&mut self, error: &DatabaseError) {
        self.not_compared.push(format!("region against region: {}", cause(error)));
    }
}

/// Whose databases are compared.
struct Sides<'a> {
    writer: &'a Database,
    replica: &'a Database,
    /// Whether this region settles, and so may repair.
    settles: bool,
}

impl Reconciler {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When the database's name or authorities cannot be used.
    pub fn new(aws: &SdkConfig, settings: Settings) -> Result<Self, DatabaseError> {
        let (regions, journal, sessions, queue, database, switch, announcements) = settings;
        let at_peer = aws_config::Region::new(regions.peer.to_string());
        let at_peer = aws.clone().into_builder().region(at_peer).build();
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let at = |target| Database::new(aws.clone(), target);
        Ok(Self {
            leases: LeaseStore::new(dynamodb.clone(), &journal.table),
            cursors: cursor::Store::new(dynamodb.clone(), &journal.table, &regions.own),
            own: [
                at(Target::own(&regions, &database, SERVICE))?,
                at(Target::own_reader(&regions, &database, SERVICE))?,
            ],
            peer: [
                at(Target::peer(&regions, &database, SERVICE))?,
                at(Target::peer_reader(&regions, &database, SERVICE))?,
            ],
            sessions: sessions::Tables::new(
                dynamodb.clone(),
                aws_sdk_dynamodb::Client::new(&at_peer),
                sessions.table,
            ),
            journal: Journal::new(dynamodb, journal, regions.own.clone()),
            peer_queue: Queue::new(aws_sdk_sqs::Client::new(&at_peer), queue.name.clone()),
            queue: Queue::new(aws_sdk_sqs::Client::new(aws), queue.name),
            switch: Switch::new(aws_sdk_ssm::Client::new(aws), switch.parameter),
            announcer: announce::Announcer::new(aws, announcements.event_bus, regions.own.clone()),
            regions,
        })
    }

    /// Compares, repairs where this region settles, tells, and returns what was found, which is also one
    /// line of the log.
    pub async fn run(&self) -> Run {
        let mut cursor = match self.cursors.read().await {
            Ok(cursor) => cursor,
            Err(error) => {
                let why = format!("everything: the cursor cannot be read: {}", cause(&error));
                let run = Run { not_compared: vec![why], ..Run::default() };
                self.announcer.log(&run);
                return run;
            }
        };
        let mut run = Run::default();
        if let Err(why) = self.orders(&mut cursor, &mut run).await {
            run.not_compared.push(format!("orders: {why}"));
        }
        self.compare_sessions(&mut cursor, &mut run).await;
        run.through_ms = cursor.through_ms;
        self.announcer.log(&run);
        announce::measure(&run, now_ms());
        self.announcer.tell(&run, &mut cursor).await;
        if let Err(error) = self.cursors.write(&cursor).await {
            tracing::info!(cause = cause(&error), "the next run begins where this one did");
        }
        run
    }

    /// Walks the minutes that are due, and repairs what can be.
    async fn orders(&self, cursor: &mut Cursor, run: &mut Run) -> Result<(), String> {
        let lease = self.leases.read().await.map_err(|error| cause(&error))?;
        let sides = self.sides(lease.as_ref())?;
        let seen = Surroundings { now_ms: now_ms(), queued: self.queued().await };
        // A replica's end before its rows, and these before the writer's.
        let mut replica = match sides.replica.ask(async |client| ledger_end(client).await).await {
            Ok(end) => Some((sides.replica, end.map(|end| end.settled_at_ms))),
            Err(error) => {
                run.without_replica(&error);
                None
            }
        };
        let begun = Instant::now();
        let mut found: Vec<Difference> = Vec::new();
        let mut walk = cursor.walk(seen.now_ms);
        while let Some(minute_ms) = walk.next(begun.elapsed() < WALK_LIMIT) {
            let compare = |replica| minute::compare(&self.journal, sides.writer, replica, minute_ms, &seen);
            let mut compared = compare(replica).await;
            if let Err(CompareError::Replica(error)) = &compared {
                run.without_replica(error);
                replica = None;
                compared = compare(None).await;
            }
            match compared {
                Ok(compared) => {
                    run.minutes += 1;
                    run.orders += compared.orders;
                    walk.compared(minute_ms, !compared.differences.is_empty());
                    found.extend(compared.differences);
                }
                Err(error) => {
                    walk.end(cursor);
                    run.report = Report::of(&found);
                    return Err(cause(&error));
                }
            }
        }
        walk.end(cursor);
        let repaired = self.repair(&sides, &mut found).await;
        run.report = Report::of(&found);
        run.repaired = repaired?;
        Ok(())
    }

    fn sides(&self, lease: Option<&Lease>) -> Result<Sides<'_>, String> {
        let lease = lease.ok_or("there is no lease")?;
        if lease.state != LeaseState::Serving {
            return Err(format!("the lease is {}", lease.state.as_str()));
        }
        let settles = lease.owner == self.regions.own;
        let (of_writer, of_replica) = if settles { (&self.own, &self.peer) } else { (&self.peer, &self.own) };
        Ok(Sides { writer: &of_writer[0], replica: &of_replica[1], settles })
    }

    /// What both queues hold; one that does not answer is left out.
    async fn queued(&self) -> BTreeMap<Region, u64> {
        let look = async |queue: &Queue| timeout(LOOK_LIMIT, queue.held()).await.ok()?.ok();
        let (own, peer) = tokio::join!(look(&self.queue), look(&self.peer_queue));
        let counted = [(&self.regions.own, own), (&self.regions.peer, peer)];
        counted.into_iter().filter_map(|(region, held)| Some((region.clone(), held?))).collect()
    }

    /// Takes out what was settled while this looked, and queues the rest again if that is this region's to do.
    async fn repair(&self, sides: &Sides<'_>, found: &mut Vec<Difference>) -> Result<u64, String> {
        let ids: Vec<OrderId> = found.iter().filter_map(|one| one.queue_again).collect();
        let still = unsettled(sides.writer, &ids).await.map_err(|error| cause(&error))?;
        found.retain(|one| one.queue_again.is_none_or(|id| still.contains(&id)));
        if still.is_empty() || !sides.settles || self.switch.is_on().await != Some(true) {
            return Ok(0);
        }
        let sent = queue_again(sides.writer, &self.queue, self.journal.shards(), &still, SENT_MAX).await;
        sent.map(|sent| sent as u64).map_err(|error| cause(&error))
    }

    async fn compare_sessions(&self, cursor: &mut Cursor, run: &mut Run) {
        let mut compared = sessions::Compared::default();
        let walk = self.sessions.compare(&mut cursor.sessions_after, &mut compared);
        let why = match timeout(SESSIONS_LIMIT, walk).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(cause(&error)),
            Err(_) => Some(format!("they took longer than {} s", SESSIONS_LIMIT.as_secs())),
        };
        run.sessions = compared.sessions;
        run.report = std::mem::take(&mut run.report).and(Report::of(&compared.differences));
        run.not_compared.extend(why.map(|why| format!("sessions: {why}")));
    }
}
