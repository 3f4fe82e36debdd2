//! Goal: each flaw is found, at its place, and a sound machine has none. Method: one
//! sound machine; every test spoils it in one respect.

use super::*;
use crate::{Branch, Catch, Choice, Fail, Parallel, Pass, Rule, Succeed, Task, Wait};

fn task() -> Task {
    Task {
        retry: vec![Retry::on(&[ALL_ERRORS]).times(3).backoff(1, 2.0, 8)],
        catch: vec![Catch::all("Broken", "$.error")],
        ..Task::new("arn:aws:states:::lambda:invoke", 30)
    }
}

fn machine() -> StateMachine {
    let left = Branch::new("Left").with("Left", Pass { end: true, ..Pass::default() });
    let right = Branch::new("Right").with("Right", Wait { seconds: Some(1), end: true, ..Wait::default() });
    StateMachine::new("First")
        .with("First", task().then("Both"))
        .with("Both", Parallel::new(vec![left, right]).then("Which"))
        .with("Which", Choice::new(vec![Rule::boolean("$.done", true).then("Good")], "First"))
        .with("Good", Succeed::default())
        .with("Broken", Fail::new("Broken", "it broke"))
}

/// Spoils one state and returns what is found, one line per problem.
fn spoiled(name: &str, state: impl Into<State>) -> String {
    let mut machine = machine();
    machine.states.insert(name.to_owned(), state.into());
    found(&machine)
}

