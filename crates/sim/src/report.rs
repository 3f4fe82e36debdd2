//! A summary beside its objectives: what `standfast simulate` prints. Every figure in it is an estimate.

use recovery::Deployment;
use serde::Serialize;

use crate::histogram::Histogram;
use crate::latency::{self, Latency};
use crate::summary::{Example, Summary};

/// What every figure of a simulation is.
pub const LABEL: &str = "estimated (simulated)";

/// What many trials have shown, and whether that is well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`LABEL`].
    pub label: &'static str,
    /// What was simulated: a scenario's name, or faults by chance.
    pub scenario: String,
    /// Name of the deployment.
    pub deployment: String,
    /// Seed of the first trial; the others follow one by one.
    pub seed: u64,
    /// How many trials.
    pub trials: u64,
    /// Commit of the checkout.
    pub commit: String,
    /// How long things took.
    pub times: Vec<Timed>,
    /// What such outages cost in a year.
    pub availability: Availability,
    /// What happened in all trials together.
    pub totals: Totals,
    /// Trials with a violation, and some of them.
    pub violated: u64,
    /// Those of the lowest seeds.
    pub examples: Vec<Example>,
    /// Whether there was no violation and every objective was met in 99 of 100 trials.
    pub passed: bool,
    /// What was not well, and what limits the proof.
    pub why: Vec<String>,
    /// The distributions that times are drawn from, each with its source.
    pub latencies: &'static [Latency],
}

/// The distribution of one time, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timed {
    /// What was waited for.
    pub question: &'static str,
    /// Trials that came to it.
    pub trials: u64,
    /// Half of them took no longer.
    pub p50_s: Option<f64>,
    /// Nine of ten took no longer.
    pub p90_s: Option<f64>,
    /// 99 of 100 took no longer.
    pub p99_s: Option<f64>,
    /// The longest.
    pub worst_s: Option<f64>,
    /// The mean.
    pub mean_s: Option<f64>,
    /// What the deployment promises, if it promises something about it.
    pub objective_s: Option<u64>,
    /// Whether `p99_s` keeps to it.
    pub met: Option<bool>,
}

/// What outages of this kind cost in a year.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Availability {
    /// How many there are: said by whoever asks.
    pub outages_per_year: f64,
    /// Percent of the year in which orders are accepted from clients that follow DNS.
    pub follows_dns_percent: Option<f64>,
    /// The same for clients that know both regions.
    pub knows_both_regions_percent: Option<f64>,
    /// What the deployment promises.
    pub objective_percent: f64,
}

/// Counts over all trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Changes of the lease's owner.
    pub moves: u64,
    /// Failbacks that were completed.
    pub failbacks: u64,
    /// Settlements that databases had lost before any replay.
    pub commits_lost: u64,
    /// Writes that a fence refused.
    pub writes_refused: u64,
    /// Trials in which people had to start a workflow again.
    pub by_hand: u64,
    /// Events of virtual time.
    pub events: u64,
}

impl Report {
    /// Judges a summary.
    pub fn of(
        summary: &Summary,
        deployment: &Deployment,
        scenario: &str,
        seed: u64,
        outages_per_year: f64,
    ) -> Self {
        let objectives = &deployment.objectives;
        let [follows, knows_both] = summary.availability_percent(outages_per_year);
        let times = vec![
            timed(
                "accepted again, clients that follow DNS",
                &summary.accepted_again,
                Some(objectives.recovery_time_s),
            ),
            timed(
                "accepted again, clients that know both regions",
                &summary.accepted_again_two_endpoints,
                Some(objectives.two_endpoints_recovery_time_s),
            ),
            timed("settled again", &summary.settled_again, Some(objectives.settlement_time_s)),
            timed("longest wait, clients that follow DNS", &summary.longest_wait, None),
            timed("longest wait, clients that know both regions", &summary.longest_wait_two_endpoints, None),
        ];
        let mut why = Vec::new();
        if summary.violated > 0 {
            why.push(format!("{} of {} trials have a violation", summary.violated, summary.trials));
        }
        for time in times.iter().filter(|time| time.met == Some(false)) {
            let (question, objective_s) = (time.question, time.objective_s.unwrap_or_default());
            let p99_s = time.p99_s.unwrap_or_default();
            why.push(format!("{question}: {p99_s:.1} s in 99 of 100 trials (objective {objective_s} s)"));
        }
        let passed = why.is_empty();
        if summary.commits_lost == 0 {
            why.push("no database lost a commit, so this proves nothing about the loss of orders".to_owned());
        }
        if summary.writes_refused == 0 {
            why.push("no old writer tried to write, so this proves nothing about the fence".to_owned());
        }
        Self {
            label: LABEL,
            scenario: scenario.to_owned(),
            deployment: deployment.name.clone(),
            seed,
            trials: summary.trials,
            commit: String::new(),
            times,
            availability: Availability {
                outages_per_year,
                follows_dns_percent: follows,
                knows_both_regions_percent: knows_both,
                objective_percent: objectives.availability_percent,
            },
            totals: Totals {
                moves: summary.moves,
                failbacks: summary.failbacks,
                commits_lost: summary.commits_lost,
                writes_refused: summary.writes_refused,
                by_hand: summary.by_hand,
                events: summary.events,
            },
            violated: summary.violated,
            examples: summary.examples.clone(),
            passed,
            why,
            latencies: latency::ALL,
        }
    }
}

fn timed(question: &'static str, histogram: &Histogram, objective_s: Option<u64>) -> Timed {
    let p99_s = histogram.quantile_s(990);
    Timed {
        question,
        trials: histogram.count(),
        p50_s: histogram.quantile_s(500),
        p90_s: histogram.quantile_s(900),
        p99_s,
        worst_s: histogram.worst_s(),
        mean_s: histogram.mean_s(),
        objective_s,
        met: p99_s.zip(objective_s).map(|(p99_s, objective_s)| p99_s <= objective_s as f64),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a report judges by the 99th of 100 trials and by violations, and says what limits the proof.
    //! Method: hand-made summaries.

    use super::*;
    use crate::judge::Violation;
    use crate::tests::deployment;

    fn report(accepted_s: &[u64], violated: u64) -> Report {
        let mut summary = Summary { trials: accepted_s.len() as u64, violated, ..Summary::default() };
        accepted_s.iter().for_each(|seconds| summary.accepted_again.add(seconds * 1_000_000));
        if violated > 0 {
            let violation = Violation::SessionWentBack { session: 0 };
            summary.examples.push(Example { seed: 9, violation });
        }
        Report::of(&summary, &deployment(), "region-loss", 1, 2.0)
    }

    #[test]
    fn one_slow_trial_of_a_hundred_is_borne_and_two_are_not() {
        let mut times = vec![30; 100];
        times[0] = 61;
        assert!(report(&times, 0).passed);
        times[1] = 61;
        let missed = report(&times, 0);
        assert!(!missed.passed && missed.why[0].contains("objective 60 s"), "{:?}", missed.why);
    }

    #[test]
    fn a_violation_fails_whatever_the_times_are() {
        let report = report(&[30; 100], 1);
        assert!(!report.passed && report.why[0] == "1 of 100 trials have a violation");
        assert!(report.why.iter().any(|why| why.contains("proves nothing about the fence")));
    }

    #[test]
    fn availability_is_what_the_mean_outage_takes_from_a_year() {
        let percent = report(&[30; 100], 0).availability.follows_dns_percent.expect("there were trials");
        assert!((percent - 100.0 * (1.0 - 60.0 / 31_557_600.0)).abs() < 1e-9);
    }
}
