//! What is wrong with a state machine: everything, at once.

use std::collections::BTreeSet;

use crate::{ALL_ERRORS, Retry, State, StateMachine, States};

/// Longest name of a state that Step Functions takes, in characters.
const NAME_LENGTH_MAX: usize = 80;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {flaw}")]
pub struct Problem {
    /// Names of the states on the way to it, joined by ` / `; `machine` for the whole.
    pub place: String,
    /// What it is.
    pub flaw: Flaw,
}

/// What can be wrong with a state or a machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// `StartAt` names no state.
    #[error("StartAt names `{0}`, which does not exist")]
    NoStart(String),
    /// A transition names no state.
    #[error("{field} names `{target}`, which does not exist here")]
    Dangling {
        /// `Next`, `Default`, `Choices` or `Catch`.
        field: &'static str,
        /// The state that is missing.
        target: String,
    },
    /// No transition leads to it.
    #[error("no state leads here")]
    Unreachable,
    /// Neither `Next` nor `End`.
    #[error("has neither Next nor End")]
    NoTransition,
    /// Both `Next` and `End`.
    #[error("has both Next and End")]
    TwoTransitions,
    /// No state in which the machine or branch can stop.
    #[error("has no state that ends it")]
    NoEnd,
    /// A task without `TimeoutSeconds`: it may hang for a year.
    #[error("has no timeout")]
    NoTimeout,
    /// A heartbeat that is not shorter than the timeout.
    #[error("has a heartbeat that is not shorter than its timeout")]
    Heartbeat,
    /// A task without `Retry`.
    #[error("has no retry")]
    NoRetry,
    /// A task without `Catch`.
    #[error("has no catch")]
    NoCatch,
    /// The name occurs elsewhere in the machine.
    #[error("the name occurs more than once in the machine")]
    DuplicateName,
    /// The name is empty or too long.
    #[error("the name is not 1 to {NAME_LENGTH_MAX} characters long")]
    NameLength,
    /// A Choice with no rule.
    #[error("has no rule")]
    NoRule,
    /// A Choice rule that Step Functions would refuse.
    #[error("rule {number} {reason}")]
    BadRule {
        /// Counted from 1.
        number: usize,
        /// What it needs.
        reason: &'static str,
    },
    /// A Choice without `Default`.
    #[error("has no default")]
    NoDefault,
    /// A Parallel with no branch.
    #[error("has no branch")]
    NoBranch,
    /// A Wait that does not say exactly once how long.
    #[error("must say exactly once how long to wait")]
    WaitLength,
    /// A retrier or catcher that comes after one for `States.ALL`.
    #[error("has a {0} after the one for States.ALL, which must be the last")]
    AfterAll(&'static str),
    /// `States.ALL` next to other error names, or no error name.
    #[error("has a {0} that names no error, or States.ALL beside others")]
    ErrorNames(&'static str),
    /// A retrier whose figures Step Functions would refuse.
    #[error("has a retry whose interval, backoff rate or longest delay is out of range")]
    RetryFigures,
    /// A path that the interpreter does not know; Step Functions may.
    #[error("{field} has the path `{path}`, which {reason}")]
    BadPath {
        /// The field it stands in.
        field: &'static str,
        /// The path.
        path: String,
        /// Why not.
        reason: &'static str,
    },
}

impl StateMachine {
    /// Everything for which Step Functions would refuse the machine, or for which it
    /// could hang: states without a timeout, Choices without a default.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Found { problems: Vec::new(), names: BTreeSet::new() };
        found.scope("", &self.start_at, &self.states);
        found.problems
    }
}

struct Found {
    problems: Vec<Problem>,
    names: BTreeSet<String>,
}

impl Found {
    fn push(&mut self, place: &str, flaw: Flaw) {
        let place = if place.is_empty() { "machine" } else { place };
        self.problems.push(Problem { place: place.to_owned(), flaw });
    }

