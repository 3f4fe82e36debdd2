//! Goal: what the shipped templates say of sizes makes services grow with their load and go back after it.
//! Method: finance-west's templates, read as a drill reads them, and minutes by hand: the policies' own numbers, AWS's
//! three minutes to grow and fifteen to shrink.

use drill::fleet::plan::{FleetPlan, Metric, ScalingPlan};
use drill::fleet::scaling::Tracker;
use infra::{Packages, Replay};
use recovery::Deployment;

fn plan() -> FleetPlan {
    let file = include_str!("../../../../deployments/finance-west.toml");
    let deployment = Deployment::parse(file, "finance-west.toml").expect("the deployment we ship is valid");
    let app = infra::app::compose(&deployment, "111122223333", &Packages::stand_ins(), Replay::Included);
    let assembly = app.expect("account and packages are good").synthesise().expect("the tree is sound");
    let home = deployment.regions.home.clone();
    let of_home = assembly.stacks.iter().filter(|stack| stack.environment.region == home.as_str());
    let templates: Vec<_> = of_home.map(|stack| stack.template.to_json()).collect();
    let templates: Vec<_> = templates.iter().collect();
    drill::fleet::read(&home, &templates).expect("all of it is understood").expect("it has containers")
}

fn scaling(plan: &FleetPlan, binary: &str) -> ScalingPlan {
    let service = plan.services.iter().find(|service| service.binary == binary).expect("it is there");
    service.scaling.clone().expect("it is scaled")
}

/// Sizes after each of so many minutes in which the policy's metric, summed over all tasks, is `load`.
fn sizes(tracker: &mut Tracker, from: u32, metric: Metric, load: f64, minutes: usize) -> Vec<u32> {
    let mut size = from;
    let one = |_| {
        let read = |asked| Some(if asked == metric { load / f64::from(size) } else { 1.0 });
        size = tracker.minute(size, read).map_or(size, |change| change.to);
        size
    };
    (0..minutes).map(one).collect()
}

#[test]
fn a_burst_makes_the_service_grow_and_its_tasks_go_when_it_is_over() {
    let scaling = scaling(&plan(), "orders-service");
    let mut tracker = Tracker::new(scaling.clone());
    // Twenty-eight orders a second, as the deployment's burst has it.
    let burst = sizes(&mut tracker, scaling.min, Metric::RequestsPerTarget, 28.0 * 60.0, 10);
    assert_eq!((burst[1], burst[2]), (3, 5), "after three minutes, in proportion: {burst:?}");
    assert_eq!(burst.last(), Some(&5), "1680 requests are 336 for each of five, and 360 are wanted");
    let after = sizes(&mut tracker, 5, Metric::RequestsPerTarget, 3.0 * 60.0, 40);
    let first = after.iter().position(|size| *size < 5).expect("it shrinks");
    assert_eq!(first, 14, "after fifteen minutes: {after:?}");
    assert_eq!(after.last(), Some(&scaling.min), "as small as it may be: {after:?}");
}

#[test]
fn workers_follow_what_waits_and_go_when_nothing_does() {
    let scaling = scaling(&plan(), "orders-worker");
    let mut tracker = Tracker::new(scaling.clone());
    let waiting = sizes(&mut tracker, scaling.min, Metric::BacklogPerTask, 240.0, 6);
    assert_eq!(waiting, [2, 2, 5, 5, 5, 5], "240 orders at fifty a worker");
    let flood = sizes(&mut tracker, 5, Metric::BacklogPerTask, 10_000.0, 4);
    assert_eq!(flood.last(), Some(&scaling.max), "{flood:?}");
    let after = sizes(&mut tracker, scaling.max, Metric::BacklogPerTask, 0.0, 20);
    assert_eq!((after[13], after.last()), (scaling.max, Some(&scaling.min)), "{after:?}");
}

#[test]
fn busy_hours_raise_the_floor_and_leave_it_to_the_policies_to_come_back() {
    let scaling = scaling(&plan(), "orders-service");
    let monday = |hour: u32| scaling.bounds_at(hour * 60);
    assert_eq!((monday(11), monday(12), monday(22)), ((3, 10), (4, 10), (3, 10)));
    let mut tracker = Tracker::new(scaling.clone());
    tracker.bound(monday(12));
    assert_eq!(sizes(&mut tracker, 3, Metric::Cpu, 3.0, 1), [4], "before the load comes");
    tracker.bound(monday(22));
    let after = sizes(&mut tracker, 4, Metric::Cpu, 4.0, 20);
    assert_eq!((after[0], after.last()), (4, Some(&3)), "nobody is ended by the clock: {after:?}");
}
