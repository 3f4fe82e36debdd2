//! From a state machine to a prepared one.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{Catcher, Does, Length, Placement, Prepared, Ready, Retrier, Selection, StateId, Test, Words};
use crate::reference::Reference;
use crate::template::Template;
use crate::{Branch, Catch, Choice, Flaw, Jitter, Path, Problem, Retry, State, StateMachine, States, Wait};

/// Limit of a task that has none. Source: AWS Step Functions Developer Guide, "Task workflow state".
const TASK_TIMEOUT_S: u64 = 99_999_999;
/// Delay of a retry at most, in seconds. Source: the same, "Handling errors in Step Functions workflows".
const DELAY_MAX_S: u64 = 31_622_400;
const INTERVAL_S: u64 = 1;
const RATE: f64 = 2.0;
const ATTEMPTS_MAX: u32 = 3;

pub(super) fn build(machine: &StateMachine) -> Result<Prepared, Vec<Problem>> {
    let mut build = Build { states: Vec::new(), problems: Vec::new(), place: String::new() };
    let start = build.scope("", &machine.start_at, &machine.states);
    match (start, build.problems.is_empty()) {
        (Some(start), true) => Ok(Prepared {
            start,
            timeout: machine.timeout_seconds.map(Duration::from_secs),
            states: build.states,
        }),
        _ => Err(build.problems),
    }
}

struct Build {
    states: Vec<Ready>,
    problems: Vec<Problem>,
    /// Names of the states on the way to the one that is read.
    place: String,
}

/// Where the states of a machine or branch are.
type Scope<'m> = BTreeMap<&'m str, StateId>;

impl Build {
    fn problem(&mut self, flaw: Flaw) {
        let place = if self.place.is_empty() { "machine".to_owned() } else { self.place.clone() };
        self.problems.push(Problem { place, flaw });
    }

    /// Reads a machine or branch, and returns its first state.
    fn scope(&mut self, outer: &str, start_at: &str, states: &States) -> Option<StateId> {
        outer.clone_into(&mut self.place);
        let first = self.states.len();
        let scope: Scope<'_> =
            states.keys().enumerate().map(|(index, name)| (name.as_str(), StateId(first + index))).collect();
        let start = scope.get(start_at).copied();
        if start.is_none() {
            self.problem(Flaw::NoStart(start_at.to_owned()));
        }
        // The states of a scope lie side by side, those of their branches behind them.
        self.states.extend(states.keys().map(|name| placeholder(name)));
        for (index, (name, state)) in states.iter().enumerate() {
            let place = if outer.is_empty() { name.clone() } else { format!("{outer} / {name}") };
            self.place.clone_from(&place);
            let ready = self.state(&scope, name, state);
            self.states[first + index] = ready;
        }
        start
    }

    fn state(&mut self, scope: &Scope<'_>, name: &str, state: &State) -> Ready {
        let moves = !matches!(state, State::Choice(_) | State::Succeed(_) | State::Fail(_));
        let next = match (moves, state.next(), state.ends()) {
            (true, None, false) => {
                self.problem(Flaw::NoTransition);
                None
            }
            (true, Some(_), true) => {
                self.problem(Flaw::TwoTransitions);
                None
            }
            (_, Some(next), _) => Some(self.target(scope, "Next", next)),
            _ => None,
        };
        let paths = Paths::of(state);
        let ready = Ready {
            name: name.to_owned(),
            input: self.selection("InputPath", paths.input),
            selector: self.template("ResultSelector", paths.selector),
            result: self.placement("ResultPath", paths.result),
            output: self.selection("OutputPath", paths.output),
            retry: state.retry().iter().map(retrier).collect(),
            catch: state.catch().iter().map(|catch| self.catcher(scope, catch)).collect(),
            next,
            does: Does::Succeed,
        };
        // Last, for the branches of a Parallel state change the place.
        Ready { does: self.does(scope, state), ..ready }
    }

    fn does(&mut self, scope: &Scope<'_>, state: &State) -> Does {
        match state {
            State::Task(task) => Does::Task {
                resource: task.resource.clone(),
                parameters: self.template("Parameters", task.parameters.as_ref()),
                timeout: Duration::from_secs(task.timeout_seconds.unwrap_or(TASK_TIMEOUT_S)),
                heartbeat: task.heartbeat_seconds.map(Duration::from_secs),
            },
            State::Choice(choice) => self.choice(scope, choice),
            State::Wait(wait) => Does::Wait(self.length(wait)),
            State::Pass(pass) => Does::Pass {
                parameters: self.template("Parameters", pass.parameters.as_ref()),
                result: pass.result.clone(),
            },
            State::Parallel(parallel) => {
                let parameters = self.template("Parameters", parallel.parameters.as_ref());
                Does::Parallel { parameters, branches: self.branches(&parallel.branches) }
            }
            State::Succeed(_) => Does::Succeed,
            State::Fail(fail) => Does::Fail {
                error: self.words("ErrorPath", fail.error.as_ref(), fail.error_path.as_ref()),
                cause: self.words("CausePath", fail.cause.as_ref(), fail.cause_path.as_ref()),
            },
        }
    }

    fn branches(&mut self, branches: &[Branch]) -> Vec<StateId> {
        let place = self.place.clone();
        if branches.is_empty() {
            self.problem(Flaw::NoBranch);
        }
        branches.iter().filter_map(|branch| self.scope(&place, &branch.start_at, &branch.states)).collect()
    }

