//! Reads a history file, a piece at a time: what it holds, or the first line that cannot be.

use super::record::{Header, Record, VERSION};
use super::{Facts, Recorded};
use crate::checker::Place;

/// Longest line, in bytes without its end: many times what any record needs.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Furthest that two clocks may be said to be apart, in milliseconds: beyond it times prove nothing.
pub const CLOCK_ERROR_MS_MAX: u64 = 60_000;

/// Why a file is no history.
#[derive(Debug, thiserror::Error)]
#[error("line {line} {problem}")]
pub struct InvalidHistory {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Something came before the header, or nothing came at all.
    #[error("should be the header of a history")]
    NoHeader,
    /// A version that is not known here.
    #[error("says version {0} of the format, and this program reads version {VERSION}")]
    Version(u64),
    /// A line beyond any record.
    #[error("is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// No JSON, or a record or field that is not known or not what it should be.
    #[error("is no record of a history")]
    NoRecord(#[source] serde_json::Error),
    /// A record that there is one of came again.
    #[error("says again what an earlier line said: {0}")]
    Again(String),
    /// A kind of record that the header says was not looked at.
    #[error("is a record of `{0}`, which the header says was not looked at")]
    NotLookedAt(&'static str),
    /// A value that cannot be.
    #[error("has a `{field}` of {value}, which is more than {max}")]
    TooMuch {
        /// Its name.
        field: &'static str,
        /// What it says.
        value: u64,
        /// What it may say at most.
        max: u64,
    },
    /// Something came after the end.
    #[error("comes after the end")]
    AfterEnd,
    /// Other lines than the end counts.
    #[error("ends a history of {said} records, and there were {read}: some are missing, or from elsewhere")]
    Miscounted {
        /// What the end says.
        said: u64,
        /// What there was.
        read: u64,
    },
    /// There is no end.
    #[error("should be the end: the file was cut off")]
    CutOff,
}

impl Problem {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoHeader => {
                "the first line is {\"record\":\"history\",\"version\":1,…}: see docs/history.md"
            }
            Self::Version(version) if *version > VERSION => {
                "read it with the version of standfast that wrote it, or a later one"
            }
            Self::Version(_) => "the first version of the format is 1",
            Self::TooLong => "write one record per line: see docs/history.md",
            Self::NoRecord(_) | Self::TooMuch { .. } => "docs/history.md has every record with its fields",
            Self::Again(_) => "keep one of the two lines, if both are right",
            Self::NotLookedAt(_) => "correct the header, or leave these records out",
            Self::AfterEnd => "one file holds one history",
            Self::Miscounted { .. } | Self::CutOff => "copy the whole file again from where it was written",
        }
    }
}

/// On which line each part of a history stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    operations: Vec<usize>,
    settled: Vec<usize>,
    outbox: Vec<usize>,
    fences: Vec<usize>,
    leases: Vec<usize>,
    moves: Vec<usize>,
    balances: Vec<usize>,
}

impl Lines {
    /// The line of a part, counted from 1.
    pub fn of(&self, place: Place) -> Option<usize> {
        let (lines, index) = match place {
            Place::Operation(index) => (&self.operations, index),
            Place::Settled(index) => (&self.settled, index),
            Place::Outbox(index) => (&self.outbox, index),
            Place::Fence(index) => (&self.fences, index),
            Place::Lease(index) => (&self.leases, index),
            Place::Move(index) => (&self.moves, index),
            Place::Balance(index) => (&self.balances, index),
        };
        lines.get(index).copied()
    }
}

/// What has been read of a file so far. It holds no more than one line beside what the lines said.
#[derive(Debug, Default)]
pub struct Reader {
    /// Of the line that is being read.
    line: Vec<u8>,
    /// Lines that are complete.
    lines_read: usize,
    records: u64,
    recorded: Option<Recorded>,
    lines: Lines,
    has_ended: bool,
}

/// Reads a whole file that is in memory.
///
/// # Errors
/// The first line that cannot be.
pub fn read(bytes: &[u8]) -> Result<(Recorded, Lines), InvalidHistory> {
    let mut reader = Reader::default();
    reader.feed(bytes)?;
    reader.finish()
}

