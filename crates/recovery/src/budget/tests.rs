//! Goal: the worst cases are the sums they are said to be, and a missed objective comes with what would mend it.
//! Method: figures of known sums, and the workflow as it is deployed.

use super::*;
use crate::step::Action;
use crate::{Deployment, workflow};

fn dns(interval_s: u64, failure_threshold: u64, ttl: Ttl) -> Budget {
    follows_dns(&Dns { interval_s, failure_threshold, ttl }, 60)
}

#[test]
fn dns_clients_wait_for_detection_aggregation_ttl_and_a_new_connection() {
    for (threshold, ttl, total) in [(2, Ttl::Own(10), 49), (3, Ttl::Own(10), 59), (2, Ttl::Alias, 99)] {
        let budget = dns(10, threshold, ttl);
        assert_eq!((budget.total_s(), budget.met()), (total, total <= 60), "{threshold} {ttl:?}");
    }
}

#[test]
fn a_missed_objective_names_what_to_turn_and_how_far() {
    let changes = |budget: &Budget| budget.changes().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(changes(&dns(10, 2, Ttl::Own(10))), [""; 0]);
    assert_eq!(
        changes(&dns(10, 5, Ttl::Own(10))),
        [
            "health_check.failure_threshold 5 → 3 saves 20 s, which is enough",
            "domain.record_ttl_s 10 → 1 saves 9 s"
        ]
    );
    assert_eq!(
        changes(&dns(30, 2, Ttl::Own(10))),
        [
            "health_check.interval_s 30 → 10 saves 40 s, which is enough",
            "health_check.failure_threshold 2 → 1 saves 30 s, which is enough",
            "domain.record_ttl_s 10 → 1 saves 9 s"
        ]
    );
    assert_eq!(changes(&knows_both_regions(4)), [""; 0], "nothing of it is ours to turn");
    assert!(!knows_both_regions(4).met());
}

fn deployed() -> asl::StateMachine {
    let text = include_str!("../../../../deployments/trading.toml");
    let deployment = Deployment::parse(text, "trading.toml").expect("the deployment we ship is valid");
    workflow::workflow(&deployment, "arn")
}

const WATCH: Watch = Watch { ttl_s: 15, margin_s: 3, renew_s: 5, schedule_s: 60, watch_s: 140 };
const REPLAY: Replay = Replay { margin_s: 900, orders_per_second: 25 };

fn settlement(watch: &Watch) -> Budget {
    settled(watch, &REPLAY, &deployed(), 1800).expect("it enables settlement")
}

fn seconds(parts: &[Part], name: &str) -> u64 {
    parts.iter().find(|part| part.name == name).map_or(u64::MAX, |part| part.seconds)
}

#[test]
fn the_route_takes_the_slower_side_of_each_fork_and_ends_where_settlement_begins() {
    let route = route(&deployed(), Action::EnableSettlement).expect("it leads there");
    let states: Vec<&str> = route.steps.iter().map(|step| step.state.as_str()).collect();
    assert_eq!(
        states,
        [
            "ConfirmOutage",
            "OwnLease",
            "PromoteDatabase",
            "AwaitWriter",
            "RaiseFence",
            "ReplayJournal",
            "EnableSettlement"
        ]
    );
    let step = &route.steps[0];
    assert_eq!((step.timeout_s, step.attempts, step.pauses_s), (15, 5, 1 + 2 + 4 + 8));
    assert_eq!(step.retried_s(), 5 * 15 + 15);
    let wait = &route.steps[3];
    assert_eq!((wait.poll_s, wait.patience_s), (5, 599), "ten minutes for Aurora");
}

#[test]
fn a_workflow_that_never_enables_settlement_has_no_budget() {
    let mut machine = deployed();
    let asl::State::Parallel(fork) = &mut machine.states["Recover"] else { panic!("a fork") };
    fork.branches.remove(0);
    let error = settled(&WATCH, &REPLAY, &machine, 1800).expect_err("the branch is gone");
    assert_eq!(error.to_string(), "the workflow never comes to the step `EnableSettlement`");
}

#[test]
fn a_late_watch_is_counted_where_watches_do_not_overlap_enough() {
    let unseen = |watch_s| {
        let budget = settlement(&Watch { watch_s, ..WATCH });
        seconds(&budget.parts, "no watch has seen the whole of it")
    };
    assert_eq!(unseen(80), 60 + 60 + 18 + 2 - 80);
    assert_eq!(unseen(139), 1);
    assert_eq!(unseen(140), 0);
    assert_eq!(unseen(200), 0);
}

#[test]
fn a_watch_sees_the_lease_expire_however_late_the_next_one_begins() {
    let watch = Watch { watch_s: WATCH.covering_s(), ..WATCH };
    let whole_s = watch.ttl_s + watch.margin_s + 2;
    for late_s in 0..=SCHEDULE_PRECISION_S {
        let next_begins_s = watch.schedule_s + late_s;
        // Of the last renewal before this moment the first watch sees the whole, of any later one the next.
        let last_seen_s = watch.watch_s - whole_s;
        assert!(last_seen_s >= next_begins_s, "late by {late_s} s");
    }
}

#[test]
fn a_late_watch_runs_beside_those_that_are_on_time() {
    let at_once = |watch_s| {
        let watch = Watch { watch_s, ..WATCH };
        // Starts on time but for the first, which is as late as it may be; counted when it is about to end.
        let begins = |number: u64| if number == 0 { SCHEDULE_PRECISION_S } else { number * watch.schedule_s };
        let moment = begins(0) + watch_s - 1;
        let running = (0..20).filter(|number| {
            let begins = begins(*number);
            begins <= moment && moment < begins + watch_s
        });
        assert!(running.count() as u64 <= watch.at_once(), "{watch_s}");
        watch.at_once()
    };
    assert_eq!([at_once(80), at_once(140), at_once(180)], [3, 4, 4]);
}

#[test]
fn retries_count_and_what_is_beside_the_worst_case_says_what_they_cost() {
    let budget = settlement(&WATCH);
    assert_eq!(seconds(&budget.parts, "Aurora promotes the database"), AURORA_FAILOVER_S);
    assert_eq!(seconds(&budget.parts, "PromoteDatabase"), 9 * 25 + 1 + 2 + 4 + 8 * 5);
    assert_eq!(seconds(&budget.beside, "an execution ends at the latest"), 5400);
    let at_once = seconds(&budget.beside, "when every step succeeds at its first attempt");
    assert!(at_once < budget.total_s() / 2, "{at_once} of {}", budget.total_s());
    let mut tight = budget.clone();
    tight.objective_s = budget.total_s() - 100;
    assert!(tight.changes()[0].enough, "{:?}", tight.changes());
}

#[test]
fn a_task_without_a_limit_is_never_in_time() {
    let mut machine = deployed();
    let asl::State::Task(task) = &mut machine.states["OwnLease"] else { panic!("a task") };
    task.timeout_seconds = None;
    assert!(!settled(&WATCH, &REPLAY, &machine, 86_400).expect("it leads there").met());
}
