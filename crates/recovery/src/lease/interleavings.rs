//! Goal: whatever order renewals, watches, take-overs, pauses and blindness come in,
//! every epoch has one owner, epochs and versions only grow, an old owner has stopped
//! serving before an expired lease is taken, and the database takes no write of a past
//! epoch. Method: proptest drives two regions with two overlapping sentinels and one
//! writer each over an abstract linearizable register, one phase of one actor at a time.
//! A pause is time passing without steps of that actor. Clocks run up to 10 % fast or slow.

#[path = "interleavings_world.rs"]
mod world;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use world::{Op, PROCESSES, World};

fn op() -> impl Strategy<Value = Op> {
    let process = 0..PROCESSES;
    let region = 0..2usize;
    prop_oneof![
        8 => (10u64..3000).prop_map(Op::Pass),
        6 => process.clone().prop_map(Op::Step),
        16 => process.clone().prop_map(Op::Turn),
        1 => process.prop_map(Op::Restart),
        1 => (region.clone(), any::<bool>()).prop_map(|(region, blind)| Op::Blind(region, blind)),
        1 => (region.clone(), any::<bool>()).prop_map(|(region, fit)| Op::Fit(region, fit)),
        1 => (region.clone(), any::<bool>()).prop_map(|(region, bad)| Op::Probes(region, bad)),
        4 => region.clone().prop_map(Op::Recover),
        6 => region.prop_map(Op::Write),
    ]
}

fn history() -> impl Strategy<Value = (Vec<u64>, Vec<Op>)> {
    (prop::collection::vec(900u64..=1100, PROCESSES), prop::collection::vec(op(), 1..500))
}

fn run(rates: &[u64], ops: &[Op], challenger_ttl_s: u64) -> World {
    let mut world = World::new(rates, challenger_ttl_s);
    for op in ops {
        world.apply(*op);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_interleaving_keeps_one_owner_per_epoch_and_old_owners_out((rates, ops) in history()) {
        let world = run(&rates, &ops, 15);
        prop_assert!(world.violations.is_empty(), "{:#?}", world.violations);
    }
}

/// Runs the same generator with a fixed seed and adds up what happened.
fn survey(challenger_ttl_s: u64) -> (usize, usize, usize, usize) {
    let mut runner = TestRunner::deterministic();
    let mut sum = (0, 0, 0, 0);
    for _ in 0..300 {
        let (rates, ops) = history().new_tree(&mut runner).expect("the strategy filters nothing").current();
        let world = run(&rates, &ops, challenger_ttl_s);
        sum.0 += world.expiries_taken;
        sum.1 += world.unfit_taken;
        sum.2 += world.refused;
        sum.3 += world.violations.len();
    }
    sum
}

#[test]
fn the_interleavings_reach_what_they_are_meant_to_test() {
    let (expiries, unfit, refused, violations) = survey(15);
    assert!(expiries > 20, "leases taken after they expired: {expiries}");
    assert!(unfit > 50, "leases taken on outside probes: {unfit}");
    assert!(refused > 50, "writes refused by the fence: {refused}");
    assert_eq!(violations, 0);
}

#[test]
fn a_challenger_that_waits_too_short_is_caught() {
    let (_, _, _, violations) = survey(4);
    assert!(violations > 0, "the check must be able to fail");
}
