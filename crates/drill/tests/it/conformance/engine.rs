//! The emulator's engine of Step Functions, with one function that answers from scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;
use http_body_util::Full;
use serde_json::{Value, json};

use super::corpus::{End, Script, Seen};
use crate::assembly::{json_call, send};

const REGION: &str = "us-east-1";
const FUNCTION: &str = "scripted";
const PAUSE: Duration = Duration::from_millis(250);
/// Looks at a run before it is given up: two minutes and a half.
const LOOKS: u32 = 600;

/// Each attempt claims the next number of its task, leaves there what it was given, and answers with what the script
/// says of that number.
const BOOTSTRAP: &str = r#"
import json, os, time, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"

def claim(directory, task, event):
    attempt = 0
    while True:
        try:
            with open(f"{directory}/{task}.{attempt:04}", "x") as file:
                json.dump(event, file)
            return attempt
        except FileExistsError:
            attempt += 1

while True:
    request = urllib.request.urlopen(base + "next")
    id = request.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.load(request)
    directory = os.path.join(os.environ["RUNS"], event.pop("run"))
    task = event["task"] if "task" in event else event["action"]
    attempt = claim(directory, task, event)
    with open(os.path.join(directory, "script.json")) as file:
        answers = json.load(file).get(task) or [{}]
    answer = answers[min(attempt, len(answers) - 1)]
    time.sleep(answer.get("takes_ms", 0) / 1000)
    if "error" in answer:
        kind, body = "/error", {"errorType": answer["error"], "errorMessage": "as scripted"}
    else:
        event.pop("task", None)
        kind, body = "/response", answer.get("returns", event)
    answer = urllib.request.Request(base + id + kind, json.dumps(body).encode())
    urllib.request.urlopen(answer).read()
"#;

/// A running emulator with the scripted function in it.
pub struct Engine {
    emulator: Emulator,
    runs: tempfile::TempDir,
    count: AtomicU64,
}

impl Engine {
    pub async fn start() -> Self {
        let environment =
            Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
        let directory = Arc::new(RunDirectory::temporary().expect("a run directory"));
        let emulator = Emulator::start(&environment, &directory).await.expect("it starts");
        let runs = tempfile::tempdir().expect("a temporary directory");
        create_function(&emulator, &environment.python(), runs.path()).await;
        Self { emulator, runs, count: AtomicU64::new(0) }
    }

    /// Runs a machine to its end.
    pub async fn run(&self, machine: &Value, input: &Value, script: &Script) -> Seen {
        let run = format!("run-{}", self.count.fetch_add(1, Ordering::Relaxed));
        let directory = self.runs.path().join(&run);
        std::fs::create_dir(&directory).expect("a directory");
        std::fs::write(directory.join("script.json"), json_of(script).to_string()).expect("a file");
        let mut own = machine.clone();
        name_run(&mut own, &run);
        let role = "arn:aws:iam::000000000000:role/states";
        let created = self
            .states(
                "CreateStateMachine",
                json!({"name": run, "definition": own.to_string(), "roleArn": role}),
            )
            .await;
        let started = self
            .states(
                "StartExecution",
                json!({"stateMachineArn": created["stateMachineArn"], "input": input.to_string()}),
            )
            .await;
        let execution = &started["executionArn"];
        let ended = self.ended(execution).await;
        // Attempts of branches that go on by themselves would be missed.
        let states = self.entered(execution, machine).await;
        Seen { end: end(&ended), states, given: given(&directory) }
    }

