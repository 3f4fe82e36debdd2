//! Goal: whatever the machine and whatever becomes of its tasks, an execution never panics, ends when every task ends,
//! and tries nothing more often than it may; what no engine could run is refused. Method: random small machines, sound
//! and unsound, with random tasks.

use std::collections::BTreeMap;
use std::time::Duration;

use asl::{
    Branch, Catch, Choice, Command, Execution, Fail, Outcome, Parallel, Pass, Passage, Path, Prepared, Retry,
    Rule, State, StateMachine, States, Succeed, Task, Wait,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ERRORS: [&str; 5] = ["One", "Two", "States.TaskFailed", "States.Timeout", "States.ALL"];
const PATHS: [&str; 6] = ["$", "$.a", "$.a.b", "$.c[0]", "$.error", "$.missing"];

fn path() -> impl Strategy<Value = Option<Path>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Path::Discard)),
        4 => prop::sample::select(&PATHS[..]).prop_map(|path| Some(Path::at(path))),
    ]
}

fn retries() -> impl Strategy<Value = Vec<Retry>> {
    let retry = (prop::sample::select(&ERRORS[..]), 0..4_u32, 0..5_u64, any::<bool>()).prop_map(
        |(error, times, every, jitter)| {
            let retry = Retry::on(&[error]).times(times);
            if jitter { retry.backoff(every, 1.5, 9) } else { retry.every(every) }
        },
    );
    prop::collection::vec(retry, 0..3)
}

/// Parameters, some with paths at which there may be nothing.
fn parameters() -> impl Strategy<Value = Option<Value>> {
    let from = prop::sample::select(&PATHS[..])
        .prop_map(|path| Some(json!({"x.$": path, "fixed": [1, {"y.$": "$"}]})));
    prop_oneof![Just(None), from]
}

fn rule(next: String) -> impl Strategy<Value = Rule> {
    let path = prop::sample::select(&PATHS[..]);
    (path, 0..4).prop_map(move |(path, kind)| {
        let rule = match kind {
            0 => Rule::boolean(path, true),
            1 => Rule::present(path, true),
            2 => Rule { variable: Some(path.to_owned()), numeric_less_than: Some(3.0), ..Rule::default() },
            _ => Rule {
                and: Some(vec![
                    Rule::present(path, true),
                    Rule { not: Some(Box::new(Rule::boolean(path, true))), ..Rule::default() },
                ]),
                ..Rule::default()
            },
        };
        rule.then(&next)
    })
}

/// One state of a scope with these names; `scope` makes its branches' names differ.
fn state(scope: String, names: Vec<String>, depth: u32) -> BoxedStrategy<State> {
    let name = prop::sample::select(names.clone());
    let next = prop_oneof![4 => name.clone().prop_map(Some), 2 => Just(None)].boxed();
    let catch = (prop::sample::select(&ERRORS[..]), name.clone(), path())
        .prop_map(|(error, next, result_path)| Catch { result_path, ..Catch::on(&[error], &next, "$") });
    let catch = prop::collection::vec(catch, 0..3).boxed();
    let task = (path(), parameters(), path(), path(), retries(), catch.clone(), next.clone(), 1..20_u64)
        .prop_map(|(input_path, parameters, result_path, output_path, retry, catch, next, timeout)| {
            let end = next.is_none();
            Task {
                input_path,
                parameters,
                result_path,
                output_path,
                retry,
                catch,
                next,
                end,
                ..Task::new("r", timeout)
            }
            .into()
        });
    let pass = (path(), parameters(), path(), next.clone()).prop_map(
        |(input_path, parameters, result_path, next)| {
            Pass { input_path, parameters, result_path, end: next.is_none(), next, ..Pass::default() }.into()
        },
    );
    let wait = (any::<bool>(), 0..9_u64, next.clone()).prop_map(|(fixed, seconds, next)| {
        let path = (!fixed).then(|| "$.a".to_owned());
        Wait {
            seconds: fixed.then_some(seconds),
            seconds_path: path,
            end: next.is_none(),
            next,
            ..Wait::default()
        }
        .into()
    });
    let rules = prop::collection::vec(name.clone().prop_flat_map(rule), 1..3);
    let choice = (rules, name).prop_map(|(rules, default)| Choice::new(rules, &default).into());
    let end = prop_oneof![Just(Succeed::default().into()), Just(Fail::new("One", "as written").into())];
    let leaf = prop_oneof![5 => task, 2 => pass, 1 => wait, 2 => choice, 1 => end];
    if depth == 0 {
        return leaf.boxed();
    }
    let branches = prop::collection::vec(any::<()>(), 1..4).prop_flat_map(move |branches| {
        let branches = (0..branches.len()).map(|index| states(format!("{scope}{index}"), depth - 1));
        branches.collect::<Vec<_>>()
    });
    let parallel =
        (branches, path(), retries(), catch, next).prop_map(|(branches, result_path, retry, catch, next)| {
            let branches = branches
                .into_iter()
                .map(|(start_at, states)| Branch { comment: None, start_at, states })
                .collect();
            Parallel { branches, result_path, retry, catch, end: next.is_none(), next, ..Parallel::default() }
                .into()
        });
    prop_oneof![5 => leaf, 1 => parallel].boxed()
}

fn states(scope: String, depth: u32) -> BoxedStrategy<(String, States)> {
    (1..5_usize)
        .prop_flat_map(move |count| {
            let names: Vec<String> = (0..count).map(|index| format!("S{scope}_{index}")).collect();
            let states: Vec<_> =
                (0..count).map(|_| state(format!("{scope}_"), names.clone(), depth)).collect();
            (Just(names), states)
        })
        .prop_map(|(names, states)| (names[0].clone(), names.into_iter().zip(states).collect()))
        .boxed()
}

