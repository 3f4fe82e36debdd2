//! Goal: the times are right, and a missed objective is named. Method: as in the parent.

use super::*;

#[test]
fn the_slowest_client_is_told_and_not_judged() {
    let mut run = sound();
    // Under way at the fault: its wait counts from there.
    run.history[1].completed_ms = Some(FAULT_MS + 90_000);
    // Began after the fault; the first of its kind was quicker.
    run.history.push(Operation {
        invoked_ms: FAULT_MS + 2_000,
        ..order(4, ClientKind::KnowsBothRegions, 9, "us-east-2")
    });
    // Waited longest, and was never acknowledged.
    run.history.push(Operation {
        invoked_ms: FAULT_MS,
        outcome: Outcome::Unknown,
        ..order(4, ClientKind::FollowsDns, 99, "us-east-2")
    });
    let verdict = run.judge();
    assert_eq!(verdict.longest_wait_s, Some(90.0));
    assert_eq!(verdict.longest_wait_two_endpoints_s, Some(7.0));
    assert_eq!((verdict.accepted_again_s, verdict.accepted_again_two_endpoints_s), (Some(35.0), Some(1.0)));
    assert_eq!(verdict.verdict, Judgement::Passed, "{:?}", verdict.why);
    run.history.retain(|operation| operation.completed_ms < Some(FAULT_MS));
    let verdict = run.judge();
    assert_eq!((verdict.longest_wait_s, verdict.longest_wait_two_endpoints_s), (None, None));
}

#[test]
fn what_settled_again_is_named() {
    let mut run = sound();
    assert_eq!(run.judge().settled_again_by.as_deref(), Some("replay"));
    run.facts.settled[3] = row(4, 29, 2, "queue");
    let verdict = run.judge();
    assert_eq!((verdict.settled_again_s, verdict.settled_again_by.as_deref()), (Some(29.0), Some("queue")));
    run.facts.settled.clear();
    assert_eq!(run.judge().settled_again_by, None);
}

#[test]
fn a_missed_objective_always_names_which() {
    let names = [
        "orders accepted again for clients that follow DNS",
        "orders accepted again for clients that know both regions",
        "orders settled again",
    ];
    let late = FAULT_MS + 61_000;
    for missed in 0..1_u32 << names.len() {
        let is_missed = |index: usize| missed & (1 << index) != 0;
        let mut run = sound();
        if is_missed(0) {
            run.history[3].completed_ms = Some(late);
        }
        if is_missed(1) {
            run.history[2].completed_ms = Some(FAULT_MS + 5_001);
        }
        if is_missed(2) {
            run.facts.settled[2].settled_at_ms = FAULT_MS + 901_000;
            run.facts.settled[3].settled_at_ms = FAULT_MS + 901_000;
        }
        let verdict = run.judge();
        assert_eq!(verdict.objective_met, missed == 0, "{:?}", verdict.why);
        for (index, name) in names.iter().enumerate() {
            let named = verdict.why.iter().any(|why| why.starts_with(name));
            assert_eq!(named, is_missed(index), "{name}: {:?}", verdict.why);
        }
    }
}

#[test]
fn the_recovery_point_is_judged_where_there_is_an_objective() {
    let mut run = sound();
    let verdict = run.judge();
    assert_eq!((verdict.recovery_point_s, verdict.objective_met), (Some(19.0), true), "order 1 was kept");
    for (objective_s, met) in [(19, true), (18, false)] {
        run.objectives.recovery_point_s = Some(objective_s);
        assert_eq!(run.judge().objective_met, met);
    }
    run.fails_with("recovery point: 19.0 s before the fault (objective 18 s)");
    run.facts.settled.retain(|row| row.settled_epoch > run.fault.epoch);
    assert_eq!(run.fails_with("the promoted database kept nothing").recovery_point_s, None);
}
