//! Planned moves: the failback that the sentinel starts by itself once the lost region is well again, and the
//! switchover that people ask for. Both are watched under load until they are over; nothing here steers them.

use std::time::Duration;

use recovery::lease::LeaseState;
use recovery::scenario::WorkflowName;
use recovery::verdict::PlannedMove;
use recovery::{Epoch, Region};
use tokio::time::Instant;

use super::Drill;
use super::evidence;
use super::lease_log::LeaseLog;
use super::observer::Execution;
use super::stage::Stage;
use super::watch::{SEEN_WELL, Watch};
use crate::load::DEADLINE;
use crate::report::Event;

/// Between two looks at the workflows and at the fence.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The last planned move out of each region, as far as it has been seen.
pub struct Moves<'a> {
    stage: &'a Stage,
    home: Region,
    away: Region,
    looked: Option<Instant>,
    /// The last execution in home and in the other region.
    executions: [Option<Execution>; 2],
    /// The most refusals that the fence away from home has counted: raising it again begins a new count.
    writes_refused: u64,
}

/// What was seen of them in the end.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// Away from home, as the verdict wants it told; none when nobody asked for it.
    pub away: Option<PlannedMove>,
    /// Home again; none when no failback was started.
    pub home: Option<PlannedMove>,
    /// Writes that the fence away from home had refused before that.
    pub writes_refused: u64,
}

impl<'a> Moves<'a> {
    /// Nothing has been seen yet.
    pub fn new(drill: &Drill<'_>, stage: &'a Stage) -> Self {
        let [home, away] = drill.deployment.pair().map(Region::clone);
        Self { stage, home, away, looked: None, executions: [None, None], writes_refused: 0 }
    }

    /// Whether the system is at home again: a failback has ended well, home owns the lease and settles, and
    /// every checker sees both regions well. Looks at what is slow to ask for once a second.
    pub async fn are_home(&mut self, watch: &Watch<'_>) -> bool {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.looked = Some(Instant::now());
            self.look().await;
        }
        let [_, back] = &self.executions;
        let ended = back.as_ref().is_some_and(|one| matches!(one.ended, Some((_, true))));
        let at_home = watch
            .lease
            .latest()
            .is_some_and(|lease| lease.owner == self.home && lease.state == LeaseState::Serving.as_str());
        ended && at_home && watch.all_healthy()
    }

    async fn look(&mut self) {
        for (seen, region) in self.executions.iter_mut().zip([&self.home, &self.away]) {
            let executions = self.stage.observer.executions(region, WorkflowName::Failback).await;
            *seen = executions.into_iter().next_back();
        }
        if let Some(refused) = evidence::writes_refused(self.stage, &self.away).await {
            self.writes_refused = self.writes_refused.max(refused);
        }
    }

    /// What was seen, for the verdict.
    pub async fn seen(mut self, lease: &LeaseLog, events: &[(u64, Event)]) -> Moved {
        self.look().await;
        let (home, away) = (&self.home, &self.away);
        let [there, back] = &self.executions;
        Moved {
            away: there.as_ref().map(|execution| planned(execution, [home, away], lease, events)),
            home: back.as_ref().map(|execution| planned(execution, [away, home], lease, events)),
            writes_refused: self.writes_refused,
        }
    }
}

fn planned(
    execution: &Execution,
    [from, to]: [&Region; 2],
    lease: &LeaseLog,
    events: &[(u64, Event)],
) -> PlannedMove {
    let began_at_ms = execution.began_at_ms;
    let owners = lease.first_seen();
    let before = owners.iter().filter(|(at_ms, ..)| *at_ms <= began_at_ms).map(|(_, epoch, _)| *epoch);
    let epoch_before = before.max().unwrap_or(Epoch::FIRST);
    let arrived = |(_, epoch, owner): &&(u64, Epoch, Region)| *epoch > epoch_before && owner == to;
    let well = |(at_ms, event): &&(u64, Event)| {
        *at_ms >= began_at_ms && event.event == SEEN_WELL && event.region.as_deref() == Some(to.as_str())
    };
    PlannedMove {
        from: from.clone(),
        to: to.clone(),
        epoch_before,
        began_at_ms,
        ended_at_ms: execution.ended.filter(|(_, well)| *well).map(|(at_ms, _)| at_ms),
        lease_at_ms: owners.iter().filter(arrived).map(|(at_ms, ..)| *at_ms).min(),
        dns_at_ms: events.iter().find(well).map(|(at_ms, _)| *at_ms),
        retries_cover_ms: u64::try_from(DEADLINE.as_millis()).unwrap_or(u64::MAX),
    }
}
