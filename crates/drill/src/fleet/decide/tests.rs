//! Goal: a service keeps its size and its health through crashes, rollouts, rollbacks and lost zones.
//! Method: views by hand, and a world of tasks that does what is decided.

use super::*;

const RULES: RolloutRules = RolloutRules {
    healthy_percent_min: 100,
    running_percent_max: 200,
    breaker: true,
    rolls_back: true,
    grace: Duration::ZERO,
};

fn task(id: TaskId, revision: u32, zone: u32, health: Health) -> TaskView {
    TaskView { id, revision, zone, stage: Stage::Running, health }
}

fn view(tasks: &[TaskView]) -> ServiceView<'_> {
    ServiceView {
        desired: 3,
        revision: 1,
        rollout_failures: None,
        rules: RULES,
        stop_timeout: Duration::from_secs(30),
        tasks,
        zones: &[0, 1, 2],
        may_start: true,
    }
}

fn well(revision: u32) -> [TaskView; 3] {
    [0, 1, 2].map(|zone| task(zone + 1, revision, zone, Health::Well))
}

#[test]
fn a_new_service_starts_one_task_in_each_zone() {
    assert_eq!(decide(&view(&[])), [Act::Start(0), Act::Start(1), Act::Start(2)]);
    assert_eq!(decide(&ServiceView { may_start: false, ..view(&[]) }), []);
    assert_eq!(decide(&ServiceView { zones: &[], ..view(&[]) }), []);
}

#[test]
fn a_service_that_has_what_it_wants_is_left_alone() {
    assert_eq!(decide(&view(&well(1))), []);
}

#[test]
fn what_ended_is_replaced_in_its_zone() {
    let [first, _, third] = well(1);
    assert_eq!(decide(&view(&[first, third])), [Act::Start(1)]);
}

#[test]
fn an_ill_task_is_drained_and_replaced_at_once_and_ends_step_by_step() {
    let mut tasks = well(1);
    tasks[2].health = Health::Ill;
    assert_eq!(decide(&view(&tasks)), [Act::Drain(3, Why::Ill), Act::Start(2)]);
    let stages = [
        (Stage::Draining(false), None),
        (Stage::Draining(true), Some(Act::Stop(9))),
        (Stage::Stopping(Duration::from_secs(29)), None),
        (Stage::Stopping(Duration::from_secs(30)), Some(Act::Kill(9))),
    ];
    for (stage, act) in stages {
        let mut tasks = well(1).to_vec();
        tasks.push(TaskView { stage, ..task(9, 1, 0, Health::Ill) });
        assert_eq!(decide(&view(&tasks)), act.into_iter().collect::<Vec<_>>(), "{stage:?}");
    }
}

#[test]
fn nothing_is_started_in_a_lost_zone() {
    let [first, second, _] = well(1);
    let view_without = |tasks| ServiceView { zones: &[0, 1], ..view(tasks) };
    assert_eq!(decide(&view_without(&[first, second])), [Act::Start(0)]);
}

fn rolling(tasks: &[TaskView]) -> ServiceView<'_> {
    ServiceView { revision: 2, rollout_failures: Some(0), ..view(tasks) }
}

#[test]
fn a_rollout_never_goes_below_the_healthy_tasks_that_are_promised() {
    let old = well(1);
    assert_eq!(decide(&rolling(&old)), [Act::Start(0), Act::Start(1), Act::Start(2)]);
    let new = [10, 11, 12].map(|id| task(id, 2, id - 10, Health::Unknown));
    let mut tasks = [old, new].concat();
    assert_eq!(decide(&rolling(&tasks)), [], "nothing goes before something has come");
    tasks[3].health = Health::Well;
    assert_eq!(decide(&rolling(&tasks)), [Act::Drain(1, Why::Replaced)]);
    let whole = new.map(|task| TaskView { health: Health::Well, ..task });
    assert_eq!(decide(&rolling(&whole)), [Act::Complete]);
}

fn failing(tasks: &[TaskView], failures: u32) -> ServiceView<'_> {
    ServiceView { rollout_failures: Some(failures), ..rolling(tasks) }
}

#[test]
fn a_rollout_that_fails_is_given_up_and_its_tasks_go_while_the_old_ones_stay() {
    let old = well(1);
    assert!(!decide(&failing(&old, 2)).contains(&Act::GiveUp));
    assert_eq!(decide(&failing(&old, 3)), [Act::GiveUp]);
    // All three at once: none is started in their place.
    let mut new = old.to_vec();
    new.extend([10, 11, 12].map(|id| task(id, 2, 0, Health::Ill)));
    let acts = decide(&failing(&new, 0));
    assert_eq!(acts.iter().filter(|act| matches!(act, Act::Drain(_, Why::Ill))).count(), 3);
    assert_eq!((acts.len(), acts.last()), (4, Some(&Act::GiveUp)));
    let without = RolloutRules { breaker: false, ..RULES };
    let unguarded = ServiceView { rules: without, ..failing(&old, 99) };
    assert!(!decide(&unguarded).contains(&Act::GiveUp));
    // Rolled back: revision 1 is wanted again, and what is left of 2 goes.
    let mut tasks = old.to_vec();
    tasks.push(task(10, 2, 0, Health::Unknown));
    let back = ServiceView { revision: 1, rollout_failures: Some(0), ..view(&tasks) };
    assert_eq!(decide(&back), [Act::Drain(10, Why::Replaced)]);
}

#[test]
fn the_fullest_zone_loses_its_youngest_task_first() {
    let mut tasks = well(1).to_vec();
    tasks.push(task(4, 1, 1, Health::Well));
    assert_eq!(decide(&view(&tasks)), [Act::Drain(4, Why::TooMany)]);
    tasks.push(task(5, 1, 0, Health::Unknown));
    assert_eq!(decide(&view(&tasks)), [Act::Drain(5, Why::TooMany), Act::Drain(4, Why::TooMany)]);
}
