//! One trial, step by step.

use std::fmt::Write;

use serde_json::json;
use sim::{LABEL, Replay, Shrunk};

use super::super::{BOLD, DIM, GREEN, RED};

/// The trial, for a terminal, and the fewest faults with which it still fails.
pub fn render(replay: &Replay, shrunk: Option<&Shrunk>) -> String {
    let mut text = format!("{BOLD}seed {}{BOLD:#} {DIM}{LABEL}{DIM:#}\n", replay.seed);
    lines(&mut text, &replay.lines);
    let count = replay.violations.len();
    let style = if count == 0 { GREEN } else { RED };
    let _ = writeln!(text, "{BOLD}violations{BOLD:#}: {style}{count}{style:#}");
    for violation in &replay.violations {
        let _ = writeln!(text, "  {violation}");
    }
    let Some(shrunk) = shrunk else { return text };
    let _ = writeln!(text, "\n{BOLD}the fewest faults that still fail{BOLD:#}");
    for fault in &shrunk.faults {
        let _ = writeln!(text, "  {fault:?}");
    }
    let mishaps = if shrunk.mishaps == sim::Mishaps::default() { "no" } else { "with" };
    let _ = writeln!(text, "  {mishaps} small mishaps");
    lines(&mut text, &shrunk.lines);
    text
}

fn lines(text: &mut String, lines: &[(f64, String)]) {
    for (at_s, line) in lines {
        let _ = writeln!(text, "{at_s:>10.3} s  {line}");
    }
}

/// The same as one JSON object.
pub fn as_json(replay: &Replay, shrunk: Option<&Shrunk>) -> String {
    let steps = |lines: &[(f64, String)]| -> Vec<_> {
        lines.iter().map(|(at_s, what)| json!({"at_s": at_s, "what": what})).collect()
    };
    let words =
        |violations: &[sim::Violation]| -> Vec<_> { violations.iter().map(ToString::to_string).collect() };
    let shrunk = shrunk.map(|shrunk| {
        json!({
            "faults": shrunk.faults,
            "mishaps": shrunk.mishaps,
            "violations": words(&shrunk.violations),
            "steps": steps(&shrunk.lines),
        })
    });
    let object = json!({
        "label": LABEL,
        "seed": replay.seed,
        "violations": words(&replay.violations),
        "steps": steps(&replay.lines),
        "shrunk": shrunk,
    });
    serde_json::to_string_pretty(&object).expect("texts and numbers always serialise")
}
