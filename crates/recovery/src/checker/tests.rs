//! Goal: nothing is said of a history that is right, and whatever is broken in it is said, by its name.
//! Method: histories that are right by construction, of any shape ([`sound`]); each entry of a table
//! ([`breaks`]) spoils them in one way and names what must be found.

mod breaks;
mod page;
mod sound;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::*;
pub(crate) use breaks::BREAKS;
pub(crate) use sound::histories;

proptest! {
    #![proptest_config(Config { cases: 128, ..Config::default() })]

    #[test]
    fn nothing_is_said_of_a_history_that_is_right(recorded in histories()) {
        prop_assert_eq!(recorded.violations(), []);
    }

    #[test]
    fn whatever_is_broken_is_found_and_named(recorded in histories(), pick in any::<prop::sample::Index>()) {
        for one in BREAKS {
            let mut broken = recorded.clone();
            let Some(named) = (one.apply)(&mut broken, pick) else { continue };
            let found = broken.violations();
            let silent = unjudged(&broken.operations, &broken.facts);
            let is_silent = |violation: &Violation| silent.contains(&violation.invariant());
            prop_assert!(!found.iter().any(is_silent), "{}: {silent:?} are broken: {found:?}", one.what);
            let is_it = |violation: &Violation| {
                (one.is_found_as)(&violation.broken) && violation.broken.to_string().contains(&named)
            };
            prop_assert!(found.iter().any(is_it), "{}, at {named}: {found:?}", one.what);
        }
    }

    #[test]
    fn the_order_of_what_was_written_down_does_not_matter(recorded in histories(), pick in any::<prop::sample::Index>()) {
        for one in BREAKS {
            let mut broken = recorded.clone();
            if (one.apply)(&mut broken, pick).is_none() {
                continue;
            }
            let found = |recorded: &crate::history::Recorded| {
                let mut found: Vec<_> = recorded.violations().iter().map(|one| one.invariant()).collect();
                found.sort();
                found
            };
            let before = found(&broken);
            broken.facts.settled.reverse();
            broken.facts.fences.reverse();
            broken.facts.outbox.iter_mut().for_each(|rows| rows.reverse());
            prop_assert_eq!(before, found(&broken), "{}", one.what);
        }
    }
}

#[test]
fn every_way_to_break_a_history_is_tried() {
    let mut runner = TestRunner::deterministic();
    let mut tried = vec![0; BREAKS.len()];
    for _ in 0..200 {
        let tree = histories().new_tree(&mut runner).expect("a history");
        let pick = any::<prop::sample::Index>().new_tree(&mut runner).expect("a number");
        for (one, tried) in BREAKS.iter().zip(&mut tried) {
            *tried += usize::from((one.apply)(&mut tree.current(), pick.current()).is_some());
        }
    }
    for (one, tried) in BREAKS.iter().zip(tried) {
        assert!(tried >= 20, "{}: only {tried} of 200 histories have anything to break", one.what);
    }
}

#[test]
fn every_invariant_is_broken_by_some_way() {
    let mut runner = TestRunner::deterministic();
    let mut broken = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let tree = histories().new_tree(&mut runner).expect("a history");
        let pick = any::<prop::sample::Index>().new_tree(&mut runner).expect("a number");
        for one in BREAKS {
            let mut recorded = tree.current();
            if (one.apply)(&mut recorded, pick.current()).is_some() {
                let found = recorded.violations().into_iter().map(|violation| violation.broken);
                broken.extend(found.filter(one.is_found_as).map(|broken| broken.invariant()));
            }
        }
    }
    let all: std::collections::BTreeSet<Invariant> = Invariant::ALL.iter().copied().collect();
    assert_eq!(broken, all);
}

#[test]
fn what_a_history_does_not_tell_of_is_not_judged() {
    assert_eq!(unjudged(&[], &Facts::default()), Invariant::ALL);
    let placed = sound::placed("order-7", crate::history::Outcome::Ok, 1_000);
    let left = unjudged(&[placed], &Facts::default());
    assert_eq!(left, Invariant::ALL[1..], "of an acknowledged order it is known that it is not settled");
}

#[test]
fn an_acknowledged_id_that_no_row_can_have_is_lost() {
    let operation = sound::placed("order-7", crate::history::Outcome::Ok, 1_000);
    let found = check(&[operation], &Facts::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].broken.to_string(), "order order-7 was acknowledged and is not settled");
    assert_eq!(found[0].shown_by, [Place::Operation(0)]);
}

#[test]
fn names_are_what_is_written_in_json() {
    for invariant in Invariant::ALL {
        assert_eq!(serde_json::to_value(invariant).expect("a name"), invariant.name());
        assert!(invariant.statement().ends_with('.'));
    }
}
