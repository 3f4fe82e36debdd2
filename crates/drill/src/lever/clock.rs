//! The clocks of the regions: what a function or a container takes for the time.
//!
//! Processes of a region are started with a library that answers for the C library when they ask for the wall
//! clock; `clock/ahead.rs` is its source. Nothing that deploys knows of it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use recovery::Region;

use crate::owned::RunDirectory;

const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/clock-ahead.so"));

/// Why no clock can be put ahead.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The library is built for Linux only.
    #[error("a clock can be put ahead on Linux only")]
    NotHere,
    /// A region that was not prepared.
    #[error("the clock of {0} cannot be put ahead: its processes were started without")]
    NotPrepared(Region),
    /// A file could not be written.
    #[error("cannot {action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

fn io(action: &'static str) -> impl FnOnce(io::Error) -> ClockError {
    move |source| ClockError::Io { action, source }
}

/// The wall clocks of some regions, all right at first.
#[derive(Clone, Debug)]
pub struct Clocks {
    library: PathBuf,
    ahead: BTreeMap<Region, PathBuf>,
}

impl Clocks {
    /// Prepares the clocks of `regions`, with all files in the run directory.
    ///
    /// # Errors
    /// On another system than Linux, and when a file cannot be written.
    pub fn prepare<'r>(
        run: &RunDirectory,
        regions: impl IntoIterator<Item = &'r Region>,
    ) -> Result<Self, ClockError> {
        if LIBRARY.is_empty() {
            return Err(ClockError::NotHere);
        }
        let directory = run.path().join("clocks");
        fs::create_dir_all(&directory).map_err(io("make the directory of the clocks"))?;
        let library = directory.join("clock-ahead.so");
        fs::write(&library, LIBRARY).map_err(io("write the library of the clocks"))?;
        let mut ahead = BTreeMap::new();
        for region in regions {
            let file = directory.join(region.as_str());
            fs::write(&file, 0_i64.to_ne_bytes()).map_err(io("write a clock"))?;
            ahead.insert(region.clone(), file);
        }
        Ok(Self { library, ahead })
    }

    /// The environment variables that a region's processes have to be started with; none where no clock was
    /// prepared.
    pub fn variables(&self, region: &str) -> BTreeMap<String, String> {
        let Some((_, file)) = self.ahead.iter().find(|(known, _)| known.as_str() == region) else {
            return BTreeMap::new();
        };
        [("LD_PRELOAD", &self.library), ("STANDFAST_DRILL_CLOCK", file)]
            .map(|(name, path)| (name.to_owned(), path.display().to_string()))
            .into()
    }

    /// Puts the clock of a region so far ahead, in whole seconds and from now on, for processes that run too.
    ///
    /// # Errors
    /// When the region was not prepared or the file cannot be written.
    pub fn put_ahead(&self, region: &Region, ahead: Duration) -> Result<String, ClockError> {
        let file = self.ahead.get(region).ok_or_else(|| ClockError::NotPrepared(region.clone()))?;
        let seconds = i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX);
        // In place: the processes have mapped this file, and it must never be shorter than the number.
        let mut file = OpenOptions::new().write(true).open(file).map_err(io("open a clock"))?;
        file.write_all(&seconds.to_ne_bytes()).map_err(io("set a clock"))?;
        Ok(match seconds {
            0 => "its clock is right again".to_owned(),
            _ => format!("its clock is {seconds} s ahead"),
        })
    }
}

#[cfg(test)]
mod tests {
    // Goal: the wall clock of a process moves while it runs, its other clocks do not, and other regions keep
    // theirs. Method: a shell that tells the time again and again, from before the clock is moved.
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).expect("a region")
    }

    /// A process that answers every line with the time by its clock, in seconds.
    fn clock(variables: BTreeMap<String, String>) -> (Child, BufReader<std::process::ChildStdout>) {
        let script = "while read line; do printf '%(%s)T\\n' -1; done";
        let mut command = Command::new("bash");
        command.args(["-c", script]).envs(variables).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("bash starts");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        (child, answers)
    }

    fn ahead_s((child, answers): &mut (Child, BufReader<std::process::ChildStdout>)) -> i64 {
        child.stdin.as_mut().expect("a pipe").write_all(b"now\n").expect("it reads");
        let mut line = String::new();
        answers.read_line(&mut line).expect("it answers");
        let own = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        line.trim().parse::<i64>().expect("seconds") - i64::try_from(own).expect("seconds")
    }

    #[test]
    fn a_clock_moves_while_its_processes_run_and_others_do_not() {
        let run = RunDirectory::temporary().expect("a run directory");
        let (home, standby) = (region("us-east-1"), region("us-east-2"));
        let clocks = Clocks::prepare(&run, [&home]).expect("Linux");
        let mut moved = clock(clocks.variables("us-east-1"));
        let mut other = clock(clocks.variables("us-east-2"));
        assert!(ahead_s(&mut moved).abs() <= 1 && ahead_s(&mut other).abs() <= 1);
        clocks.put_ahead(&home, Duration::from_secs(3600)).expect("it is prepared");
        assert!((ahead_s(&mut moved) - 3600).abs() <= 1);
        assert!(ahead_s(&mut other).abs() <= 1);
        clocks.put_ahead(&home, Duration::ZERO).expect("it is prepared");
        assert!(ahead_s(&mut moved).abs() <= 1);
        let refused = clocks.put_ahead(&standby, Duration::from_secs(1));
        assert!(matches!(refused, Err(ClockError::NotPrepared(_))));
        for (mut child, _) in [moved, other] {
            child.kill().and_then(|()| child.wait()).expect("it was ours");
        }
    }

    #[test]
    fn clocks_that_measure_are_left_alone() {
        let run = RunDirectory::temporary().expect("a run directory");
        let home = region("us-east-1");
        let clocks = Clocks::prepare(&run, [&home]).expect("Linux");
        clocks.put_ahead(&home, Duration::from_secs(86_400)).expect("it is prepared");
        // Not the wall clock: `sleep` waits by a clock that measures, and would never end or end at once.
        let began = std::time::Instant::now();
        let slept = Command::new("sleep").arg("0.2").envs(clocks.variables("us-east-1")).status();
        assert!(slept.expect("it starts").success());
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(20), "{took:?}");
    }
}