    /// A machine or a branch: transitions stay inside.
    fn scope(&mut self, outer: &str, start_at: &str, states: &States) {
        if !states.contains_key(start_at) {
            self.push(outer, Flaw::NoStart(start_at.to_owned()));
        }
        if !states.values().any(State::is_terminal) {
            self.push(outer, Flaw::NoEnd);
        }
        let reached = reachable(start_at, states);
        for (name, state) in states {
            let place = if outer.is_empty() { name.clone() } else { format!("{outer} / {name}") };
            if !reached.contains(name.as_str()) {
                self.push(&place, Flaw::Unreachable);
            }
            if !self.names.insert(name.clone()) {
                self.push(&place, Flaw::DuplicateName);
            }
            if !(1..=NAME_LENGTH_MAX).contains(&name.chars().count()) {
                self.push(&place, Flaw::NameLength);
            }
            for (field, target) in state.targets() {
                if !states.contains_key(target) {
                    self.push(&place, Flaw::Dangling { field, target: target.to_owned() });
                }
            }
            self.transitions(&place, state);
            self.errors(&place, state);
            self.state(&place, state);
        }
    }

    fn transitions(&mut self, place: &str, state: &State) {
        let moves = !matches!(state, State::Choice(_) | State::Succeed(_) | State::Fail(_));
        match (moves, state.next().is_some(), state.ends()) {
            (true, false, false) => self.push(place, Flaw::NoTransition),
            (true, true, true) => self.push(place, Flaw::TwoTransitions),
            _ => {}
        }
    }

    fn errors(&mut self, place: &str, state: &State) {
        let retries: Vec<&[String]> =
            state.retry().iter().map(|retry| retry.error_equals.as_slice()).collect();
        let catches: Vec<&[String]> =
            state.catch().iter().map(|catch| catch.error_equals.as_slice()).collect();
        for (kind, lists) in [("retry", retries), ("catch", catches)] {
            let all = |names: &&[String]| names.iter().any(|name| name == ALL_ERRORS);
            if lists.iter().any(|names| names.is_empty() || (all(names) && names.len() > 1)) {
                self.push(place, Flaw::ErrorNames(kind));
            }
            if lists.iter().rev().skip(1).any(all) {
                self.push(place, Flaw::AfterAll(kind));
            }
        }
        if state.retry().iter().any(out_of_range) {
            self.push(place, Flaw::RetryFigures);
        }
    }

    fn state(&mut self, place: &str, state: &State) {
        match state {
            State::Task(task) => {
                if task.timeout_seconds.is_none() {
                    self.push(place, Flaw::NoTimeout);
                }
                if task.heartbeat_seconds.zip(task.timeout_seconds).is_some_and(|(beat, limit)| beat >= limit)
                {
                    self.push(place, Flaw::Heartbeat);
                }
            }
            State::Choice(choice) => {
                if choice.choices.is_empty() {
                    self.push(place, Flaw::NoRule);
                }
                if choice.default.is_none() {
                    self.push(place, Flaw::NoDefault);
                }
                for (index, rule) in choice.choices.iter().enumerate() {
                    if let Some(reason) = rule.flaw(true) {
                        self.push(place, Flaw::BadRule { number: index + 1, reason });
                    }
                }
            }
            State::Wait(wait) if wait.seconds.is_some() == wait.seconds_path.is_some() => {
                self.push(place, Flaw::WaitLength);
            }
            State::Parallel(parallel) => {
                if parallel.branches.is_empty() {
                    self.push(place, Flaw::NoBranch);
                }
                for branch in &parallel.branches {
                    self.scope(place, &branch.start_at, &branch.states);
                }
            }
            State::Wait(_) | State::Pass(_) | State::Succeed(_) | State::Fail(_) => {}
        }
    }
}

fn reachable<'a>(start_at: &'a str, states: &'a States) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut pending = vec![start_at];
    while let Some(name) = pending.pop() {
        if reached.insert(name) {
            pending.extend(states.get(name).into_iter().flat_map(State::targets).map(|(_, target)| target));
        }
    }
    reached
}

/// Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows".
fn out_of_range(retry: &Retry) -> bool {
    let interval = retry.interval_seconds.unwrap_or(1);
    !(1..=99_999_999).contains(&interval)
        || retry.backoff_rate.is_some_and(|rate| rate.is_nan() || rate < 1.0)
        || retry.max_attempts.is_some_and(|attempts| attempts > 99_999_999)
        || retry.max_delay_seconds.is_some_and(|delay| delay <= interval || delay >= 31_622_400)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
