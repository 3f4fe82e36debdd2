//! Goal: whatever steps of a failback fail for good, whether or not they had done their work, the lease
//! ends where the database is and settles there, unless what undoes or hands over fails itself. Method:
//! the machine is run over a model of lease and database, retries and all, with every pair of failing steps.

use std::collections::BTreeSet;

use asl::{Outcome, Prepared};
use serde_json::json;

use super::runs::run_prepared;
use super::tests::{ARN, deployment};
use super::*;
use crate::step::error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lease {
    Serving,
    Draining,
    AtHome,
}

/// A step that fails each time it is tried, before its work or after it.
#[derive(Clone, Copy, Debug)]
struct Fault {
    step: &'static str,
    after: bool,
    error: &'static str,
}

#[derive(Debug)]
struct Walk {
    lease: Lease,
    database_at_home: bool,
    told: bool,
}

impl Walk {
    /// What a step does when nothing is in its way; an error is the one that the step itself finds.
    fn work(&mut self, step: &str) -> Result<(), &'static str> {
        match step {
            "Drain" => self.lease = Lease::Draining,
            "SwitchOver" => self.database_at_home = true,
            "HandOverLease" if self.database_at_home => self.lease = Lease::AtHome,
            "HandOverLease" | "AwaitHomeWriter" if !self.database_at_home => return Err(error::TRANSIENT),
            "UndoDrain" if self.database_at_home => return Err(error::MOVED),
            "UndoDrain" => self.lease = Lease::Serving,
            "AwaitHomeServing" if self.lease != Lease::AtHome => return Err(error::NOT_OWNER),
            _ => {}
        }
        Ok(())
    }

    fn step(&mut self, name: &str, faults: &[Fault]) -> Result<(), &'static str> {
        self.told |= name == "EscalateFailback";
        match faults.iter().find(|fault| fault.step == name) {
            Some(fault) if !fault.after => Err(fault.error),
            Some(fault) => self.work(name).and(Err(fault.error)),
            None => self.work(name),
        }
    }
}

/// Walks to an end; true when that is the good one.
fn walk(machine: &Prepared, faults: &[Fault]) -> (Walk, bool) {
    let mut walk = Walk { lease: Lease::Serving, database_at_home: false, told: false };
    let run = run_prepared(machine, |state, _, _| {
        walk.step(state, faults).map(|()| json!({"done": true, "cursor": null}))
    });
    let good = match run.outcome {
        Outcome::Succeeded(_) => true,
        Outcome::Failed(end) if end.error == "FailbackStopped" => false,
        other => panic!("{faults:?} end in {other:?}"),
    };
    (walk, good)
}

fn machine() -> Prepared {
    Prepared::new(&failback(&deployment(), ARN)).expect("a machine that can be run")
}

fn every_fault() -> Vec<Fault> {
    let steps = Action::FAILBACK.iter().map(|action| action.account().state);
    let errors = [error::TRANSIENT, error::NOT_YET, asl::TIMEOUT];
    steps
        .flat_map(|step| {
            errors.into_iter().flat_map(move |error| [false, true].map(|after| Fault { step, after, error }))
        })
        .collect()
}

#[test]
fn without_a_fault_the_system_goes_home() {
    let (walk, good) = walk(&machine(), &[]);
    assert!(good && walk.lease == Lease::AtHome && walk.database_at_home, "{walk:?}");
}

#[test]
fn whatever_fails_the_lease_ends_where_the_database_is() {
    let machine = machine();
    let (mut ends, faults) = (BTreeSet::new(), every_fault());
    for one in &faults {
        for other in &faults {
            let both = [*one, *other];
            let (walk, good) = walk(&machine, &both);
            assert!(good || walk.told, "people are told: {both:?} {walk:?}");
            if both.iter().any(|fault| matches!(fault.step, "UndoDrain" | "HandOverLease")) {
                continue;
            }
            let (here, home) = (Lease::Serving, Lease::AtHome);
            let expected = if walk.database_at_home { home } else { here };
            assert_eq!(walk.lease, expected, "{both:?} {walk:?}");
            ends.insert((walk.database_at_home, good));
        }
    }
    let (undone, forward_and_told, forward_and_well) = ((false, false), (true, false), (true, true));
    assert_eq!(ends, BTreeSet::from([undone, forward_and_told, forward_and_well]));
}

#[test]
fn a_drain_stays_only_when_what_ends_it_fails_too() {
    let machine = machine();
    let fault = |step, after| Fault { step, after, error: error::TRANSIENT };
    let (stuck, good) = walk(&machine, &[fault("AwaitDrained", false), fault("UndoDrain", false)]);
    assert!(!good && stuck.lease == Lease::Draining && !stuck.database_at_home, "{stuck:?}");
    let (stuck, good) = walk(&machine, &[fault("HandOverLease", false)]);
    assert!(!good && stuck.lease == Lease::Draining && stuck.database_at_home, "{stuck:?}");
}