    async fn ended(&self, execution: &Value) -> Value {
        for _ in 0..LOOKS {
            let described = self.states("DescribeExecution", json!({ "executionArn": execution })).await;
            if described["status"] != "RUNNING" {
                return described;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{execution} does not end");
    }

    /// The states of the machine itself that its history says were entered.
    async fn entered(&self, execution: &Value, machine: &Value) -> Vec<String> {
        let names: BTreeSet<&String> = machine["States"].as_object().expect("states").keys().collect();
        let asked = json!({"executionArn": execution, "maxResults": 1000});
        let history = self.states("GetExecutionHistory", asked).await;
        assert!(history.get("nextToken").is_none(), "one page is enough");
        let events = history["events"].as_array().expect("events");
        let entered = events.iter().filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str());
        entered.map(str::to_owned).filter(|name| names.contains(name)).collect()
    }

    async fn states(&self, action: &str, body: Value) -> Value {
        let target = format!("AWSStepFunctions.{action}");
        let (status, answer) = json_call(&self.emulator, REGION, "states", &target, body).await;
        assert_eq!(status, 200, "{action}: {answer}");
        serde_json::from_str(&answer).expect("an answer in JSON")
    }
}

async fn create_function(emulator: &Emulator, python: &Path, runs: &Path) {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let executable = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file("bootstrap", executable).expect("an entry");
    write!(archive, "#!{}\n{BOOTSTRAP}", python.display()).expect("memory takes everything");
    let archive = archive.finish().expect("an archive").into_inner();
    let body = json!({
        "FunctionName": FUNCTION, "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 60,
        "Role": "arn:aws:iam::000000000000:role/function", "Code": {"ZipFile": base64(&archive)},
        "Environment": {"Variables": {"RUNS": runs}},
    });
    let scope = format!("drill/20000101/{REGION}/lambda/aws4_request");
    let request = http::Request::post(format!("{}/2015-03-31/functions", emulator.endpoint()))
        .header("content-type", "application/json")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        );
    let request = request.body(Full::new(bytes::Bytes::from(body.to_string()))).expect("a request");
    let (status, answer) = send(request).await;
    assert_eq!(status, 201, "{answer}");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = usize::try_from(bits >> (18 - 6 * digit) & 63).expect("six bits");
            text.push(if digit > chunk.len() { '=' } else { char::from(DIGITS[value]) });
        }
    }
    text
}

/// Tells each task which run it belongs to.
fn name_run(value: &mut Value, run: &str) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(parameters)) = fields.get_mut("Parameters")
                && let Some(Value::Object(payload)) = parameters.get_mut("Payload")
            {
                payload.insert("run".to_owned(), json!(run));
            }
            fields.values_mut().for_each(|field| name_run(field, run));
        }
        Value::Array(list) => list.iter_mut().for_each(|element| name_run(element, run)),
        _ => {}
    }
}

fn json_of(script: &Script) -> Value {
    let answers = script.iter().map(|(task, answers)| {
        let answers: Vec<Value> = answers
            .iter()
            .map(|answer| {
                let mut fields = json!({ "takes_ms": answer.takes_ms });
                if let Some(error) = &answer.error {
                    fields["error"] = json!(error);
                }
                if let Some(returns) = &answer.returns {
                    fields["returns"] = returns.clone();
                }
                fields
            })
            .collect();
        (task.clone(), json!(answers))
    });
    answers.collect()
}

fn given(directory: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut files: Vec<_> =
        std::fs::read_dir(directory).expect("a directory").flatten().map(|e| e.path()).collect();
    files.sort();
    let mut given: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.ends_with("script.json")) {
        let task = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).expect("a text");
        given.entry(task).or_default().push(serde_json::from_str(&text).expect("what a task was given"));
    }
    given.values_mut().flatten().for_each(shorten);
    given
}

fn end(ended: &Value) -> End {
    let text = |field: &str| ended[field].as_str().map(str::to_owned);
    let end = match ended["status"].as_str() {
        Some("SUCCEEDED") => {
            End::Succeeded(serde_json::from_str(&text("output").expect("an output")).expect("JSON"))
        }
        Some("FAILED") => End::Failed { error: text("error").expect("an error"), cause: text("cause") },
        Some("TIMED_OUT") => End::TimedOut,
        other => panic!("{other:?}"),
    };
    comparable(end)
}

/// Without what nobody promises: the words of the engine's own causes, and how a function's error is written.
pub fn comparable(end: End) -> End {
    match end {
        End::Succeeded(mut output) => {
            shorten(&mut output);
            End::Succeeded(output)
        }
        End::Failed { error, cause } => {
            let own = error.starts_with("States.") && error != "States.Runtime";
            let cause = cause.map(Value::from).filter(|_| !own).map(|mut cause| {
                shorten(&mut cause);
                cause.as_str().unwrap_or_default().to_owned()
            });
            End::Failed { error, cause }
        }
        End::TimedOut => End::TimedOut,
    }
}

/// The error of a function, wherever it stands, as the interpreter's side of the script writes it.
fn shorten(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::Array(list) => list.iter_mut().for_each(shorten),
        Value::String(text) => {
            let error: Option<Value> = serde_json::from_str(text).ok();
            let field = |name: &str| error.as_ref().and_then(|error| error[name].as_str());
            if let (Some(kind), Some(message)) = (field("errorType"), field("errorMessage")) {
                *text = format!("{kind}: {message}");
            }
        }
        _ => {}
    }
}
