//! One service: its tasks and the revision they run, looked at and acted upon a few times a second.
//! What is done to it from outside is in [`outside`].

mod outside;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use recovery::Region;
use tokio::time::Instant;

use super::FleetEvent;
use super::decide::{Act, Health, ServiceView, Stage, TaskView, Why, decide};
use super::launcher::{Launched, Launcher, Revision};
use super::plan::{RolloutRules, ServicePlan};
use super::task::Task;
use crate::gateway::Balancer;

/// First pause after a task that ended before it was ever well; doubled by each further one.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// What is counted of a service.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) started: u32,
    pub(super) restarts: u32,
    pub(super) rollouts: u32,
    pub(super) rollbacks: u32,
    pub(super) failed: u32,
    pub(super) well_min: Option<u32>,
    pub(super) desired_max: u32,
}

/// A revision on its way in.
struct Rollout {
    before: Revision,
    failures: u32,
    /// Whether it is the way back to a revision that was in place before.
    back: bool,
}

pub(super) struct Service {
    pub(super) plan: ServicePlan,
    pub(super) desired: u32,
    pub(super) counts: Counts,
    /// Files that its tasks, living and dead, log to.
    pub(super) logs: Vec<PathBuf>,
    launcher: Arc<Launcher>,
    balancer: Option<Balancer>,
    revision: Revision,
    revisions: u32,
    rollout: Option<Rollout>,
    given_up: bool,
    tasks: Vec<Task>,
    lost_zones: Vec<u32>,
    /// Tasks that ended early, in a row, and until when the next one waits.
    failed_in_a_row: u32,
    not_before: Option<Instant>,
}

impl Service {
    pub(super) fn new(plan: ServicePlan, launcher: Arc<Launcher>, balancer: Option<Balancer>) -> Self {
        Self {
            desired: plan.desired,
            counts: Counts { desired_max: plan.desired, ..Counts::default() },
            logs: Vec::new(),
            launcher,
            balancer,
            revision: Revision { number: 1, defect: None },
            revisions: 1,
            rollout: None,
            given_up: false,
            tasks: Vec::new(),
            lost_zones: Vec::new(),
            failed_in_a_row: 0,
            not_before: None,
            plan,
        }
    }

