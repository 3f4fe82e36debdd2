//! What to do about one service: pure, from what is known of its tasks.

use std::time::Duration;

use super::plan::RolloutRules;

/// Names one task of a service; grows with every start.
pub type TaskId = u32;

/// What is known of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Its number.
    pub id: TaskId,
    /// The revision it runs.
    pub revision: u32,
    /// The zone it runs in, from 0.
    pub zone: u32,
    /// Where it is in its life.
    pub stage: Stage,
    /// What its checks say.
    pub health: Health,
}

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It should run.
    Running,
    /// Deregistered; true once it has answered all it had.
    Draining(bool),
    /// Told to end, for so long.
    Stopping(Duration),
}

/// What the checks of a task say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing yet.
    Unknown,
    /// It is well.
    Well,
    /// It is not, and has had its time to become it.
    Ill,
}

/// What is known of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceView<'t> {
    /// Tasks that are wanted.
    pub desired: u32,
    /// The revision that is wanted.
    pub revision: u32,
    /// Tasks of that revision that failed while it is being rolled out; none when it is in place.
    pub rollout_failures: Option<u32>,
    /// How one revision replaces another.
    pub rules: RolloutRules,
    /// From the request to end until it is enforced.
    pub stop_timeout: Duration,
    /// Every task that has not ended.
    pub tasks: &'t [TaskView],
    /// Zones in which tasks may be started.
    pub zones: &'t [u32],
    /// Whether a task may be started now; not while it waits after repeated failures.
    pub may_start: bool,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Start a task of the wanted revision in this zone.
    Start(u32),
    /// Take a task out of service.
    Drain(TaskId, Why),
    /// Ask a task to end.
    Stop(TaskId),
    /// End a task.
    Kill(TaskId),
    /// Too many tasks of the new revision failed.
    GiveUp,
    /// The new revision is in place.
    Complete,
}

/// Why a task is taken out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its checks fail.
    Ill,
    /// It runs another revision than the wanted one.
    Replaced,
    /// There are more than are wanted.
    TooMany,
}

/// What to do now, in this order.
#[must_use]
pub fn decide(view: &ServiceView<'_>) -> Vec<Act> {
    let mut acts: Vec<Act> = view.tasks.iter().filter_map(|task| ending(view, task)).collect();
    // Those that go now for their checks have failed, too.
    let ill = |task: &&TaskView| {
        task.stage == Stage::Running && task.health == Health::Ill && task.revision == view.revision
    };
    let ill = u32::try_from(view.tasks.iter().filter(ill).count()).unwrap_or(u32::MAX);
    if let Some(failures) = view.rollout_failures
        && view.rules.breaker
        && failures.saturating_add(ill) >= view.rules.failures_max(view.desired)
    {
        acts.push(Act::GiveUp);
        return acts;
    }
    let running: Vec<&TaskView> =
        view.tasks.iter().filter(|task| task.stage == Stage::Running && task.health != Health::Ill).collect();
    let (wanted, old): (Vec<&TaskView>, Vec<&TaskView>) =
        running.into_iter().partition(|task| task.revision == view.revision);
    acts.extend(starts(view, &wanted, &old));
    acts.extend(replaced(view, &wanted, &old));
    acts.extend(too_many(view, &wanted));
    let well = wanted.iter().filter(|task| task.health == Health::Well).count();
    if view.rollout_failures.is_some() && old.is_empty() && well >= count(view.desired) {
        acts.push(Act::Complete);
    }
    acts
}

fn count(tasks: u32) -> usize {
    usize::try_from(tasks).unwrap_or(usize::MAX)
}

/// The next step of a task that is on its way out, or that has to go.
fn ending(view: &ServiceView<'_>, task: &TaskView) -> Option<Act> {
    match task.stage {
        Stage::Running if task.health == Health::Ill => Some(Act::Drain(task.id, Why::Ill)),
        Stage::Draining(true) => Some(Act::Stop(task.id)),
        Stage::Stopping(since) if since >= view.stop_timeout => Some(Act::Kill(task.id)),
        _ => None,
    }
}

/// As many as are missing and as the upper bound allows, each in the zone with the fewest.
fn starts(view: &ServiceView<'_>, wanted: &[&TaskView], old: &[&TaskView]) -> Vec<Act> {
    if !view.may_start || view.zones.is_empty() {
        return Vec::new();
    }
    let missing = count(view.desired).saturating_sub(wanted.len());
    // With nothing to replace, a service grows to what is desired whatever the bound says.
    let bound = count(view.rules.running_max(view.desired)).max(count(view.desired));
    let room = bound.saturating_sub(wanted.len() + old.len());
    let mut zones: Vec<(usize, u32)> = view
        .zones
        .iter()
        .map(|zone| (wanted.iter().filter(|task| task.zone == *zone).count(), *zone))
        .collect();
    (0..missing.min(room))
        .filter_map(|_| {
            let (tasks, zone) = zones.iter_mut().min()?;
            *tasks += 1;
            Some(Act::Start(*zone))
        })
        .collect()
}

/// Old ones go as new ones come: never below the lower bound of healthy tasks.
fn replaced(view: &ServiceView<'_>, wanted: &[&TaskView], old: &[&TaskView]) -> Vec<Act> {
    let well = |tasks: &[&TaskView]| tasks.iter().filter(|task| task.health == Health::Well).count();
    let spare = (well(wanted) + well(old)).saturating_sub(count(view.rules.healthy_min(view.desired)));
    let (healthy, others): (Vec<&TaskView>, Vec<&TaskView>) =
        old.iter().partition(|task| task.health == Health::Well);
    let leave = others.into_iter().chain(healthy.into_iter().take(spare));
    leave.map(|task| Act::Drain(task.id, Why::Replaced)).collect()
}

/// Those that are not well first, then from the fullest zone, the youngest first.
fn too_many(view: &ServiceView<'_>, wanted: &[&TaskView]) -> Vec<Act> {
    let mut left: Vec<&TaskView> = wanted.to_vec();
    let mut acts = Vec::new();
    while left.len() > count(view.desired) {
        let in_zone = |zone: u32| left.iter().filter(|task| task.zone == zone).count();
        let Some(position) = (0..left.len())
            .max_by_key(|at| (left[*at].health != Health::Well, in_zone(left[*at].zone), left[*at].id))
        else {
            break;
        };
        acts.push(Act::Drain(left.remove(position).id, Why::TooMany));
    }
    acts
}

#[cfg(test)]
mod tests;
