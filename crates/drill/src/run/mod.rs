//! One drill, from nothing to a report: [`Drill::run`].
//!
//! Everything it starts belongs to the [`stage::Stage`], so that dropping the
//! future of a drill at any point stops every process and removes every file.

mod able;
mod course;
mod error;
pub mod evidence;
mod expected;
mod fault;
mod lease_log;
mod logs;
pub mod observer;
mod old_writer;
mod planned;
mod record;
mod rehearsal;
mod said;
mod schedule;
mod stage;
mod steps;
mod struck;
mod summary;
mod topology;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use recovery::Deployment;
use recovery::history::{Facts, Recorded};
use recovery::scenario::{Hurried, Scenario};

use crate::owned::RunDirectory;
use crate::progress::Progress;
use crate::report::Report;

pub use error::DrillError;
use rehearsal::Rehearsed;
use stage::Stage;

/// Error of a synthesis, whoever does it.
pub type SynthesisError = Box<dyn std::error::Error + Send + Sync>;

/// Synthesises the deployment with the function packages in the first directory, and
/// writes the cloud assembly into the second.
pub type Synthesise<'a> = dyn Fn(&Path, &Path) -> Result<(), SynthesisError> + Send + Sync + 'a;

/// What can be chosen about a drill beside its deployment and scenario.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Seed of the load and of every phase that is drawn.
    pub seed: u64,
    /// Rate at which orders are offered.
    pub orders_per_second: f64,
    /// Where the private environment is kept between drills.
    pub cache: PathBuf,
    /// Directory of the functions' binaries.
    pub functions: PathBuf,
    /// Whether files stay when the drill ends.
    pub keep: bool,
    /// Commit of the source, for the report.
    pub commit: String,
}

/// A drill that is about to run.
pub struct Drill<'a> {
    /// The system under test, as it is synthesised.
    pub deployment: Deployment,
    /// Its waits that the scenario has made shorter than the deployment file says.
    pub hurried: Vec<Hurried>,
    /// What happens to it.
    pub scenario: Scenario,
    /// How.
    pub settings: Settings,
    /// Makes the cloud assembly.
    pub synthesise: &'a Synthesise<'a>,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

/// A drill that ran.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What it found.
    pub report: Report,
    /// What it found it from: all that clients did and were told, and what the databases held.
    pub history: Recorded,
    /// Where its files are, when they were to be kept.
    pub kept: Option<PathBuf>,
}

impl Drill<'_> {
    /// Runs it to its end. Dropping the future stops it and leaves nothing behind.
    ///
    /// # Errors
    /// When the stage cannot be set or something breaks that is not part of the
    /// system under test. A system that does not recover is no error but a failed report.
    pub async fn run(&self) -> Result<Finished, DrillError> {
        self.scenario.fits(&self.deployment)?;
        if let Some(what) = able::cannot_apply(&self.scenario) {
            return Err(DrillError::CannotApply { what });
        }
        let run = RunDirectory::temporary().map_err(DrillError::RunDirectory)?;
        let run = Arc::new(run);
        if self.settings.keep {
            run.keep();
            self.progress.phase(&format!("every file of this run stays in {}", run.path().display()));
        }
        let stage = Stage::set(self, &run).await?;
        let (rehearsed, facts) = tokio::select! {
            rehearsed = self.rehearsed(&stage) => rehearsed?,
            // Without its stage a rehearsal proves nothing, and might wait for long.
            ended = stage.ended() => return Err(ended),
        };
        let report = summary::report(self, &stage, &rehearsed, &facts)?;
        let kept = self.settings.keep.then(|| run.path().to_owned());
        let history = record::recorded(self, &rehearsed, facts);
        Ok(Finished { report, history, kept })
    }

    async fn rehearsed(&self, stage: &Stage) -> Result<(Rehearsed, Facts), DrillError> {
        let rehearsed = rehearsal::rehearse(self, stage).await?;
        self.progress.phase("reading what the databases hold");
        let facts = evidence::read(stage, &rehearsed).await?;
        Ok((rehearsed, facts))
    }
}
