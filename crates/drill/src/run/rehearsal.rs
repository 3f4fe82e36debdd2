//! The rehearsal itself: load, what happens, recovery, load again.

use std::time::Duration;

use recovery::Region;
use recovery::history::Operation;
use recovery::scenario::{LeaseExpected, WorkflowName};
use tokio::time::Instant;

use super::course::{self, Course, Part};
use super::lease_log::LeaseLog;
use super::observer::WorkflowEvent;
use super::stage::Stage;
use super::struck::Struck;
use super::watch::Watch;
use super::{Drill, DrillError, steps};
use crate::fleet::{Fleet, ServiceReport};
use crate::load::{Clock, Load, LoadCounts, LoadHandle, LoadOptions, RegionHost};
use crate::report::Event;

const READY_LIMIT: Duration = Duration::from_secs(120);
const DRAIN: Duration = Duration::from_secs(15);
/// What events of the workflows are called in the timeline.
pub const WORKFLOW: &str = "workflow";
pub const FAILBACK: &str = "failback";
/// Sessions that the load works on.
const SESSIONS: u32 = 20;

/// What a rehearsal leaves behind beside the databases.
pub struct Rehearsed {
    /// Every operation of every client.
    pub history: Vec<Operation>,
    /// What was done to the system.
    pub struck: Struck,
    /// Every fault, from when until when.
    pub course: Course,
    /// Every owner the lease had.
    pub lease: LeaseLog,
    /// What happened, with milliseconds since the Unix epoch.
    pub events: Vec<(u64, Event)>,
    /// Whether every checker saw both regions well when the fault struck.
    pub well_before: bool,
    /// What the load counted beside the history.
    pub counts: LoadCounts,
    /// Every service of the containers, as it was when the load ended.
    pub services: Vec<ServiceReport>,
    /// The history's clock.
    pub clock: Clock,
    /// How far the system's clock, which the databases use, moved away from the history's.
    pub drift: Duration,
}

impl Rehearsed {
    /// The region that settles orders in the end: the last owner of the lease.
    pub fn settles(&self) -> &Region {
        self.lease.latest().map_or_else(|| self.struck.settles(), |lease| &lease.owner)
    }

    /// Whether the system is at home again.
    pub fn is_at_home(&self) -> bool {
        self.course.moved.home.as_ref().is_some_and(|planned| planned.to == *self.settles())
    }
}

/// Runs the scenario on a stage that is set.
pub async fn rehearse(drill: &Drill<'_>, stage: &Stage) -> Result<Rehearsed, DrillError> {
    let phases = drill.scenario.load;
    let clock = Clock::start();
    let mut watch = Watch::new(stage, drill.progress, clock);
    drill.progress.phase("waiting for the first lease, then for orders to be settled and replicated");
    await_lease(stage).await?;
    let mut load = Load::start(load_options(drill, stage, clock));
    settle_down(stage, &mut watch, &load).await?;
    stage.fleets.0.iter().for_each(Fleet::observe);
    let rate = drill.settings.orders_per_second;
    drill.progress.phase(&format!("steady load, {rate} orders/s for {} s", phases.steady_s));
    look_until(&mut watch, &load, Duration::from_secs(phases.steady_s), |_| false).await;
    let well_before = watch.all_healthy();
    let part = Part { drill, stage, watch: &mut watch, clock, load: &mut load };
    let course = course::run(part).await?;
    drill.progress.phase(&format!("load goes on for {} s", phases.after_recovery_s));
    look_until(&mut watch, &load, Duration::from_secs(phases.after_recovery_s), |_| false).await;
    drill.progress.phase("letting operations in flight end");
    let services = stage.fleets.0.iter().flat_map(Fleet::services).collect();
    let (history, counts) = load.stop(DRAIN).await;
    let struck = struck(drill, &course, &watch.lease);
    let mut events = watch.events;
    for WorkflowEvent { at_ms, region, workflow, what } in stage.observer.workflow_events().await {
        let at_s = super::watch::seconds_between(struck.at_ms(), at_ms);
        let region = Some(region.to_string());
        let event = match workflow {
            WorkflowName::Failover => WORKFLOW,
            WorkflowName::Failback => FAILBACK,
        };
        events.push((at_ms, Event { at_s, region, event: event.to_owned(), detail: what }));
    }
    for (at_ms, region, detail) in steps::deaths(&stage.steps.events()?) {
        let at_s = super::watch::seconds_between(struck.at_ms(), at_ms);
        events.push((at_ms, Event { at_s, region: Some(region), event: "step killed".to_owned(), detail }));
    }
    for (at_ms, region, detail) in steps::deaths(&stage.steps.events()?) {
        let at_s = super::watch::seconds_between(struck.at_ms(), at_ms);
        events.push((at_ms, Event { at_s, region: Some(region), event: "step killed".to_owned(), detail }));
    }
    let drift = clock.drift();
    let lease = watch.lease;
    Ok(Rehearsed { history, struck, course, lease, events, well_before, counts, services, clock, drift })
}

