//! The course of a scenario: its faults begin and end while the load goes on, until what it expects is so.

use std::time::Duration;

use recovery::lease::LeaseState;
use recovery::scenario::{Expect, FaultKind, LeaseExpected};
use recovery::{Epoch, Region};
use tokio::time::Instant;

use super::fault::{self, Awaited};
use super::schedule::{Edge, Happened, Schedule};
use super::stage::Stage;
use super::struck::Before;
use super::watch::Watch;
use super::{Drill, DrillError, old_writer};
use crate::load::{Clock, LoadHandle};

/// One fault as it was: which, where, from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// What it did.
    pub kind: FaultKind,
    /// To which regions.
    pub regions: Vec<Region>,
    /// When it began, in milliseconds since the Unix epoch.
    pub from_ms: u64,
    /// When it ended, if it did; one that is over at once has no end either.
    pub until_ms: Option<u64>,
    /// How far it put clocks ahead, in milliseconds.
    pub ahead_ms: Option<u64>,
    /// Its number in the scenario.
    pub number: usize,
}

impl Strike {
    /// The clocks that it put ahead: the region's, since when, and by how many milliseconds.
    pub fn clocks_ahead(&self) -> Vec<(Region, u64, u64)> {
        let Some(ahead_ms) = self.ahead_ms else { return Vec::new() };
        self.regions.iter().map(|region| (region.clone(), self.from_ms, ahead_ms)).collect()
    }
}

/// What was done, from the first fault on.
#[derive(Clone, Debug)]
pub struct Course {
    /// How things stood before.
    pub before: Before,
    /// Every fault, each time it struck.
    pub strikes: Vec<Strike>,
}

impl Course {
    /// Whether times count from a fault that strikes now: the first one, or the first that takes a region away.
    fn counts_from(&self, kind: FaultKind) -> bool {
        let loses = |strike: &Strike| strike.kind.loses_the_region();
        self.strikes.is_empty() || (kind.loses_the_region() && !self.strikes.iter().any(loses))
    }

    /// When the last fault ended; none when one stayed, or none was there to end.
    pub fn ended_at_ms(&self) -> Option<u64> {
        let lasting = || self.strikes.iter().filter(|strike| !strike.kind.is_momentary());
        if lasting().any(|strike| strike.until_ms.is_none()) {
            return None;
        }
        lasting().filter_map(|strike| strike.until_ms).max()
    }
}

/// What a course works with.
pub struct Part<'a, 'w> {
    /// The drill.
    pub drill: &'a Drill<'a>,
    /// Where it happens.
    pub stage: &'a Stage,
    /// Looks on.
    pub watch: &'a mut Watch<'w>,
    /// The clock of the history.
    pub clock: Clock,
    /// The load.
    pub load: &'a mut LoadHandle,
}

/// Runs the faults of the scenario, and its burst, until all of it is over or its limit has passed.
///
/// # Errors
/// When a fault cannot be begun or ended.
pub async fn run(mut part: Part<'_, '_>) -> Result<Course, DrillError> {
    let scenario = &part.drill.scenario;
    let expect = scenario.expected();
    let mut schedule = Schedule::new(&scenario.faults);
    let mut awaited = Awaited::default();
    let mut course = Course { before: part.before(), strikes: Vec::new() };
    let (began, limit) = (Instant::now(), Duration::from_secs(scenario.load.limit_s));
    part.burst(&mut awaited);
    while began.elapsed() < limit {
        let recovered = part.has_recovered(&course.before, &expect, &schedule);
        let steps = part.stage.steps.begun()?;
        let happened = Happened { elapsed: began.elapsed(), recovered, steps: &steps };
        for edge in schedule.due(&happened) {
            part.at(edge, &mut course, &mut awaited).await?;
        }
        if schedule.is_over() && recovered && awaited.is_over(part.stage) {
            break;
        }
        part.watch.look(part.load).await;
    }
    if expect.writes_refused == Some(true) {
        part.old_writer(&course.before).await?;
    }
    Ok(course)
}