fn found(machine: &StateMachine) -> String {
    machine.check().iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

fn parallel(branches: Vec<Branch>) -> Parallel {
    Parallel::new(branches).then("Which")
}

#[test]
fn a_sound_machine_has_no_problem_and_survives_json() {
    assert_eq!(machine().check(), []);
    assert_eq!(machine().lint(), []);
    let json = machine().to_json();
    assert_eq!(serde_json::from_str::<StateMachine>(&json).expect("its own JSON"), machine());
    assert!(json.contains("\"ResultPath\": null"), "{json}");
}

#[test]
fn transitions_that_lead_nowhere() {
    let missing_start = StateMachine { start_at: "Zero".to_owned(), ..machine() };
    assert!(found(&missing_start).contains("machine: StartAt names `Zero`, which does not exist"));
    assert_eq!(
        spoiled("First", task().then("Nowhere")),
        "First: Next names `Nowhere`, which does not exist here\nBoth: no state leads here\nWhich: no state leads here\nGood: no state leads here"
    );
    let catch = Task { catch: vec![Catch::all("Left", "$.error")], ..task().then("Both") };
    assert!(spoiled("First", catch).starts_with("First: Catch names `Left`, which does not exist here"));
    let which = Choice::new(vec![Rule::boolean("$.done", true).then("Good")], "Left");
    assert_eq!(spoiled("Which", which), "Which: Default names `Left`, which does not exist here");
    let which = Choice::new(vec![Rule::boolean("$.done", true).then("Right")], "Good");
    assert_eq!(spoiled("Which", which), "Which: Choices names `Right`, which does not exist here");
    assert_eq!(spoiled("Extra", Succeed::default()), "Extra: no state leads here");
}

#[test]
fn states_that_do_not_end() {
    let neither = Branch::new("Left").with("Left", Pass::default());
    assert_eq!(
        spoiled("Both", parallel(vec![neither])),
        "Both: has no state that ends it\nBoth / Left: has neither Next nor End"
    );
    assert_eq!(spoiled("First", task().then("Both").end()), "First: has both Next and End");
    let endless =
        StateMachine::new("A").with("A", Pass::default().then("B")).with("B", Pass::default().then("A"));
    assert_eq!(found(&endless), "machine: has no state that ends it");
}

#[test]
fn tasks_that_may_hang() {
    let task = || task().then("Both");
    assert_eq!(spoiled("First", Task { timeout_seconds: None, ..task() }), "First: has no timeout");
    let beat = Task { heartbeat_seconds: Some(30), ..task() };
    assert_eq!(spoiled("First", beat), "First: has a heartbeat that is not shorter than its timeout");
}

#[test]
fn names_that_clash_or_are_too_long() {
    let clash = Branch::new("Good").with("Good", Succeed::default());
    assert_eq!(spoiled("Both", parallel(vec![clash])), "Good: the name occurs more than once in the machine");
    let twice = || Branch::new("Same").with("Same", Succeed::default());
    assert_eq!(
        spoiled("Both", parallel(vec![twice(), twice()])),
        "Both / Same: the name occurs more than once in the machine"
    );
    let (fits, long) = ("é".repeat(80), "n".repeat(81));
    assert_eq!(found(&StateMachine::new(&fits).with(&fits, Succeed::default())), "");
    assert!(found(&StateMachine::new(&long).with(&long, Succeed::default())).contains("1 to 80 characters"));
}

#[test]
fn choices_and_waits_that_are_incomplete() {
    let rule = || Rule::boolean("$.done", true).then("Good");
    let no_default = Choice { default: None, ..Choice::new(vec![rule()], "First") };
    assert_eq!(spoiled("Which", no_default), "Which: has no default");
    assert_eq!(spoiled("Which", Choice::new(vec![], "Good")), "Which: has no rule");
    let two = Rule { is_present: Some(true), ..rule() };
    assert_eq!(spoiled("Which", Choice::new(vec![two], "Good")), "Which: rule 1 needs exactly one test");
    let inner = Rule { and: Some(vec![rule()]), next: Some("Good".to_owned()), ..Rule::default() };
    let reason = "Which: rule 2 needs a next at the outermost level, and nowhere else";
    assert_eq!(spoiled("Which", Choice::new(vec![rule(), inner], "Good")), reason);
    let wait = Branch::new("Right").with("Right", Wait { end: true, ..Wait::default() });
    assert_eq!(spoiled("Both", parallel(vec![wait])), "Both / Right: must say exactly once how long to wait");
    assert_eq!(spoiled("Both", parallel(vec![])), "Both: has no branch");
}

#[test]
fn retries_that_never_match_or_are_refused() {
    let first = |retry: Vec<Retry>| spoiled("First", Task { retry, ..task().then("Both") });
    let after = vec![Retry::on(&[ALL_ERRORS]), Retry::on(&["NotYet"])];
    assert_eq!(first(after), "First: has a retry after the one for States.ALL, which must be the last");
    let beside = vec![Retry::on(&[ALL_ERRORS, "NotYet"])];
    assert_eq!(first(beside), "First: has a retry that names no error, or States.ALL beside others");
    for retry in [
        Retry::on(&["NotYet"]).backoff(1, 0.5, 8),
        Retry::on(&["NotYet"]).backoff(8, 2.0, 8),
        Retry::on(&["NotYet"]).backoff(0, 2.0, 8),
    ] {
        let flaw = "First: has a retry whose interval, backoff rate or longest delay is out of range";
        assert_eq!(first(vec![retry]), flaw);
    }
    let late = vec![Catch::all("Broken", "$.error"), Catch::on(&["NotYet"], "Broken", "$.error")];
    let late = spoiled("First", Task { catch: late, ..task().then("Both") });
    assert_eq!(late, "First: has a catch after the one for States.ALL, which must be the last");
}

#[test]
fn tasks_without_retry_or_catch_are_a_lint() {
    let bare = Branch::new("Left").with("Left", Task::new("arn:x", 1).end());
    let mut machine = machine();
    machine.states.insert("Both".to_owned(), parallel(vec![bare]).into());
    assert_eq!(machine.check(), []);
    let lint: Vec<String> = machine.lint().iter().map(Problem::to_string).collect();
    assert_eq!(lint, ["Both / Left: has no retry", "Both / Left: has no catch"]);
}

#[test]
fn json_with_unknown_fields_or_states_is_refused() {
    for json in [
        r#"{"StartAt":"A","States":{"A":{"Type":"Map","End":true}}}"#,
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Assign":{}}}}"#,
        r#"{"StartAt":"A","QueryLanguage":"JSONata","States":{"A":{"Type":"Pass","End":true}}}"#,
    ] {
        assert!(serde_json::from_str::<StateMachine>(json).is_err(), "{json}");
    }
}

#[test]
fn the_diagram_shows_every_transition() {
    let machine = machine().with("With a space", Succeed::default());
    insta::assert_snapshot!(machine.to_mermaid(), @r#"
    stateDiagram-v2
        state Both {
            [*] --> Left
            Left --> [*]
            --
            [*] --> Right
            Right --> [*]
        }
        state Which <<choice>>
        state "With a space" as s0_5
        [*] --> First
        First --> Both
        First --> Broken: on States.ALL
        Both --> Which
        Which --> Good: $.done is true
        Which --> First: otherwise
        Good --> [*]
        Broken --> [*]
        s0_5 --> [*]
    "#);
}