/// Whether the lease had to leave its owner is the scenario's; where it may, what was seen decides.
fn struck(drill: &Drill<'_>, course: &Course, lease: &LeaseLog) -> Struck {
    let before = &course.before;
    let moved = lease.owners().iter().any(|(epoch, _)| *epoch > before.epoch);
    let expect = drill.scenario.expected();
    let leaves = match expect.lease {
        Some(LeaseExpected::Moves) => true,
        Some(LeaseExpected::Stays) => false,
        Some(LeaseExpected::MayMove) | None => moved,
    };
    Struck::of(before, leaves, &expect)
}

fn load_options(drill: &Drill<'_>, stage: &Stage, clock: Clock) -> LoadOptions {
    let regions = stage.topology.regions.clone();
    LoadOptions {
        seed: drill.settings.seed,
        orders_per_second: drill.settings.orders_per_second,
        sessions_per_second: drill.deployment.load.sessions_per_second as f64,
        sessions: SESSIONS,
        dns: stage.dns.address(),
        dns_cache: drill.scenario.clients.dns_cache_s.map(Duration::from_secs),
        public_host: drill.deployment.names().public_host(),
        regions: regions.map(|at| RegionHost { region: at.region, host: at.host, address: at.address }),
        edge_port: stage.topology.ports.edge,
        clock,
    }
}

async fn await_lease(stage: &Stage) -> Result<(), DrillError> {
    let limit = Instant::now() + READY_LIMIT;
    while stage.observer.lease().await.is_none() {
        if Instant::now() > limit {
            return Err(DrillError::NotReady { what: "no lease was created", limit: READY_LIMIT });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Waits until orders are settled, both regions' endpoints are healthy to every checker, and
/// the standby's database follows.
async fn settle_down(stage: &Stage, watch: &mut Watch<'_>, load: &LoadHandle) -> Result<(), DrillError> {
    let limit = Instant::now() + READY_LIMIT;
    let standby = &stage.topology.regions[1].region;
    loop {
        watch.look(load).await;
        let follows = settled_rows(stage, standby).await > 0;
        if follows && watch.all_healthy() && watch.fleets_are_steady() {
            return Ok(());
        }
        if Instant::now() > limit {
            let what = match (follows, watch.all_healthy()) {
                (false, _) => "no order was settled and replicated",
                (true, false) => "an endpoint is not healthy",
                (true, true) => "a service has not the tasks it wants",
            };
            return Err(DrillError::NotReady { what, limit: READY_LIMIT });
        }
    }
}

/// Orders settled in a region's database; 0 when it cannot say.
async fn settled_rows(stage: &Stage, region: &Region) -> i64 {
    let count = async {
        let connect = stage.aurora.connect_string(region).ok()?;
        let (client, connection) = tokio_postgres::connect(&connect, tokio_postgres::NoTls).await.ok()?;
        let connection = tokio::spawn(connection);
        let row = client.query_one("SELECT count(*) FROM orders", &[]).await;
        connection.abort();
        row.ok()?.try_get(0).ok()
    };
    count.await.unwrap_or(0)
}

async fn look_until(
    watch: &mut Watch<'_>,
    load: &LoadHandle,
    limit: Duration,
    done: impl Fn(&Watch<'_>) -> bool,
) {
    let end = Instant::now() + limit;
    while Instant::now() < end && !done(watch) {
        watch.look(load).await;
    }
}
