//! `standfast verify`: judge a history by itself.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use recovery::checker::{Invariant, Violation, unjudged};
use recovery::history::{InvalidHistory, Lines, OperationKind, Reader, Recorded};
use recovery::verdict::{Judgement, Verdict};
use serde_json::{Value, json};

use crate::args::{Cli, Format, Verify};
use crate::failure::{Failure, OBJECTIVES_MISSED};
use crate::screen;

use super::drill::HISTORY;
use super::print_result;

/// A history with what is to be said of it.
pub struct Judged {
    /// Where it came from.
    pub file: String,
    /// The history.
    pub recorded: Recorded,
    /// On which line each of its parts stands.
    pub lines: Lines,
    /// What it breaks.
    pub violations: Vec<Violation>,
    /// The verdict on its run; `None` when it does not say what was promised.
    pub verdict: Option<Verdict>,
}

pub fn run(cli: &Cli, args: &Verify) -> Result<u8, Failure> {
    let file = if args.history.is_dir() { args.history.join(HISTORY) } else { args.history.clone() };
    let (recorded, lines) = read(&file)?;
    let judged = Judged::new(&file, recorded, lines);
    tracing::info!(
        operations = judged.recorded.operations.len(),
        violations = judged.violations.len(),
        "the history is judged"
    );
    print_result(&match cli.output {
        Format::Text => screen::verify::render(&judged),
        Format::Json => serde_json::to_string_pretty(&judged.as_json()).expect("plain data"),
    })?;
    Ok(if judged.holds() { 0 } else { OBJECTIVES_MISSED })
}

fn read(file: &PathBuf) -> Result<(Recorded, Lines), Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!("cannot read the history {}", file.display()))
            .because(&error)
            .hint(format!("`standfast drill --report DIR` writes one into DIR/{HISTORY}"))
    };
    let invalid = |error: InvalidHistory| {
        let hint = error.problem.hint();
        Failure::failed(format!("{} is no history", file.display())).because(&error).hint(hint)
    };
    let mut opened = File::open(file).map_err(unreadable)?;
    let (mut reader, mut piece) = (Reader::default(), vec![0; 256 * 1024]);
    loop {
        let length = opened.read(&mut piece).map_err(unreadable)?;
        if length == 0 {
            return reader.finish().map_err(invalid);
        }
        reader.feed(&piece[..length]).map_err(invalid)?;
    }
}

impl Judged {
    /// Judges what was read.
    pub fn new(file: &Path, recorded: Recorded, lines: Lines) -> Self {
        let (violations, verdict) = (recorded.violations(), recorded.verdict());
        Self { file: file.display().to_string(), recorded, lines, violations, verdict }
    }

    /// Whether every invariant holds and, where the history says what was promised, every objective is met.
    pub fn holds(&self) -> bool {
        match &self.verdict {
            Some(verdict) => verdict.verdict == Judgement::Passed,
            None => self.violations.is_empty(),
        }
    }

    /// The invariants that it tells too little of.
    pub fn unjudged(&self) -> Vec<Invariant> {
        unjudged(&self.recorded.operations, &self.recorded.facts)
    }

    /// The lines that show a violation, in rising order.
    pub fn lines_of(&self, violation: &Violation) -> Vec<usize> {
        let mut lines: Vec<usize> = violation.shown_by.iter().filter_map(|at| self.lines.of(*at)).collect();
        lines.sort_unstable();
        lines
    }

    /// Operations, settled orders and epochs of the lease.
    pub fn counts(&self) -> [(&'static str, usize); 4] {
        let is_order = |kind: OperationKind| kind == OperationKind::PlaceOrder;
        let (operations, facts) = (&self.recorded.operations, &self.recorded.facts);
        let orders = operations.iter().filter(|one| is_order(one.kind)).count();
        let mut epochs: Vec<_> = facts.lease_history.iter().map(|seen| seen.epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        [
            ("orders", orders),
            ("session_operations", operations.len() - orders),
            ("settled", facts.settled.len()),
            ("epochs", epochs.len()),
        ]
    }

    fn as_json(&self) -> Value {
        let violations: Vec<Value> =
            self.violations.iter().map(|violation| self.one_as_json(violation)).collect();
        let counts: serde_json::Map<String, Value> =
            self.counts().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
        json!({
            "file": self.file,
            "history": self.recorded.header,
            "counts": counts,
            "violations": violations,
            "unjudged": self.unjudged(),
            "verdict": self.verdict,
            "holds": self.holds(),
        })
    }

    fn one_as_json(&self, violation: &Violation) -> Value {
        let mut one = serde_json::to_value(&violation.broken).expect("plain data");
        one["invariant"] = violation.invariant().name().into();
        one["lines"] = self.lines_of(violation).into();
        one["says"] = violation.broken.to_string().into();
        one
    }
}
