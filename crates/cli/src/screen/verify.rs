//! What a history was found to be.

use std::fmt::Write;

use drill::report::Recovery;
use recovery::checker::Invariant;
use recovery::verdict::Expectation;

use crate::command::verify::Judged;

use super::report::{Row, list, table, times};
use super::{BOLD, DIM, GREEN, RED};

/// Violations that are shown one by one; JSON has all of them.
const SHOWN_MAX: usize = 20;

/// The judgement, for a terminal.
pub fn render(judged: &Judged) -> String {
    let mut text = String::new();
    head(&mut text, judged);
    table(&mut text, "found", &rows(judged));
    violations(&mut text, judged);
    let why = judged.verdict.as_ref().map_or_else(Vec::new, |verdict| verdict.why.clone());
    let (holds, limits) = (judged.holds(), limits(judged));
    list(
        &mut text,
        if holds { "what limits the proof" } else { "why" },
        &if holds { [why, limits].concat() } else { why },
    );
    text
}

/// What the history says too little of.
fn limits(judged: &Judged) -> Vec<String> {
    let unpromised = "the history does not say what was promised or expected: only invariants are judged";
    let silent =
        judged.unjudged().into_iter().map(|invariant| format!("not judged: {}", invariant.statement()));
    judged.verdict.is_none().then(|| unpromised.to_owned()).into_iter().chain(silent).collect()
}

fn head(text: &mut String, judged: &Judged) {
    let (style, word) = if judged.holds() { (GREEN, "holds") } else { (RED, "does not hold") };
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}: {style}{word}{style:#}", judged.file);
    let header = &judged.recorded.header;
    let run = header.run.as_ref().map(|run| {
        format!(", {} on {}, seed {}, commit {}", run.scenario, run.deployment, run.seed, run.commit)
    });
    let _ = writeln!(text, "{DIM}told by {}{}{DIM:#}", header.source, run.unwrap_or_default());
    let [orders, sessions, settled, epochs] = judged.counts().map(|(_, count)| count);
    let _ = writeln!(
        text,
        "{DIM}{orders} orders placed, {settled} settled, {sessions} operations on sessions, {epochs} epochs{DIM:#}\n"
    );
}

fn rows(judged: &Judged) -> Vec<Row> {
    let objectives = judged.recorded.header.objectives.as_ref();
    let mut rows = match (&judged.verdict, objectives, &judged.recorded.expectation) {
        (Some(verdict), Some(objectives), Some(Expectation::Moves(_))) => {
            times(&Recovery::of(verdict, objectives), objectives)
        }
        _ => Vec::new(),
    };
    rows.extend(Invariant::ALL.iter().map(|invariant| {
        let broken = judged.violations.iter().filter(|one| one.invariant() == *invariant).count() as u64;
        let bearable = match (invariant, objectives) {
            (Invariant::AcknowledgedIsSettled, Some(objectives)) if judged.verdict.is_some() => {
                objectives.orders_lost
            }
            _ => 0,
        };
        Row {
            objective: format!("broken: {}", invariant.name().replace('_', " ")),
            bound: bearable.to_string(),
            measured: broken.to_string(),
            met: broken <= bearable,
        }
    }));
    rows
}

/// Only where a region was lost.
fn violations(text: &mut String, judged: &Judged) {
    if judged.violations.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}violations{BOLD:#}");
    for violation in judged.violations.iter().take(SHOWN_MAX) {
        let lines: Vec<String> = judged.lines_of(violation).iter().map(ToString::to_string).collect();
        let at = match lines.len() {
            0 => String::new(),
            1 => format!(" {DIM}(line {}){DIM:#}", lines[0]),
            _ => format!(" {DIM}(lines {}){DIM:#}", lines.join(", ")),
        };
        let _ = writeln!(text, "  - {}{at}", violation.broken);
    }
    let more = judged.violations.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        let _ = writeln!(text, "  {DIM}and {more} more: --output json has all of them{DIM:#}");
    }
}

#[cfg(test)]
mod tests;
