//! Goal: the report adds to the verdict what only the drill knows, and its lists read well.
//! Method: parts of a run by hand.

use recovery::history::{ClientKind, FenceRow, Operation, OperationKind, Outcome as Told};
use recovery::{Deployment, Epoch, Region};

use super::*;
use crate::load::LoadCounts;
use crate::run::course::Course;
use crate::run::lease_log::LeaseLog;
use crate::run::struck::Before;

const FAULT_MS: u64 = 1_000_000;

fn region(name: &str) -> Region {
    Region::new(name).expect("a region")
}

fn rehearsed() -> Rehearsed {
    let fault = recovery::verdict::Fault {
        at_ms: FAULT_MS,
        lost_region: region("us-east-1"),
        surviving_region: region("us-east-2"),
        epoch: Epoch(1),
        accepted_again: true,
        settled_again: true,
    };
    let order = Operation {
        client: ClientKind::FollowsDns,
        kind: OperationKind::PlaceOrder,
        id: "no-uuid".to_owned(),
        invoked_ms: FAULT_MS + 100,
        completed_ms: Some(FAULT_MS + 30_000),
        outcome: Told::Ok,
        region: Some(region("us-east-2")),
        attempts: 9,
        by: None,
        terms: None,
        token: None,
        seen: None,
        content: None,
    };
    let before = Before {
        at_ms: FAULT_MS,
        owner: fault.lost_region.clone(),
        other: fault.surviving_region.clone(),
        epoch: fault.epoch,
    };
    Rehearsed {
        history: vec![order],
        struck: Struck::Lost(fault),
        course: Course { before, strikes: Vec::new(), moved: Moved::default() },
        lease: LeaseLog::default(),
        events: Vec::new(),
        well_before: true,
        counts: LoadCounts::default(),
        services: Vec::new(),
        clock: crate::load::Clock::start(),
        drift: Duration::ZERO,
    }
}

fn verdict(rehearsed: &Rehearsed) -> Verdict {
    let text = include_str!("../../../../../deployments/trading.toml");
    let deployment = Deployment::parse(text, "trading.toml").expect("it comes with the project");
    judged(rehearsed, &Facts::default(), &deployment.objectives)
}

fn passed() -> Judged {
    Judged { failed: false, why: Vec::new() }
}

#[test]
fn the_timeline_is_in_order_whatever_its_source() {
    let mut rehearsed = rehearsed();
    let event =
        |event: &str| Event { at_s: 0.0, region: None, event: event.to_owned(), detail: String::new() };
    rehearsed.events = vec![(FAULT_MS + 40_000, event("late")), (FAULT_MS - 2_000, event("early"))];
    let fences = vec![FenceRow { epoch: Epoch(2), raised_at_ms: FAULT_MS + 20_000 }];
    let facts = Facts { fences, ..Facts::default() };
    let timeline = timeline(&rehearsed, &facts, &verdict(&rehearsed));
    let told: Vec<(&str, f64)> = timeline.iter().map(|event| (event.event.as_str(), event.at_s)).collect();
    let expected = [("early", -2.0), ("fence raised", 20.0), ("accepted again", 30.0), ("late", 40.0)];
    assert_eq!(told, expected);
}

#[test]
fn a_fence_from_before_the_fault_is_no_event() {
    let rehearsed = rehearsed();
    let fences = vec![FenceRow { epoch: Epoch(1), raised_at_ms: FAULT_MS - 20_000 }];
    let timeline = timeline(&rehearsed, &Facts { fences, ..Facts::default() }, &verdict(&rehearsed));
    assert!(timeline.iter().all(|event| event.event != "fence raised"));
}

#[test]
fn a_changed_content_of_the_same_version_fails_the_drill() {
    let mut rehearsed = rehearsed();
    let mut judged = passed();
    judged.sessions(&verdict(&rehearsed), &rehearsed);
    assert!(!judged.failed);
    rehearsed.counts.sessions_stale_served = 2;
    judged.sessions(&verdict(&rehearsed), &rehearsed);
    assert!(judged.failed && judged.why[0].starts_with("2 sessions"));
}

#[test]
fn what_limits_the_figures_is_said_and_does_not_fail() {
    let mut rehearsed = rehearsed();
    let mut judged = passed();
    let mut verdict = verdict(&rehearsed);
    judged.limits(&verdict, &rehearsed);
    assert!(judged.why.is_empty());
    rehearsed.counts.late_max = Duration::from_millis(2_400);
    rehearsed.drift = Duration::from_secs(3);
    verdict.orders_unknown = 7;
    rehearsed.well_before = false;
    judged.limits(&verdict, &rehearsed);
    assert!(!judged.failed);
    let [open, unwell, late, clock] = &judged.why[..] else { panic!("four notes: {:?}", judged.why) };
    assert!(unwell.contains("health checker"));
    assert!(open.starts_with("7 of 1 orders") && late.contains("2.4 s") && clock.contains("3000 ms"));
}

#[test]
fn unexplained_lines_fail_the_drill() {
    let mut judged = passed();
    judged.logs(None);
    assert!(!judged.failed);
    judged.logs(Some("1 line".to_owned()));
    assert!(judged.failed);
}

#[test]
fn the_recovery_ends_with_its_last_part() {
    let mut rehearsed = rehearsed();
    let mut verdict = verdict(&rehearsed);
    assert_eq!(explained(&rehearsed, &verdict).recovered_at_ms, None);
    verdict.settled_again_s = Some(21.5);
    assert_eq!(explained(&rehearsed, &verdict).recovered_at_ms, Some(FAULT_MS + 30_000));
    let step = Event { at_s: 44.0, region: None, event: WORKFLOW.to_owned(), detail: "Announce".to_owned() };
    rehearsed.events.push((FAULT_MS + 44_000, step));
    assert_eq!(explained(&rehearsed, &verdict).recovered_at_ms, Some(FAULT_MS + 44_000));
}

#[test]
fn what_both_regions_lack_is_named_once() {
    let recorded = |region: &str| Recorded {
        resource_type: "AWS::EC2::EIP".to_owned(),
        logical_id: "Zone1Address".to_owned(),
        stack: "Tap".to_owned(),
        region: region.to_owned(),
    };
    let list = by_name_only(vec![recorded("us-east-1"), recorded("us-east-2")]);
    assert_eq!(list.last().map(String::as_str), Some("AWS::EC2::EIP, by name only: Zone1Address"));
}
