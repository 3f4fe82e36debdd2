//! Goal: a drill proves what it says, says when orders were lost, and leaves nothing behind however it ends.
//! Method: real drills of a short scenario through the command, two of them at the same time.

mod containers;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use drill::environment::Environment;
use drill::report::{Outcome, Report};
use recovery::verdict::Verdict;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::standfast::{Said, checkout, functions, run, standfast};
use crate::traces::Private;

/// Not more than two drills at once, whatever the number of test threads.
static STAGE: Mutex<()> = Mutex::new(());

/// The shipped scenario, shortened where that changes nothing but the waiting.
const SHORT: &str = r#"
name = "short"
summary = "the primary region is lost, and the test does not wait for long"
must = ["orders go on"]
must_not = ["orders are lost"]
load = { steady_s = 8, after_recovery_s = 5, limit_s = 150 }
replication = { wal_delay_ms = 2000, session_lag_ms = 500 }
fault = [{ at_s = 0, region = "home", kind = "lost" }]
"#;

/// One drill with a place of its own for temporary files.
struct Rehearsal {
    private: Private,
    _scenario: tempfile::TempDir,
    command: Command,
}

/// A drill that ran, with the directory that it was to write its report into.
struct Reported {
    said: Said,
    directory: tempfile::TempDir,
}

impl Rehearsal {
    fn reported(arguments: &[&str]) -> Reported {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut rehearsal = Self::new(arguments);
        rehearsal.command.arg("--report").arg(directory.path());
        Reported { said: rehearsal.finish(), directory }
    }

    fn new(arguments: &[&str]) -> Self {
        Self::of("deployments/trading.toml", SHORT, arguments)
    }

    fn of(deployment: &str, what: &str, arguments: &[&str]) -> Self {
        // Also makes the environment where this is the first test to need it.
        Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
        let scenario = tempfile::tempdir().expect("a temporary directory");
        let file = scenario.path().join("short.toml");
        std::fs::write(&file, what).expect("a scenario file");
        let private = Private::new();
        let mut command = standfast(&checkout());
        command.args(["--deployment", deployment]).arg("drill").arg(file).args(arguments).args([
            "--orders-per-second",
            "10",
            "--seed",
            "7",
        ]);
        command.arg("--functions").arg(functions());
        command.arg("--cache").arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/standfast-cache"));
        command.env("TMPDIR", private.path());
        Self { private, _scenario: scenario, command }
    }

    /// Runs to the end; nothing is left then.
    fn finish(mut self) -> Said {
        let said = Said::of(self.command.output().expect("the command starts"));
        self.private.assert_empty();
        said
    }

    /// Sends the signal as soon as the narration says `phase`; the drill must go quickly and without a trace.
    fn end_with(mut self, signal: Signal, phase: &str) {
        let mut child = self.command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut narration = String::new();
        while !narration.contains(phase) {
            let line = lines.next().expect("it does not end before").expect("it writes UTF-8");
            narration += &(line + "\n");
        }
        assert!(!self.private.processes().is_empty(), "this test could not see what is left");
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let signalled = Instant::now();
        let code = wait(&mut child, Duration::from_secs(30));
        assert_eq!(code, Some(1), "after {:?}: {narration}", signalled.elapsed());
        narration.extend(lines.map_while(Result::ok));
        assert!(narration.contains("error: interrupted"), "{narration}");
        self.private.assert_empty();
    }
}

fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let since = Instant::now();
    while since.elapsed() < limit {
        if let Some(status) = child.try_wait().expect("it is ours") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("it is ours");
    None
}

/// A drill as it is meant to be and one without replay, at the same time.
fn both() -> &'static [Reported; 2] {
    static BOTH: OnceLock<[Reported; 2]> = OnceLock::new();
    BOTH.get_or_init(|| {
        let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::scope(|scope| {
            let whole = scope.spawn(|| Rehearsal::reported(&["--output", "json"]));
            let without = scope.spawn(|| Rehearsal::reported(&["--output", "json", "--without-replay"]));
            [whole, without].map(|drill| drill.join().expect("a drill leaves nothing behind"))
        })
    })
}

