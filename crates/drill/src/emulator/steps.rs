//! What the emulator tells of the workflows' steps, which of them wait at their beginning, and which are to
//! die.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use recovery::Region;
use recovery::step::Action;
use serde::{Deserialize, Serialize};

use super::{Emulator, EmulatorError, io as failed_to};

/// Something that happened to a step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StepEvent {
    /// What.
    #[serde(flatten)]
    pub what: StepHappened,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The region that the step ran in.
    pub region: Region,
    /// The step.
    pub action: Action,
}

/// What happened to it. A step that is tried again begins and ends once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum StepHappened {
    /// Its state was entered.
    Begun {
        /// The state machine, by name.
        machine: String,
        /// The execution, by name.
        execution: String,
    },
    /// It has done its work.
    Ended {
        /// The state machine, by name.
        machine: String,
        /// The execution, by name.
        execution: String,
    },
    /// It has failed for good.
    Failed {
        /// The state machine, by name.
        machine: String,
        /// The execution, by name.
        execution: String,
        /// The error, by name.
        error: String,
    },
    /// Its function was killed.
    Killed {
        /// After how long, or with what.
        moment: String,
    },
}

/// Reads what happened since it was last read.
#[derive(Debug)]
pub struct StepLog {
    path: PathBuf,
    /// What has been read, in bytes: always whole lines.
    read: u64,
}

impl StepLog {
    /// What is new; nothing while no step has begun.
    ///
    /// # Errors
    /// When the file cannot be read or holds what is no event.
    pub fn read(&mut self) -> Result<Vec<StepEvent>, EmulatorError> {
        let failed = || failed_to("read what became of the workflows' steps");
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed())?,
        };
        let mut new = String::new();
        file.seek(SeekFrom::Start(self.read)).map_err(failed())?;
        file.read_to_string(&mut new).map_err(failed())?;
        // The last line may be half written.
        let whole = new.rfind('\n').map_or(0, |end| end + 1);
        self.read += u64::try_from(whole).unwrap_or_default();
        let events: Result<Vec<StepEvent>, _> = new[..whole].lines().map(serde_json::from_str).collect();
        events.map_err(|error| failed()(io::Error::other(error)))
    }
}

/// A step that waits at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The state machine, by name.
    pub machine: String,
    /// The step.
    pub action: Action,
}

/// As the emulator reads it. `number` tells one request from the next: a step dies once of each.
#[derive(Serialize)]
struct Doomed<'a> {
    number: u64,
    region: &'a Region,
    after_ms: HashMap<Action, u64>,
}

impl Emulator {
    /// A log that begins with the emulator.
    pub fn steps(&self) -> StepLog {
        StepLog { path: events_file(&self.home), read: 0 }
    }

    /// From now on these steps wait at their beginning, for ten seconds at most, and no others do: so that what
    /// is to strike with a step's beginning strikes then, however fast the step is.
    ///
    /// # Errors
    /// When the request cannot be written.
    pub fn hold(&self, steps: &[Held]) -> Result<(), EmulatorError> {
        let text = serde_json::to_string(steps).expect("names and actions are text");
        self.ask(&held_file(&self.home), &text).map_err(failed_to("hold a step"))
    }

    /// From now on the function of each of these steps dies once in `region`: so many milliseconds after it
    /// was handed the step, or with its answer when that comes sooner. Either way nobody hears of what it
    /// did. `number` tells one request from the next, which takes its place.
    ///
    /// # Errors
    /// When the request cannot be written.
    pub fn doom(
        &self,
        number: u64,
        region: &Region,
        steps: impl IntoIterator<Item = (Action, u64)>,
    ) -> Result<(), EmulatorError> {
        let doomed = Doomed { number, region, after_ms: steps.into_iter().collect() };
        let text = serde_json::to_string(&doomed).expect("actions are text keys");
        self.ask(&doomed_file(&self.home), &text).map_err(failed_to("doom a step"))
    }

    /// Replaces a file that the emulator reads, as a whole.
    fn ask(&self, file: &Path, text: &str) -> io::Result<()> {
        let partial = self.home.join("asked.partial");
        std::fs::write(&partial, text)?;
        std::fs::rename(partial, file)
    }
}

pub(super) fn events_file(home: &Path) -> PathBuf {
    home.join("steps.jsonl")
}

pub(super) fn held_file(home: &Path) -> PathBuf {
    home.join("held.json")
}

pub(super) fn doomed_file(home: &Path) -> PathBuf {
    home.join("doomed.json")
}

#[cfg(test)]
mod tests {
    // Goal: every event is read once, and half a line not before its end. Method: a file that grows.
    use super::*;

    #[test]
    fn what_is_new_is_read_once() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut log = StepLog { path: directory.path().join("steps.jsonl"), read: 0 };
        assert_eq!(log.read().expect("no file yet"), []);
        let begun = "{\"what\":\"begun\",\"at_ms\":5,\"region\":\"us-east-2\",\"action\":\"raise_fence\",\
                     \"machine\":\"m\",\"execution\":\"failover-2\"}\n";
        let killed = "{\"what\":\"killed\",\"at_ms\":6,\"region\":\"us-east-2\",\"action\":\"raise_fence\",\
                      \"moment\":\"with its answer\"}\n";
        let (half, rest) = killed.split_at(20);
        std::fs::write(&log.path, format!("{begun}{half}")).expect("a file");
        let first = log.read().expect("events");
        assert_eq!(first.len(), 1);
        assert_eq!((first[0].action, first[0].at_ms), (Action::RaiseFence, 5));
        std::fs::write(&log.path, format!("{begun}{half}{rest}")).expect("a file");
        let moment = "with its answer".to_owned();
        assert_eq!(log.read().expect("events")[0].what, StepHappened::Killed { moment });
        assert_eq!(log.read().expect("nothing new"), []);
        std::fs::write(&log.path, format!("{begun}{killed}no event\n")).expect("a file");
        log.read().expect_err("it is no event");
    }
}
