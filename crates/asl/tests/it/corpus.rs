//! Small machines with scripted tasks and the end each must come to. Each engine that runs them is asked for the
//! same: how it ended, which states it entered, and what it gave to which task. The interpreter is run here; the test
//! of the emulator's engine includes this file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use asl::{Command, Execution, Outcome, Passage, Prepared, StateMachine, Token};
use serde::Deserialize;
use serde_json::{Value, json};

/// One file of the corpus.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the file, without its ending.
    #[serde(skip)]
    pub name: String,
    /// What it shows.
    pub about: String,
    pub machine: Value,
    pub runs: Vec<Run>,
}

/// One execution of its machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub input: Value,
    /// What the attempts at each task end with, in order; the last one repeats. A task that is not named returns what
    /// it was given.
    #[serde(default)]
    pub tasks: Script,
    pub end: End,
    /// States of the machine itself, not of its branches, in the order in which they are entered.
    pub states: Vec<String>,
    /// How often each task is attempted.
    #[serde(default)]
    pub attempts: BTreeMap<String, usize>,
    /// What the emulator's engine does instead.
    #[serde(default)]
    pub differs: Option<Difference>,
}

pub type Script = BTreeMap<String, Vec<Answer>>;

/// What an attempt at a task ends with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    #[serde(default)]
    pub takes_ms: u64,
    /// Absent, as is the error: what it was given.
    #[serde(default)]
    pub returns: Option<Value>,
    /// Name of the error that it fails with.
    #[serde(default)]
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Succeeded(Value),
    Failed { error: String, cause: Option<String> },
    TimedOut,
}

/// How the emulator departs; what is absent is as expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The row of the table in `docs/asl.md` that explains it.
    pub row: String,
    pub end: Option<End>,
    pub states: Option<Vec<String>>,
    pub attempts: Option<BTreeMap<String, usize>>,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub end: End,
    pub states: Vec<String>,
    /// What each attempt at each task was given.
    pub given: BTreeMap<String, Vec<Value>>,
}

impl Run {
    /// What it did that is not expected of it.
    pub fn objection(&self, seen: &Seen) -> Option<String> {
        let attempts = seen.attempts();
        let attempted =
            |(task, count): (&String, &usize)| attempts.get(task).copied().unwrap_or_default() == *count;
        let as_expected = seen.end == self.end && seen.states == self.states;
        (!as_expected || !self.attempts.iter().all(attempted))
            .then(|| format!("{seen:?} instead of {self:?}"))
    }
}

impl Seen {
    pub fn attempts(&self) -> BTreeMap<String, usize> {
        self.given.iter().map(|(task, given)| (task.clone(), given.len())).collect()
    }
}

/// Every file of the corpus, by name.
pub fn cases() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../asl/corpus");
    let entries = std::fs::read_dir(&directory).expect("the corpus is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Case {
    let text = std::fs::read_to_string(file).expect("a text");
    let case: Case =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
    Case { name, ..case }
}

/// Runs a machine in the interpreter, in virtual time.
pub fn interpret(machine: &Value, input: &Value, script: &Script) -> Seen {
    let machine: StateMachine = serde_json::from_value(machine.clone()).expect("a machine of ours");
    let names: BTreeSet<String> = machine.states.keys().cloned().collect();
    let machine = Prepared::new(&machine).expect("a machine that can be run");
    let mut execution = Execution::begin(&machine, input.clone(), Duration::ZERO, || 0.5);
    let mut given: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut running: Vec<(Duration, Token, Result<Value, String>)> = Vec::new();
    let outcome = loop {
        match execution.poll() {
            Command::RunTask { token, input, at, .. } => {
                let payload = &input["Payload"];
                let task = name_of(payload).to_owned();
                let attempts = given.entry(task.clone()).or_default();
                let answer = answer(script, &task, attempts.len());
                attempts.push(payload.clone());
                let result = match answer.error {
                    Some(error) => Err(error),
                    None => Ok(answer.returns.unwrap_or_else(|| echo(payload))),
                };
                running.push((at + Duration::from_millis(answer.takes_ms), token, result));
            }
            Command::WaitUntil(until) => {
                let first = (0..running.len()).min_by_key(|index| running[*index].0);
                match first.filter(|index| running[*index].0 <= until) {
                    Some(index) => {
                        let (at, token, result) = running.remove(index);
                        match result {
                            Ok(result) => execution.complete(token, json!({ "Payload": result }), at),
                            Err(error) => {
                                execution.fail(token, error.clone(), format!("{error}: as scripted"), at)
                            }
                        };
                    }
                    None => execution.advance(until),
                }
            }
            Command::Finished(outcome) => break outcome,
        }
    };
    let entered = execution.trace().filter(|visit| visit.passage == Passage::Entered);
    let states = entered.map(|visit| visit.state.to_owned()).filter(|state| names.contains(state)).collect();
    let end = match outcome {
        Outcome::Succeeded(output) => End::Succeeded((*output).clone()),
        Outcome::Failed(error) => End::Failed { error: error.error, cause: error.cause },
        Outcome::TimedOut => End::TimedOut,
    };
    Seen { end, states, given }
}

/// Name by which a script knows a task: that of the corpus, or the action of a step of ours.
fn name_of(payload: &Value) -> &str {
    payload["task"].as_str().or(payload["action"].as_str()).expect("a payload names its task")
}

fn answer(script: &Script, task: &str, attempt: usize) -> Answer {
    let answers = script.get(task).map(Vec::as_slice).unwrap_or_default();
    answers.get(attempt).or(answers.last()).cloned().unwrap_or_default()
}

/// What a task that is not scripted returns.
fn echo(payload: &Value) -> Value {
    let fields = payload.as_object().expect("a payload is an object").iter();
    fields
        .filter(|(name, _)| !["task", "run"].contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}