fn report(said: &Said) -> Report {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[test]
fn a_lost_region_loses_no_order() {
    let said = &both()[0].said;
    assert_eq!(said.code, Some(0), "{}\n{}", said.err, said.out);
    let report = report(said);
    assert_eq!((report.verdict, report.scenario.as_str(), report.seed), (Outcome::Passed, "short", 7));
    assert!(report.loss.commits_lost_by_database > 0, "the run would prove nothing: {report:?}");
    let loss = report.loss;
    assert_eq!((loss.orders_lost, loss.orders_settled_twice, loss.ledger_imbalance), (0, 0, 0), "{loss:?}");
    assert_eq!((report.fencing.writes_below_fence, report.fencing.owners_per_epoch_max), (0, 1));
    assert_eq!((report.sessions.stale_served, report.sessions.lost), (0, 0));
    assert!(
        report.recovery.is_some_and(|recovery| recovery.met) && report.sessions.checked > 0,
        "{report:?}"
    );
    assert!(report.orders.offered >= report.orders.acknowledged && report.orders.acknowledged > 100);
    assert!(!report.not_exercised.is_empty() && !report.timeline.is_empty());
    for phase in ["deploying every stack", "steady load", "reading what the databases hold"] {
        assert!(said.err.contains(phase), "no `{phase}` in:\n{}", said.err);
    }
}

#[test]
fn without_replay_the_drill_says_how_many_orders_were_lost() {
    let said = &both()[1].said;
    assert_eq!(said.code, Some(3), "{}\n{}", said.err, said.out);
    let report = report(said);
    assert_eq!(report.verdict, Outcome::Failed);
    let lost = report.loss.orders_lost;
    assert!(lost > 0, "{report:?}");
    let sentence = format!("{lost} acknowledged orders were lost");
    assert!(report.why.iter().any(|why| why.contains(&sentence)), "no `{sentence}` in {:?}", report.why);
}

#[test]
fn a_history_is_judged_as_the_drill_judged_it() {
    for (drill, code) in both().iter().zip([0, 3]) {
        let report = report(&drill.said);
        let directory = drill.directory.path().to_str().expect("paths of tests are text");
        let said = run(&checkout(), &["verify", directory, "--output", "json"]);
        assert_eq!(said.code, Some(code), "{said:?}");
        let judged: Value = serde_json::from_str(&said.out).expect("one JSON object");
        let verdict: Verdict = serde_json::from_value(judged["verdict"].clone()).expect("a verdict");
        assert_eq!(verdict.orders_lost, report.loss.orders_lost);
        assert_eq!(verdict.commits_lost_by_database, report.loss.commits_lost_by_database);
        assert_eq!(verdict.orders_offered, report.orders.offered);
        assert_eq!(verdict.writes_refused, report.fencing.writes_refused);
        assert_eq!(
            verdict.accepted_again_s,
            report.recovery.as_ref().and_then(|times| times.accepted_again_s)
        );
        assert_eq!(verdict.settled_again_s, report.recovery.as_ref().and_then(|times| times.settled_again_s));
        assert_eq!(report.why[..verdict.why.len()], verdict.why);
    }
}

#[test]
fn the_report_has_exactly_the_documented_keys() {
    let text = &both()[0].said.out;
    let value: Value = serde_json::from_str(text).expect("one JSON object");
    let keys: BTreeMap<&str, Vec<&str>> = value
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, value)| {
            let below = value.as_object().map(|below| below.keys().map(String::as_str).collect());
            (key.as_str(), below.unwrap_or_default())
        })
        .collect();
    let documented: [(&str, &[&str]); 18] = [
        ("scenario", &[]),
        ("deployment", &[]),
        ("deployment_environment", &[]),
        ("seed", &[]),
        ("commit", &[]),
        ("fault_at", &[]),
        ("orders", &["offered", "acknowledged", "refused", "unknown"]),
        (
            "recovery",
            &[
                "accepted_again_s",
                "accepted_again_two_endpoints_s",
                "settled_again_s",
                "objective_s",
                "settlement_objective_s",
                "recovery_point_s",
                "recovery_point_objective_s",
                "met",
            ],
        ),
        ("loss", &["commits_lost_by_database", "orders_lost", "orders_settled_twice", "ledger_imbalance"]),
        ("fencing", &["writes_refused", "writes_below_fence", "owners_per_epoch_max"]),
        ("sessions", &["checked", "stale_served", "lost"]),
        ("expected", &[]),
        ("timeline", &[]),
        ("failback", &[]),
        ("not_exercised", &[]),
        ("verdict", &[]),
        ("why", &[]),
        (
            "environment",
            &[
                "platform",
                "processors",
                "emulator",
                "database",
                "profile",
                "wal_delay_ms",
                "orders_per_second",
                "arrival_late_max_ms",
            ],
        ),
    ];
    assert_eq!(keys, documented.map(|(key, below)| (key, below.to_vec())).into());
    assert!(value["failback"].is_null());
    assert!(matches!(value["verdict"].as_str(), Some("passed" | "failed")));
    for event in value["timeline"].as_array().expect("a list") {
        let keys: Vec<&String> = event.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["at_s", "region", "event", "detail"]);
    }
    let parsed: Report = serde_json::from_str(text).expect("a report");
    assert_eq!(
        serde_json::to_value(&parsed).expect("a report is plain data"),
        value,
        "an undocumented field"
    );
}

#[test]
fn ctrl_c_under_load_leaves_nothing() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    Rehearsal::new(&[]).end_with(Signal::INT, "steady load");
}

#[test]
fn sigterm_while_the_stage_is_being_set_leaves_nothing() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    Rehearsal::new(&[]).end_with(Signal::TERM, "deploying every stack");
}