impl Part<'_, '_> {
    /// How things stand now. A scenario that has a fault during a step counts from here, too.
    fn before(&self) -> Before {
        let [home, standby] = self.drill.deployment.pair();
        let serving = self.watch.lease.latest().filter(|lease| lease.state == LeaseState::Serving.as_str());
        let (owner, epoch) =
            serving.map_or((home.clone(), Epoch::FIRST), |lease| (lease.owner.clone(), lease.epoch));
        let other = if owner == *home { standby.clone() } else { home.clone() };
        Before { at_ms: self.clock.now_ms(), owner, other, epoch }
    }

    fn burst(&mut self, awaited: &mut Awaited) {
        let Some(burst) = self.drill.scenario.burst else { return };
        let rate = self.drill.settings.orders_per_second;
        let lasts = Duration::from_secs(burst.for_s);
        self.load.burst(rate * f64::from(burst.times - 1), lasts);
        awaited.until = Some(Instant::now() + lasts);
        let all = rate * f64::from(burst.times);
        let said = format!("{all} orders/s instead of {rate} for {} s", burst.for_s);
        let before = self.before();
        self.watch.fault(before.at_ms, Some(&before.owner), "burst", &said);
    }

    /// Whether orders are settled and DNS leads to where they are: elsewhere when the lease has to leave or
    /// has left; and where it has not, when no fault lasts and every checker sees both regions well. A
    /// fault that stays there stays.
    fn has_recovered(&self, before: &Before, expect: &Expect, schedule: &Schedule) -> bool {
        // A client that follows DNS hears of the move one TTL after DNS does, and retries a little later.
        let heard = Duration::from_secs(self.drill.deployment.domain.record_ttl_s + 3);
        let latest = self.watch.lease.latest();
        let moved = latest.is_some_and(|lease| lease.epoch > before.epoch);
        if moved || expect.lease == Some(LeaseExpected::Moves) {
            return self.watch.has_recovered(&before.other, heard);
        }
        schedule.is_over() && (schedule.lasts() || self.watch.all_healthy())
    }

    /// Whether the fence would hold is seen only when somebody tries.
    async fn old_writer(&mut self, before: &Before) -> Result<(), DrillError> {
        let latest = self.watch.lease.latest().filter(|lease| lease.epoch > before.epoch).cloned();
        let Some(lease) = latest else { return Ok(()) };
        let at_ms = self.clock.now_ms();
        let said = old_writer::write(self.stage, &lease.owner, before.epoch, at_ms).await?;
        self.watch.happened(at_ms, Some(&lease.owner), "old writer", said);
        Ok(())
    }

    async fn at(&mut self, edge: Edge, course: &mut Course, awaited: &mut Awaited) -> Result<(), DrillError> {
        let (Edge::Begin(number) | Edge::End(number)) = edge;
        let fault = &self.drill.scenario.faults[number];
        let regions = fault::regions(self.drill, fault.region);
        let region = (regions.len() == 1).then(|| regions[0].clone());
        let at_ms = self.clock.now_ms();
        match edge {
            Edge::Begin(_) => {
                let before = self.before();
                let said = fault::begin(self.drill, self.stage, fault, awaited).await?;
                if let Some(step) = fault.during {
                    self.stage.steps.let_go(&self.stage.emulator, step)?;
                }
                if course.counts_from(fault.kind) {
                    course.before = Before { at_ms, ..before };
                    self.watch.fault(at_ms, region.as_ref(), "fault", &said);
                } else {
                    self.watch.happened(at_ms, region.as_ref(), "fault", said);
                }
                let kind = fault.kind;
                let ahead_ms = fault.ahead_s.map(|ahead_s| ahead_s.saturating_mul(1000));
                course.strikes.push(Strike {
                    kind,
                    regions,
                    from_ms: at_ms,
                    until_ms: None,
                    ahead_ms,
                    number,
                });
            }
            Edge::End(_) => {
                let said = fault::end(self.drill, self.stage, fault).await?;
                self.watch.happened(at_ms, region.as_ref(), "fault over", said);
                let last = course.strikes.iter_mut().rev().find(|strike| strike.number == number);
                if let Some(strike) = last {
                    strike.until_ms = Some(at_ms);
                }
            }
        }
        Ok(())
    }
}
