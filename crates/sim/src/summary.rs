//! What many trials have shown together. It grows with nothing but the longest time and a few examples.

use serde::Serialize;

use crate::agenda::Us;
use crate::histogram::Histogram;
use crate::judge::Violation;
use crate::trial::Trial;

/// Violations that are kept as examples.
const EXAMPLES_MAX: usize = 20;
/// Seconds of a year.
const YEAR_S: f64 = 365.25 * 86_400.0;

/// A violation, and the seed that shows it again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The seed.
    pub seed: u64,
    /// What was violated first.
    pub violation: Violation,
}

/// What many trials have shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many trials.
    pub trials: u64,
    /// Changes of the lease's owner in them.
    pub moves: u64,
    /// Failbacks that were completed.
    pub failbacks: u64,
    /// Settlements that databases have lost before any replay; where there is none, nothing is proved about loss.
    pub commits_lost: u64,
    /// Writes that a fence refused; where there is none, nothing is proved about the fence.
    pub writes_refused: u64,
    /// Trials in which people had to start a workflow again, for every attempt of an epoch had failed.
    pub by_hand: u64,
    /// Events of virtual time.
    pub events: u64,
    /// Trials with a violation.
    pub violated: u64,
    /// Some of them, those of the lowest seeds.
    pub examples: Vec<Example>,
    /// Until orders were accepted again, for clients that follow DNS.
    pub accepted_again: Histogram,
    /// The same for clients that know both regions.
    pub accepted_again_two_endpoints: Histogram,
    /// Until orders were settled again.
    pub settled_again: Histogram,
    /// The longest wait of a client that follows DNS, in each trial.
    pub longest_wait: Histogram,
    /// The same of a client that knows both regions.
    pub longest_wait_two_endpoints: Histogram,
}

impl Summary {
    pub(crate) fn add(&mut self, seed: u64, trial: Trial) {
        self.trials += 1;
        self.moves += trial.moves;
        self.failbacks += trial.failed_back;
        self.commits_lost += trial.commits_lost;
        self.writes_refused += trial.writes_refused;
        self.by_hand += u64::from(trial.by_hand > 0);
        self.events += trial.events;
        let count =
            |histogram: &mut Histogram, at: Option<Us>| at.into_iter().for_each(|at| histogram.add(at));
        count(&mut self.accepted_again, trial.accepted_again);
        count(&mut self.accepted_again_two_endpoints, trial.accepted_again_two_endpoints);
        count(&mut self.settled_again, trial.settled_again);
        let [follows, knows_both] = trial.longest_wait;
        self.longest_wait.add(follows);
        self.longest_wait_two_endpoints.add(knows_both);
        if let Some(violation) = trial.violations.into_iter().next() {
            self.violated += 1;
            self.examples.push(Example { seed, violation });
            self.examples.truncate(EXAMPLES_MAX);
        }
    }

    /// Adds what other trials have shown.
    pub fn merge(&mut self, other: Self) {
        self.trials += other.trials;
        self.moves += other.moves;
        self.failbacks += other.failbacks;
        self.commits_lost += other.commits_lost;
        self.writes_refused += other.writes_refused;
        self.by_hand += other.by_hand;
        self.events += other.events;
        self.violated += other.violated;
        self.examples.extend(other.examples);
        self.examples.sort_by_key(|example| example.seed);
        self.examples.truncate(EXAMPLES_MAX);
        self.accepted_again.merge(&other.accepted_again);
        self.accepted_again_two_endpoints.merge(&other.accepted_again_two_endpoints);
        self.settled_again.merge(&other.settled_again);
        self.longest_wait.merge(&other.longest_wait);
        self.longest_wait_two_endpoints.merge(&other.longest_wait_two_endpoints);
    }

    /// Percent of a year in which orders are accepted, with so many such outages in it: for clients that follow
    /// DNS, and for clients that know both regions.
    pub fn availability_percent(&self, outages_per_year: f64) -> [Option<f64>; 2] {
        let of = |histogram: &Histogram| {
            let lost_s = histogram.mean_s()? * outages_per_year;
            Some(100.0 * (1.0 - lost_s / YEAR_S))
        };
        [of(&self.accepted_again), of(&self.accepted_again_two_endpoints)]
    }
}