fn machine() -> impl Strategy<Value = StateMachine> {
    (states(String::new(), 2), prop::option::of(1..500_u64)).prop_map(
        |((start_at, states), timeout_seconds)| StateMachine {
            comment: None,
            start_at,
            timeout_seconds,
            states,
        },
    )
}

/// What becomes of attempts, in order, over and over: error or result, and milliseconds.
fn answers() -> impl Strategy<Value = Vec<(u8, u64)>> {
    prop::collection::vec((0..6_u8, 0..30_000_u64), 1..20)
}

fn input() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"a": 1, "c": [true]})),
        Just(json!({"a": {"b": true}})),
        Just(json!([])),
        Just(json!({"a": true, "error": {}}))
    ]
}

/// Runs to the end; panics when there is none.
fn run<'p>(
    machine: &'p Prepared,
    input: &Value,
    answers: &[(u8, u64)],
) -> (Execution<'p>, Vec<(String, u32)>) {
    let mut execution = Execution::begin(machine, input.clone(), Duration::ZERO, || 0.7);
    let (mut running, mut attempts) = (Vec::new(), Vec::new());
    for _ in 0..200_000 {
        match execution.poll() {
            Command::RunTask { token, state, attempt, at, deadline, .. } => {
                let (kind, takes_ms) = answers[attempts.len() % answers.len()];
                attempts.push((state.to_owned(), attempt));
                assert!(deadline > at);
                running.push((at + Duration::from_millis(takes_ms), token, kind));
            }
            Command::WaitUntil(until) => {
                let first = (0..running.len()).min_by_key(|index| running[*index].0);
                match first.filter(|index| running[*index].0 <= until) {
                    None => execution.advance(until),
                    Some(index) => {
                        let (at, token, kind) = running.remove(index);
                        match kind {
                            0 => execution.fail(token, "One", None, at),
                            1 => execution.fail(token, "Two", "why".to_owned(), at),
                            2 => execution.complete(token, json!({"a": {"b": 1}}), at),
                            _ => execution.complete(token, json!(true), at),
                        };
                    }
                }
            }
            Command::Finished(_) => return (execution, attempts),
        }
    }
    panic!("it does not end: {execution:?}");
}

/// Most retries that a task may have in one visit.
fn retries_max(states: &States, found: &mut BTreeMap<String, u32>) {
    for (name, state) in states {
        let times = state.retry().iter().map(|retry| retry.max_attempts.unwrap_or(3)).sum();
        found.insert(name.clone(), times);
        if let State::Parallel(parallel) = state {
            parallel.branches.iter().for_each(|branch| retries_max(&branch.states, found));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_random_machine_ends_and_keeps_to_its_retries(machine in machine(), input in input(), answers in answers()) {
        let prepared = Prepared::new(&machine).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        let (execution, attempts) = run(&prepared, &input, &answers);
        let mut allowed = BTreeMap::new();
        retries_max(&machine.states, &mut allowed);
        for (state, attempt) in &attempts {
            prop_assert!(*attempt <= allowed[state], "{} is attempted once more than {}", state, allowed[state]);
        }
        let mut now = Duration::ZERO;
        let mut inside: BTreeMap<&str, i64> = BTreeMap::new();
        for visit in execution.trace() {
            prop_assert!(visit.at >= now, "time goes back");
            now = visit.at;
            let depth = inside.entry(visit.state).or_default();
            *depth += if visit.passage == Passage::Entered { 1 } else { -1 };
            prop_assert!(*depth >= 0, "{} is exited before it is entered", visit.state);
        }
        if let Some(limit) = machine.timeout_seconds {
            prop_assert!(now <= Duration::from_secs(limit), "it goes on after its time");
        }
        if let Some(Outcome::Succeeded(_)) = execution.outcome() {
            let last = execution.trace().last().expect("it entered a state");
            prop_assert!(machine.states[last.state].is_terminal(), "it ends in a state that ends it");
        }
        let again = run(&prepared, &input, &answers).0;
        prop_assert_eq!(again.outcome(), execution.outcome());
        prop_assert!(again.trace().eq(execution.trace()), "the same again");
    }

    #[test]
    fn a_broken_machine_is_refused_or_runs(mut machine in machine(), breakage in 0..7, which in any::<prop::sample::Index>()) {
        let name = machine.states.get_index(which.index(machine.states.len())).expect("a state").0.clone();
        let gone = "Nowhere".to_owned();
        let broken: State = match breakage {
            0 => Task { next: Some(gone), ..Task::new("r", 1) }.into(),
            1 => Task { end: true, parameters: Some(json!({"x.$": "$$.Execution.Id"})), ..Task::new("r", 1) }.into(),
            2 => Pass { end: true, input_path: Some(Path::at("$..a")), ..Pass::default() }.into(),
            3 => Wait { end: true, ..Wait::default() }.into(),
            4 => Choice { choices: vec![Rule::default()], ..Choice::default() }.into(),
            5 => Parallel::new(vec![Branch::new("Nowhere")]).into(),
            _ => Task { end: true, parameters: Some(json!({"x.$": 7})), ..Task::new("r", 1) }.into(),
        };
        machine.states.insert(name.clone(), broken);
        let problems = Prepared::new(&machine).expect_err("it is refused");
        prop_assert!(problems.iter().any(|problem| problem.place == name), "{:?}", problems);
    }
}
