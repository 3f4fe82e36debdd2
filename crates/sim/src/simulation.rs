//! What can be asked of the simulator: many trials, one trial step by step, or the least that still fails.

use std::ops::Range;

use recovery::Deployment;
use recovery::scenario::{FaultKind, Scenario};

use crate::fault::{Fault, Mishaps};
use crate::judge::Violation;
use crate::model::{Model, ModelError};
use crate::scripts;
use crate::summary::Summary;
use crate::trial::{Manner, seconds, trial};
use crate::world::Script;

/// What trials are about.
#[derive(Clone, Debug)]
enum About {
    /// A scenario, struck at any moment, with the small mishaps of an ordinary day.
    Scenario(Box<Scenario>),
    /// Faults by chance. When they end, the service has to come back; when they do not, nothing may go wrong
    /// meanwhile, and nothing else is asked.
    Chance { heals: bool },
}

/// A deployment, and what its trials are about.
#[derive(Debug)]
pub struct Simulation {
    model: Model,
    about: About,
    mishaps: Option<Mishaps>,
}

/// Why something cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Unsimulated {
    /// The deployment cannot.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The scenario has a fault that the simulator does not know.
    #[error("the simulator has no `{0}`")]
    Fault(FaultKind),
}

/// One trial, step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The seed.
    pub seed: u64,
    /// Seconds of virtual time, and what happened.
    pub lines: Vec<(f64, String)>,
    /// What was violated.
    pub violations: Vec<Violation>,
}

/// The least that still fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The seed.
    pub seed: u64,
    /// The faults that are needed.
    pub faults: Vec<Fault>,
    /// Whether small mishaps are needed as well.
    pub mishaps: Mishaps,
    /// What is violated then.
    pub violations: Vec<Violation>,
    /// What happens then.
    pub lines: Vec<(f64, String)>,
}

impl Simulation {
    /// Trials of a scenario.
    ///
    /// # Errors
    /// When the deployment or one of the scenario's faults cannot be simulated.
    pub fn of(deployment: &Deployment, scenario: &Scenario) -> Result<Self, Unsimulated> {
        if let Some(fault) = scenario.faults.iter().find(|fault| !scripts::is_known(fault.kind)) {
            return Err(Unsimulated::Fault(fault.kind));
        }
        let mut hurried = deployment.clone();
        scenario.hurry.apply(&mut hurried);
        let mut model = Model::new(&hurried)?;
        model.dns_cache = scenario.clients.dns_cache_s.unwrap_or(0) * crate::agenda::S;
        Ok(Self { model, about: About::Scenario(Box::new(scenario.clone())), mishaps: None })
    }

    /// Trials of faults by chance; `heals`: they end, and the service has to come back.
    ///
    /// # Errors
    /// When the deployment cannot be simulated.
    pub fn by_chance(deployment: &Deployment, heals: bool) -> Result<Self, Unsimulated> {
        Ok(Self { model: Model::new(deployment)?, about: About::Chance { heals }, mishaps: None })
    }

    fn script(&self, seed: u64) -> Script {
        match &self.about {
            About::Scenario(scenario) => {
                let script = scripts::of_scenario(scenario, &self.model, seed);
                Script { mishaps: self.mishaps.unwrap_or(script.mishaps), ..script }
            }
            About::Chance { heals } => scripts::random(seed, *heals),
        }
    }

    /// The same with other mishaps than an ordinary day's, where a scenario is simulated.
    #[must_use]
    pub fn with_mishaps(self, mishaps: Mishaps) -> Self {
        Self { mishaps: Some(mishaps), ..self }
    }

    /// One trial for each seed. The same seeds give the same summary on any machine, and two summaries merged
    /// are the summary of both.
    pub fn run(&self, seeds: Range<u64>) -> Summary {
        let mut summary = Summary::default();
        for seed in seeds {
            summary.add(seed, trial(&self.model, &self.script(seed), Manner::default()));
        }
        summary
    }

    /// The trial of a seed, step by step.
    pub fn replay(&self, seed: u64) -> Replay {
        let manner = Manner { traced: true, ..Manner::default() };
        let trial = trial(&self.model, &self.script(seed), manner);
        let lines = trial.trace.into_iter().map(|(at, line)| (seconds(at), line)).collect();
        Replay { seed, lines, violations: trial.violations }
    }

    /// The smallest set of a failing seed's faults that still fails; `None` when the seed does not fail.
    pub fn shrink(&self, seed: u64) -> Option<Shrunk> {
        self.shrink_in(seed, Manner::default())
    }

    pub(crate) fn shrink_in(&self, seed: u64, manner: Manner) -> Option<Shrunk> {
        let mut script = self.script(seed);
        let fails = |script: &Script| !trial(&self.model, script, manner).violations.is_empty();
        if !fails(&script) {
            return None;
        }
        let calm = Script { mishaps: Mishaps::default(), ..script.clone() };
        if fails(&calm) {
            script = calm;
        }
        let mut at = 0;
        while at < script.faults.len() {
            let mut fewer = script.clone();
            fewer.faults.remove(at);
            if fails(&fewer) {
                script = fewer;
            } else {
                at += 1;
            }
        }
        let found = trial(&self.model, &script, Manner { traced: true, ..manner });
        Some(Shrunk {
            seed,
            faults: script.faults,
            mishaps: script.mishaps,
            violations: found.violations,
            lines: found.trace.into_iter().map(|(at, line)| (seconds(at), line)).collect(),
        })
    }

    #[cfg(test)]
    pub(crate) fn trial_in(&self, seed: u64, manner: Manner) -> crate::trial::Trial {
        trial(&self.model, &self.script(seed), manner)
    }
}