    /// By its whole name, or by the name of its program.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.plan.name == name || self.plan.binary == name
    }

    pub(super) fn is_steady(&self) -> bool {
        let views = self.views();
        let well = |task: &TaskView| {
            task.stage == Stage::Running
                && task.health == Health::Well
                && task.revision == self.revision.number
        };
        self.rollout.is_none() && views.len() == self.wanted() && views.iter().all(well)
    }

    fn wanted(&self) -> usize {
        usize::try_from(self.desired).unwrap_or(usize::MAX)
    }

    pub(super) fn views(&self) -> Vec<TaskView> {
        self.tasks.iter().map(|task| task.view(self.plan.rollout.grace)).collect()
    }

    /// Tasks that run and are not on their way out, and how many of these are well.
    pub(super) fn running_and_well(&self) -> (u32, u32) {
        let views = self.views();
        let running = views.iter().filter(|task| task.stage == Stage::Running);
        let well = running.clone().filter(|task| task.health == Health::Well).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(running.count()), number(well))
    }

    pub(super) fn region(&self) -> &Region {
        self.launcher.region()
    }

    /// What it wants and how far it is, in the words of the ECS API.
    pub(super) fn rollout_state(&self) -> &'static str {
        match (&self.rollout, self.given_up) {
            (Some(_), _) => "IN_PROGRESS",
            (None, true) => "FAILED",
            (None, false) => "COMPLETED",
        }
    }

    pub(super) fn revision_number(&self) -> u32 {
        self.revision.number
    }

    /// Tasks of the revision on its way in that failed.
    pub(super) fn failed_tasks(&self) -> u32 {
        self.rollout.as_ref().map_or(0, |rollout| rollout.failures)
    }

    /// Sets its size.
    pub(super) fn resize(&mut self, desired: u32) {
        self.desired = desired;
        self.counts.desired_max = self.counts.desired_max.max(desired);
    }

    /// Looks at every task and does what is to be done.
    pub(super) fn look(&mut self, observed: bool, events: &mut Vec<FleetEvent>) {
        let region = self.launcher.region().clone();
        let mut note = |event: &'static str, detail: String| {
            events.push(FleetEvent { at: Instant::now(), region: region.clone(), event, detail });
        };
        self.bury(&mut note);
        let views = self.views();
        if observed {
            let (_, well) = self.running_and_well();
            self.counts.well_min = Some(self.counts.well_min.map_or(well, |least| least.min(well)));
        }
        if views.iter().any(|task| task.health == Health::Well && task.revision == self.revision.number) {
            self.failed_in_a_row = 0;
        }
        let zones: Vec<u32> = (0..self.plan.zones).filter(|zone| !self.lost_zones.contains(zone)).collect();
        let failures = self.rollout.as_ref().map(|rollout| rollout.failures);
        // The way back is not given up again.
        let back = self.rollout.as_ref().is_some_and(|rollout| rollout.back);
        let rules = RolloutRules { breaker: self.plan.rollout.breaker && !back, ..self.plan.rollout };
        let view = ServiceView {
            desired: self.desired,
            revision: self.revision.number,
            rollout_failures: failures,
            rules,
            stop_timeout: self.plan.stop_timeout,
            tasks: &views,
            zones: &zones,
            may_start: !self.given_up && self.not_before.is_none_or(|at| Instant::now() >= at),
        };
        for act in decide(&view) {
            self.act(act, &mut note);
        }
    }

    /// Takes tasks that have ended off the list.
    fn bury(&mut self, note: &mut impl FnMut(&'static str, String)) {
        let mut at = 0;
        while at < self.tasks.len() {
            let Some(end) = self.tasks[at].ended() else {
                at += 1;
                continue;
            };
            let task = self.tasks.remove(at);
            if task.is_leaving() {
                continue;
            }
            note("task ended", format!("{} task {}: {end}", self.plan.name, task.id));
            self.counts.restarts += 1;
            self.failed(&task);
        }
    }

    /// A task failed: that counts against its revision, and against its successor's start.
    fn failed(&mut self, task: &Task) {
        self.counts.failed += 1;
        if let Some(rollout) = &mut self.rollout
            && task.revision.number == self.revision.number
        {
            rollout.failures += 1;
        }
        let pause = PAUSE * 2_u32.saturating_pow(self.failed_in_a_row.min(10));
        self.not_before = (self.failed_in_a_row > 0).then(|| Instant::now() + pause.min(PAUSE_MAX));
        self.failed_in_a_row += 1;
    }

    fn act(&mut self, act: Act, note: &mut impl FnMut(&'static str, String)) {
        match act {
            Act::Start(zone) => self.start(zone, note),
            Act::Drain(id, why) => self.drain(id, why, note),
            Act::Stop(id) => self.change(id, Task::stop),
            Act::Kill(id) => self.change(id, Task::kill),
            Act::GiveUp => self.give_up(note),
            Act::Complete => {
                let back = self.rollout.take().is_some_and(|rollout| rollout.back);
                let event = if back { "rolled back" } else { "rolled out" };
                note(event, format!("{} runs revision {}", self.plan.name, self.revision.number));
            }
        }
    }

    fn change(&mut self, id: u32, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.tasks.iter_mut().find(|task| task.id == id) {
            change(task);
        }
    }

    fn start(&mut self, zone: u32, note: &mut impl FnMut(&'static str, String)) {
        self.counts.started += 1;
        let (id, revision) = (self.counts.started, self.revision);
        let launched = match self.launcher.launch(&self.plan, revision, zone, id) {
            Ok(launched) => launched,
            Err(error) => {
                note("task not started", format!("{}: {error}", self.plan.name));
                self.not_before = Some(Instant::now() + PAUSE_MAX);
                return;
            }
        };
        let Launched { address, ref log, .. } = launched;
        self.logs.push(log.clone());
        let number = revision.number;
        let what = format!("{} task {id}, revision {number}, zone {}, {address}", self.plan.name, zone + 1);
        note("task started", what);
        let balancer = self.balancer.as_ref();
        self.tasks.push(Task::new(id, revision, zone, launched, &self.plan, &self.launcher, balancer));
    }

    fn drain(&mut self, id: u32, why: Why, note: &mut impl FnMut(&'static str, String)) {
        let Some(at) = self.tasks.iter().position(|task| task.id == id) else { return };
        self.tasks[at].drain();
        let because = match why {
            Why::Ill => "its checks fail",
            Why::Replaced => "another revision is wanted",
            Why::TooMany => "fewer are wanted",
        };
        note("task drained", format!("{} task {id}: {because}", self.plan.name));
        if why == Why::Ill {
            self.counts.restarts += 1;
            let task = self.tasks.remove(at);
            self.failed(&task);
            self.tasks.insert(at, task);
        }
    }

    fn give_up(&mut self, note: &mut impl FnMut(&'static str, String)) {
        let Some(rollout) = self.rollout.take() else { return };
        let (bad, failures) = (self.revision.number, rollout.failures);
        let what = format!("{}: {failures} tasks of revision {bad} failed", self.plan.name);
        if self.plan.rollout.rolls_back {
            let back_to = rollout.before.number;
            note("rollout given up", format!("{what}; back to revision {back_to}"));
            self.counts.rollbacks += 1;
            self.revision = rollout.before;
            self.rollout = Some(Rollout { before: rollout.before, failures: 0, back: true });
            (self.failed_in_a_row, self.not_before) = (0, None);
        } else {
            note("rollout given up", what);
            self.given_up = true;
        }
    }
}
