//! Goal: whatever steps of a failback fail for good, whether or not they had done their work, the lease
//! ends where the database is and settles there, unless what undoes or hands over fails itself. Method:
//! the machine is walked over a model of lease and database, with every pair of failing steps.

use std::collections::BTreeSet;

use asl::{State, StateMachine, Task};

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
    passed: Vec<String>,
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

    fn step(&mut self, name: &str, task: &Task, faults: &[Fault]) -> String {
        let fault = faults.iter().find(|fault| fault.step == name);
        let worked = match fault {
            Some(fault) if !fault.after => Err(fault.error),
            Some(fault) => self.work(name).and(Err(fault.error)),
            None => self.work(name),
        };
        match worked {
            Ok(()) => task.next.clone().expect("a task goes on"),
            Err(wanted) => {
                let matches = |name: &String| name == wanted || name == asl::ALL_ERRORS;
                let catch = task.catch.iter().find(|catch| catch.error_equals.iter().any(matches));
                catch.map(|catch| catch.next.clone()).expect("everything is caught")
            }
        }
    }
}

/// Walks to an end; true when that is the good one.
fn walk(machine: &StateMachine, faults: &[Fault]) -> (Walk, bool) {
    let mut walk = Walk { lease: Lease::Serving, database_at_home: false, passed: Vec::new() };
    let mut at = machine.start_at.clone();
    loop {
        assert!(walk.passed.len() < 100, "it goes in circles: {faults:?} {:?}", walk.passed);
        walk.passed.push(at.clone());
        at = match &machine.states[&at] {
            State::Task(task) => walk.step(&at, task, faults),
            State::Pass(pass) => pass.next.clone().expect("it goes on"),
            State::Choice(_) => "Drain".to_owned(),
            State::Succeed(_) => return (walk, true),
            State::Fail(_) => return (walk, false),
            other => panic!("{at} is {other:?}"),
        };
    }
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
    let (walk, good) = walk(&failback(&deployment(), ARN), &[]);
    assert!(good && walk.lease == Lease::AtHome && walk.database_at_home, "{walk:?}");
}

#[test]
fn whatever_fails_the_lease_ends_where_the_database_is() {
    let machine = failback(&deployment(), ARN);
    let (mut ends, faults) = (BTreeSet::new(), every_fault());
    for one in &faults {
        for other in &faults {
            let both = [*one, *other];
            let (walk, good) = walk(&machine, &both);
            let told = walk.passed.iter().any(|state| state == "EscalateFailback");
            assert!(good || told, "people are told: {both:?} {walk:?}");
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
    let machine = failback(&deployment(), ARN);
    let fault = |step, after| Fault { step, after, error: error::TRANSIENT };
    let (stuck, good) = walk(&machine, &[fault("AwaitDrained", false), fault("UndoDrain", false)]);
    assert!(!good && stuck.lease == Lease::Draining && !stuck.database_at_home, "{stuck:?}");
    let (stuck, good) = walk(&machine, &[fault("HandOverLease", false)]);
    assert!(!good && stuck.lease == Lease::Draining && stuck.database_at_home, "{stuck:?}");
}