impl Reader {
    /// Takes the next piece of the file, cut anywhere.
    ///
    /// # Errors
    /// The first line that cannot be. The reader is of no more use then.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), InvalidHistory> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.keep(&bytes[..end])?;
            self.end_line()?;
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes)
    }

    /// What the file held.
    ///
    /// # Errors
    /// When it was cut off or its last line cannot be.
    pub fn finish(mut self) -> Result<(Recorded, Lines), InvalidHistory> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        let missing = if self.recorded.is_none() { Problem::NoHeader } else { Problem::CutOff };
        match self.recorded {
            Some(recorded) if self.has_ended => Ok((recorded, self.lines)),
            _ => Err(InvalidHistory { line: self.lines_read + 1, problem: missing }),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), InvalidHistory> {
        if self.line.len() + bytes.len() > LINE_BYTES_MAX {
            return Err(InvalidHistory { line: self.lines_read + 1, problem: Problem::TooLong });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), InvalidHistory> {
        let line = std::mem::take(&mut self.line);
        self.lines_read += 1;
        if !line.trim_ascii().is_empty() {
            let taken = self.take(&line);
            taken.map_err(|problem| InvalidHistory { line: self.lines_read, problem })?;
            self.records += 1;
        }
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Problem> {
        if self.has_ended {
            return Err(Problem::AfterEnd);
        }
        let Some(recorded) = &mut self.recorded else {
            self.recorded = Some(begin(line)?);
            return Ok(());
        };
        let record: Record<'_> = serde_json::from_slice(line).map_err(Problem::NoRecord)?;
        let facts = &mut recorded.facts;
        let (at, lines) = (self.lines_read, &mut self.lines);
        match record {
            Record::History(_) => return Err(Problem::Again("the header".to_owned())),
            Record::Operation(one) => {
                push(&mut recorded.operations, one.into_owned(), &mut lines.operations, at)
            }
            Record::Settled(one) => push(&mut facts.settled, one.into_owned(), &mut lines.settled, at),
            Record::Ledger(one) => {
                if facts.ledger_sums.contains_key(&one.asset) {
                    return Err(Problem::Again(format!("the sum of {}", one.asset)));
                }
                facts.ledger_sums.insert(one.asset, one.sum);
            }
            Record::Balance(one) => {
                let balances = facts.balances.as_mut().ok_or(Problem::NotLookedAt("balance"))?;
                push(balances, one.into_owned(), &mut lines.balances, at);
            }
            Record::Outbox(one) => {
                let outbox = facts.outbox.as_mut().ok_or(Problem::NotLookedAt("outbox"))?;
                push(outbox, one, &mut lines.outbox, at);
            }
            Record::Dead(one) => facts.dead.push(one),
            Record::Fence(one) => push(&mut facts.fences, one, &mut lines.fences, at),
            Record::Lease(one) => push(&mut facts.lease_history, one.into_owned(), &mut lines.leases, at),
            Record::Move(one) => push(&mut facts.moves, one.into_owned(), &mut lines.moves, at),
            Record::Fault(one) => recorded.faults.push(one.into_owned()),
            Record::Expectation(one) => {
                if recorded.expectation.is_some() {
                    return Err(Problem::Again("what is expected".to_owned()));
                }
                recorded.expectation = Some(one.into_owned());
            }
            Record::End(end) if end.records == self.records => self.has_ended = true,
            Record::End(end) => return Err(Problem::Miscounted { said: end.records, read: self.records }),
        }
        Ok(())
    }
}

fn push<T>(to: &mut Vec<T>, one: T, lines: &mut Vec<usize>, line: usize) {
    to.push(one);
    lines.push(line);
}

/// The history that a header begins.
fn begin(line: &[u8]) -> Result<Recorded, Problem> {
    // The version before anything else: a later one may have fields and records that are not known here.
    let announced: serde_json::Value = serde_json::from_slice(line).map_err(Problem::NoRecord)?;
    if announced["record"] != "history" {
        return Err(Problem::NoHeader);
    }
    match announced["version"].as_u64() {
        Some(VERSION) => {}
        Some(other) => return Err(Problem::Version(other)),
        None => return Err(Problem::NoHeader),
    }
    let header: Header = match serde_json::from_slice(line).map_err(Problem::NoRecord)? {
        Record::History(header) => header.into_owned(),
        _ => return Err(Problem::NoHeader),
    };
    if header.clock_error_ms > CLOCK_ERROR_MS_MAX {
        let (field, value) = ("clock_error_ms", header.clock_error_ms);
        return Err(Problem::TooMuch { field, value, max: CLOCK_ERROR_MS_MAX });
    }
    let facts = Facts {
        balances: header.balances.then(Vec::new),
        outbox: header.outbox.then(Vec::new),
        writes_refused: header.writes_refused,
        clock_error_ms: header.clock_error_ms,
        ..Facts::default()
    };
    Ok(Recorded { header, operations: Vec::new(), facts, faults: Vec::new(), expectation: None })
}
