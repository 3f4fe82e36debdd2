//! Goal: whatever order renewals, watches, take-overs, failbacks, pauses and blindness come in,
//! every epoch has one owner, epochs and versions only grow, no old owner is still sure of
//! its lease when an expired one is taken, nobody renews without a database for longer than
//! the patience or leaves settlement stopped for longer than a failback may, and the database takes no write of a past
//! epoch. Method: proptest drives two regions with two overlapping sentinels and one
//! writer each over an abstract linearizable register, one phase of one actor at a time.
//! A pause is time passing without steps of that actor. Clocks run up to 10 % fast or slow.

#[path = "interleavings_world.rs"]
mod world;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use world::World;

const PROCESSES: usize = 4;

/// One event of a history. Processes 0 and 1 run in region 0, 2 and 3 in region 1.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Real time passes, in milliseconds.
    Pass(u64),
    /// One phase of one process.
    Step(usize),
    /// A process runs until its tick is over.
    Turn(usize),
    /// A process is replaced by a new invocation.
    Restart(usize),
    /// A region loses or regains the register.
    Blind(usize, bool),
    /// A region becomes well or ill.
    Fit(usize, bool),
    /// A region's database comes back or goes away.
    Database(usize, bool),
    /// A region's probes of the other begin to fail or succeed.
    Probes(usize, bool),
    /// One phase of a region's recovery.
    Recover(usize),
    /// One phase of the failback, which is undone if the flag says so.
    GoHome(bool),
    /// One phase of a region's writer.
    Write(usize),
}

/// An event from a random number: a vector of numbers is generated far faster than one of events.
fn event(code: u32) -> Op {
    let argument = (code >> 8) as usize;
    let (process, region, flag) = (argument % PROCESSES, argument % 2, argument & 2 == 0);
    match code % 72 {
        0..=14 => Op::Pass(10 + argument as u64 % 3000),
        15 => Op::Database(region, flag || argument & 4 == 0),
        16..=23 => Op::Step(process),
        24..=47 => Op::Turn(process),
        48..=49 => Op::Restart(process),
        50..=51 => Op::Blind(region, flag),
        52..=53 => Op::Fit(region, flag),
        54..=55 => Op::Probes(region, flag),
        56..=60 => Op::Recover(region),
        61..=68 => Op::GoHome(argument & 8 == 0),
        _ => Op::Write(region),
    }
}

fn history() -> impl Strategy<Value = (Vec<u64>, Vec<u32>)> {
    (prop::collection::vec(900u64..=1100, PROCESSES), prop::collection::vec(any::<u32>(), 1..500))
}

fn run(rates: &[u64], codes: &[u32], challenger_ttl_s: u64) -> World {
    let mut world = World::new(rates, challenger_ttl_s);
    for code in codes {
        world.apply(event(*code));
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_interleaving_keeps_one_owner_per_epoch_and_old_owners_out((rates, codes) in history()) {
        let world = run(&rates, &codes, 15);
        let events: Vec<Op> = codes.iter().map(|code| event(*code)).collect();
        prop_assert!(world.violations.is_empty(), "{:#?}\n{events:?}", world.violations);
    }
}

/// Runs the same generator with a fixed seed and adds up what happened.
fn survey(challenger_ttl_s: u64) -> World {
    let mut runner = TestRunner::deterministic();
    let mut sum = World::new(&[], challenger_ttl_s);
    for _ in 0..1000 {
        let (rates, codes) = history().new_tree(&mut runner).expect("the strategy filters nothing").current();
        let world = run(&rates, &codes, challenger_ttl_s);
        sum.expiries_taken += world.expiries_taken;
        sum.unfit_taken += world.unfit_taken;
        sum.refused += world.refused;
        sum.patient += world.patient;
        sum.handed_over += world.handed_over;
        sum.undrained += world.undrained;
        sum.violations.extend(world.violations);
    }
    sum
}

#[test]
fn the_interleavings_reach_what_they_are_meant_to_test() {
    let sum = survey(15);
    let (expiries, unfit, refused) = (sum.expiries_taken, sum.unfit_taken, sum.refused);
    let (patient, handed_over, undrained) = (sum.patient, sum.handed_over, sum.undrained);
    println!("handed over {handed_over}, undrained {undrained}");
    println!("taken after expiry {expiries}, on probes {unfit}; writes refused {refused}; patient {patient}");
    assert!(patient > 100, "renewals without a database: {patient}");
    assert!(expiries > 100, "leases taken after they expired: {expiries}");
    assert!(unfit > 100, "leases taken on outside probes: {unfit}");
    assert!(refused > 40, "writes refused by the fence: {refused}");
    assert!(handed_over > 40, "leases handed home: {handed_over}");
    assert!(undrained > 30, "failbacks undone: {undrained}");
    assert_eq!(sum.violations, [] as [String; 0]);
}

#[test]
fn a_challenger_that_waits_too_short_is_caught() {
    assert!(!survey(4).violations.is_empty(), "the check must be able to fail");
}
