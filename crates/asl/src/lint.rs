//! What Step Functions takes but a recovery should not rely on.

use crate::{Flaw, Problem, State, StateMachine, States};

impl StateMachine {
    /// Tasks that give up at their first error, or whose error ends the machine: nothing
    /// catches it, neither the task nor a Parallel state around it.
    pub fn lint(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        visit("", false, &self.states, &mut problems);
        problems
    }
}

fn visit(outer: &str, caught: bool, states: &States, problems: &mut Vec<Problem>) {
    for (name, state) in states {
        let place = if outer.is_empty() { name.clone() } else { format!("{outer} / {name}") };
        if let State::Parallel(parallel) = state {
            for branch in &parallel.branches {
                visit(&place, caught || !parallel.catch.is_empty(), &branch.states, problems);
            }
        }
        if let State::Task(task) = state {
            if task.retry.is_empty() {
                problems.push(Problem { place: place.clone(), flaw: Flaw::NoRetry });
            }
            if task.catch.is_empty() && !caught {
                problems.push(Problem { place, flaw: Flaw::NoCatch });
            }
        }
    }
}
