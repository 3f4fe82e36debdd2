//! Goal: what happens within a region must move nothing and cost no order. Method: as in the parent, with a
//! run that stays at home.

use super::*;

fn stayed() -> (Run, Harm) {
    let mut run = sound();
    run.history = vec![
        order(1, ClientKind::FollowsDns, -20, "us-east-1"),
        order(2, ClientKind::KnowsBothRegions, 2, "us-east-1"),
        read(3, Some(3), Outcome::Ok),
    ];
    run.facts.settled = vec![row(1, -19, 1, "queue"), row(2, 3, 1, "queue")];
    run.facts.dead = Vec::new();
    run.facts.fences = Vec::new();
    run.facts.lease_history = vec![owns(1, "us-east-1")];
    let harm = Harm { at_ms: FAULT_MS, region: region("us-east-1"), epoch: Epoch(1) };
    (run, harm)
}

fn judged(run: &Run, harm: &Harm) -> Verdict {
    judge_in_place(&run.history, harm, &run.facts, &run.objectives)
}

#[test]
fn a_run_that_stays_passes_without_any_time_of_recovery() {
    let (run, harm) = stayed();
    let verdict = judged(&run, &harm);
    assert_eq!((verdict.verdict, verdict.why.len()), (Judgement::Passed, 0), "{:?}", verdict.why);
    assert_eq!((verdict.accepted_again_s, verdict.settled_again_s), (None, None));
    assert_eq!(verdict.longest_wait_two_endpoints_s, Some(0.05));
    assert!(verdict.objective_met);
}

#[test]
fn a_move_fails_it_whoever_moves() {
    for (epoch, owner) in [(2, "us-east-2"), (2, "us-east-1"), (1, "us-east-2")] {
        let (mut run, harm) = stayed();
        run.facts.lease_history.push(owns(epoch, owner));
        let verdict = judged(&run, &harm);
        assert_eq!(verdict.verdict, Judgement::Failed);
        let sentence = format!("the lease moved to {owner} under epoch {epoch}");
        assert!(verdict.why.iter().any(|why| why.contains(&sentence)), "{:?}", verdict.why);
    }
}

#[test]
fn a_lost_order_or_silence_fails_it() {
    let (mut run, harm) = stayed();
    run.facts.settled.pop();
    assert_eq!(judged(&run, &harm).why, ["1 acknowledged orders were lost (objective 0)"]);
    let (mut run, harm) = stayed();
    run.history
        .retain(|order| order.completed_ms < Some(FAULT_MS) || order.kind != OperationKind::PlaceOrder);
    run.facts.settled.pop();
    assert_eq!(judged(&run, &harm).why, ["no order was acknowledged after what happened"]);
}
