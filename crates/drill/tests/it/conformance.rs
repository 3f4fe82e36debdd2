//! Goal: the interpreter of `asl` and the emulator's own engine of Step Functions, which have nothing in common, run
//! state machines alike: the same end, the same states in the same order, the same attempts at tasks with the same
//! input. Method: the corpus of `asl`, and the workflows as they are deployed but for long intervals between retries;
//! every task is a function that answers from a script. What is known to differ stands in the corpus and in
//! `docs/asl.md`, and must differ in just that way.

#[path = "../../../asl/tests/it/corpus.rs"]
mod corpus;
mod engine;

use std::collections::BTreeMap;
use std::sync::Arc;

use corpus::{Answer, Difference, End, Script, Seen, cases, interpret};
use engine::Engine;
use recovery::deployment::Deployment;
use recovery::step::{Action, error};
use recovery::workflow::{failback, workflow};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const AT_ONCE: usize = 16;

/// One execution, for both engines.
struct Pair {
    place: String,
    machine: Value,
    input: Value,
    script: Script,
    /// In what the emulator is known to differ.
    differs: Option<Difference>,
    /// A task that it alone attempts, for it does not stop the branches beside one that fails.
    goes_on: Option<&'static str>,
}

impl Pair {
    /// Runs it in both, and says in what they disagree.
    async fn disagreement(self, engine: Arc<Engine>) -> Option<String> {
        let ours = interpret(&self.machine, &self.input, &self.script);
        let theirs = engine.run(&self.machine, &self.input, &self.script).await;
        let mut expected = expected(&ours, self.differs.as_ref());
        expected.2.extend(self.goes_on.map(|task| (task.to_owned(), 1)));
        let attempts = theirs.attempts();
        let same = (&theirs.end, &theirs.states, &attempts) == (&expected.0, &expected.1, &expected.2);
        let as_expected = self.differs.is_some() || self.goes_on.is_some();
        let given = as_expected || ours.given == theirs.given;
        (!same || !given)
            .then(|| format!("{}:\n expected {expected:?}\n  ours {ours:?}\n  theirs {theirs:?}", self.place))
    }
}

/// End, states and attempts that the emulator must show.
fn expected(ours: &Seen, differs: Option<&Difference>) -> (End, Vec<String>, BTreeMap<String, usize>) {
    let differs = differs.cloned();
    let (end, states, attempts) =
        differs.map(|differs| (differs.end, differs.states, differs.attempts)).unwrap_or_default();
    (
        engine::comparable(end.unwrap_or_else(|| ours.end.clone())),
        states.unwrap_or_else(|| ours.states.clone()),
        attempts.unwrap_or_else(|| ours.attempts()),
    )
}

async fn agree(pairs: Vec<Pair>) {
    let engine = Arc::new(Engine::start().await);
    let count = pairs.len();
    let mut running = JoinSet::new();
    let mut disagreements = Vec::new();
    for pair in pairs {
        // Most of them wait most of the time, but each keeps a process of the function.
        while running.len() >= AT_ONCE {
            disagreements.extend(running.join_next().await.expect("one runs").expect("it does not panic"));
        }
        running.spawn(pair.disagreement(Arc::clone(&engine)));
    }
    while let Some(ended) = running.join_next().await {
        disagreements.extend(ended.expect("it does not panic"));
    }
    assert!(disagreements.is_empty(), "{} of {count}:\n{}", disagreements.len(), disagreements.join("\n"));
}

#[tokio::test]
async fn the_corpus_runs_alike_but_for_the_known_differences() {
    let pairs = cases().into_iter().flat_map(|case| {
        let machine = case.machine;
        case.runs.into_iter().enumerate().map(move |(number, run)| {
            let row = run.differs.as_ref().map(|differs| &differs.row);
            let place = format!("{} run {number} ({row:?}): {}", case.name, case.about);
            let ours = interpret(&machine, &run.input, &run.tasks);
            assert_eq!(run.objection(&ours), None, "{place}");
            let machine = machine.clone();
            Pair { place, machine, input: run.input, script: run.tasks, differs: run.differs, goes_on: None }
        })
    });
    agree(pairs.collect()).await;
}

#[tokio::test]
async fn the_deployed_workflows_run_alike_whatever_step_fails() {
    let text = include_str!("../../../../deployments/trading.toml");
    let deployment = Deployment::parse(text, "trading.toml").expect("the shipped file is valid");
    let function = "arn:aws:lambda:us-east-1:000000000000:function:scripted";
    let mut pairs = Vec::new();
    for (name, machine, actions) in [
        ("failover", workflow(&deployment, function), &Action::FAILOVER[..]),
        ("failback", failback(&deployment, function), &Action::FAILBACK[..]),
    ] {
        let mut machine = serde_json::to_value(machine).expect("a machine is JSON");
        hurry(&mut machine);
        let mut pair = |place: String, script: Script, goes_on: Option<&'static str>| {
            let input = json!({"context": {"epoch": 2, "region": "us-east-2"}});
            pairs.push(Pair { place, machine: machine.clone(), input, script, differs: None, goes_on });
        };
        pair(format!("{name}, all well"), well(actions), None);
        for action in actions {
            let step = name_of(*action);
            let mut script = well(actions);
            script.insert(step.clone(), vec![fails(error::INVALID)]);
            pair(format!("{name}, {step} fails for good"), script, goes_on(*action));
            let mut script = well(actions);
            script.entry(step.clone()).or_default().insert(0, fails(error::NOT_YET));
            pair(format!("{name}, {step} is late once"), script, None);
        }
    }
    agree(pairs).await;
}

/// Nothing here is about long waits: no retry comes later than after a second.
fn hurry(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(interval) = fields.get_mut("IntervalSeconds") {
                *interval = json!(1);
            }
            fields.values_mut().for_each(hurry);
        }
        Value::Array(list) => list.iter_mut().for_each(hurry),
        _ => {}
    }
}

/// The step of a branch beside that of a step that fails, which the emulator runs although it should be stopped.
fn goes_on(failed: Action) -> Option<&'static str> {
    match failed {
        Action::PromoteDatabase => Some("verify_compute"),
        Action::PrepareCompute => Some("raise_fence"),
        _ => None,
    }
}

fn name_of(action: Action) -> String {
    json!(action).as_str().expect("a name").to_owned()
}

fn fails(error: &str) -> Answer {
    Answer { error: Some(error.to_owned()), ..Answer::default() }
}

/// Every step does its work; what comes in pages has three.
fn well(actions: &[Action]) -> Script {
    let page = |done: bool, cursor: Option<&str>| Answer {
        returns: Some(json!({ "done": done, "cursor": cursor })),
        ..Answer::default()
    };
    let pages = [page(false, Some("one")), page(false, Some("two")), page(true, None)];
    let answers = |action| match action {
        Action::ReplayJournal | Action::CompareJournal => pages.to_vec(),
        _ => vec![page(true, None)],
    };
    actions.iter().map(|action| (name_of(*action), answers(*action))).collect()
}