    fn choice(&mut self, scope: &Scope<'_>, choice: &Choice) -> Does {
        let mut rules = Vec::new();
        for (index, rule) in choice.choices.iter().enumerate() {
            if let Some(reason) = rule.flaw(true) {
                self.problem(Flaw::BadRule { number: index + 1, reason });
                continue;
            }
            let next = self.target(scope, "Choices", rule.next.as_deref().unwrap_or_default());
            match Test::read(rule) {
                Ok(test) => rules.push((test, next)),
                Err((path, reason)) => self.problem(Flaw::BadPath { field: "Variable", path, reason }),
            }
        }
        Does::Choice {
            rules,
            default: choice.default.as_deref().map(|default| self.target(scope, "Default", default)),
        }
    }

    fn length(&mut self, wait: &Wait) -> Length {
        match (wait.seconds, &wait.seconds_path) {
            (Some(seconds), None) => Length::Fixed(Duration::from_secs(seconds)),
            (None, Some(path)) => {
                self.reference("SecondsPath", path).map_or(Length::Fixed(Duration::ZERO), Length::At)
            }
            _ => {
                self.problem(Flaw::WaitLength);
                Length::Fixed(Duration::ZERO)
            }
        }
    }

    fn words(&mut self, field: &'static str, fixed: Option<&String>, path: Option<&String>) -> Words {
        match (fixed, path) {
            (_, Some(path)) => self.reference(field, path).map_or(Words::None, Words::At),
            (Some(fixed), None) => Words::Fixed(fixed.clone()),
            (None, None) => Words::None,
        }
    }

    fn catcher(&mut self, scope: &Scope<'_>, catch: &Catch) -> Catcher {
        Catcher {
            errors: catch.error_equals.clone(),
            result: self.placement("Catch", catch.result_path.as_ref()),
            next: self.target(scope, "Catch", &catch.next),
        }
    }

    fn target(&mut self, scope: &Scope<'_>, field: &'static str, name: &str) -> StateId {
        scope.get(name).copied().unwrap_or_else(|| {
            self.problem(Flaw::Dangling { field, target: name.to_owned() });
            StateId(0)
        })
    }

    fn reference(&mut self, field: &'static str, path: &str) -> Option<Reference> {
        let read = Reference::parse(path);
        read.map_err(|reason| self.problem(Flaw::BadPath { field, path: path.to_owned(), reason })).ok()
    }

    fn selection(&mut self, field: &'static str, path: Option<&Path>) -> Selection {
        match path {
            None => Selection::All,
            Some(Path::Discard) => Selection::Nothing,
            Some(Path::At(path)) => match self.reference(field, path) {
                Some(path) if !path.is_root() => Selection::At(path),
                _ => Selection::All,
            },
        }
    }

    fn placement(&mut self, field: &'static str, path: Option<&Path>) -> Placement {
        match path {
            None => Placement::Whole,
            Some(Path::Discard) => Placement::Nowhere,
            Some(Path::At(path)) => match self.reference(field, path) {
                Some(path) if !path.is_root() => Placement::At(path),
                _ => Placement::Whole,
            },
        }
    }

    fn template(&mut self, field: &'static str, value: Option<&Value>) -> Option<Template> {
        let read = Template::parse(value?);
        read.map_err(|(path, reason)| self.problem(Flaw::BadPath { field, path, reason })).ok()
    }
}

/// The paths of a state, whatever its type.
#[derive(Default)]
struct Paths<'s> {
    input: Option<&'s Path>,
    selector: Option<&'s Value>,
    result: Option<&'s Path>,
    output: Option<&'s Path>,
}

impl<'s> Paths<'s> {
    fn of(state: &'s State) -> Self {
        let (input, output) = match state {
            State::Task(state) => (&state.input_path, &state.output_path),
            State::Choice(state) => (&state.input_path, &state.output_path),
            State::Wait(state) => (&state.input_path, &state.output_path),
            State::Pass(state) => (&state.input_path, &state.output_path),
            State::Parallel(state) => (&state.input_path, &state.output_path),
            State::Succeed(state) => (&state.input_path, &state.output_path),
            State::Fail(_) => return Self::default(),
        };
        let (selector, result) = match state {
            State::Task(state) => (state.result_selector.as_ref(), state.result_path.as_ref()),
            State::Parallel(state) => (state.result_selector.as_ref(), state.result_path.as_ref()),
            State::Pass(state) => (None, state.result_path.as_ref()),
            _ => (None, None),
        };
        Self { input: input.as_ref(), selector, result, output: output.as_ref() }
    }
}

fn placeholder(name: &str) -> Ready {
    Ready {
        name: name.to_owned(),
        input: Selection::All,
        does: Does::Succeed,
        selector: None,
        result: Placement::Whole,
        output: Selection::All,
        retry: Vec::new(),
        catch: Vec::new(),
        next: None,
    }
}

fn retrier(retry: &Retry) -> Retrier {
    let seconds = |seconds: u64| Duration::from_secs(seconds.min(DELAY_MAX_S)).as_secs_f64();
    Retrier {
        errors: retry.error_equals.clone(),
        interval_s: seconds(retry.interval_seconds.unwrap_or(INTERVAL_S)),
        rate: retry.backoff_rate.unwrap_or(RATE).max(0.0),
        delay_max_s: seconds(retry.max_delay_seconds.unwrap_or(DELAY_MAX_S)),
        attempts_max: retry.max_attempts.unwrap_or(ATTEMPTS_MAX),
        jitter: retry.jitter_strategy == Some(Jitter::Full),
    }
}
