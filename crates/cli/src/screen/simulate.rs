//! What a simulation estimates, as tables, and one trial step by step.

pub mod replay;
pub mod svg;

use std::fmt::Write;

use sim::{Report, Timed};

use super::{BOLD, DIM, GREEN, RED};

/// The report, for a terminal; `again` is the command that repeats one seed of it.
pub fn render(report: &Report, again: &str) -> String {
    let mut text = String::new();
    let (style, word) = if report.passed { (GREEN, "passed") } else { (RED, "failed") };
    let Report { scenario, deployment, trials, seed, label, .. } = report;
    let _ = writeln!(text, "{BOLD}{scenario}{BOLD:#} on {deployment}: {style}{word}{style:#}");
    let last = seed.saturating_add(trials.saturating_sub(1));
    let _ = writeln!(
        text,
        "{DIM}{label}: {trials} trials, seeds {seed} to {last}, commit {}{DIM:#}",
        report.commit
    );
    times(&mut text, &report.times);
    let availability = &report.availability;
    let percent = |value: Option<f64>| value.map_or("—".to_owned(), |value| format!("{value:.5} %"));
    let _ = writeln!(
        text,
        "\n{BOLD}availability{BOLD:#} with {} such outages a year: {} for clients that follow DNS, {} for clients that \
         know both regions; objective {} %",
        availability.outages_per_year,
        percent(availability.follows_dns_percent),
        percent(availability.knows_both_regions_percent),
        availability.objective_percent,
    );
    let totals = &report.totals;
    let _ = writeln!(
        text,
        "\n{BOLD}in all{BOLD:#}: {} changes of the lease's owner, {} failbacks; databases lost {} commits, fences refused \
         {} writes; people had to start a workflow in {} trials; {} events",
        totals.moves,
        totals.failbacks,
        totals.commits_lost,
        totals.writes_refused,
        totals.by_hand,
        totals.events
    );
    let violated = report.violated;
    let style = if violated == 0 { GREEN } else { RED };
    let _ = writeln!(text, "\n{BOLD}violations{BOLD:#}: {style}{violated}{style:#} of {trials} trials");
    for example in &report.examples {
        let _ = writeln!(text, "  seed {}: {}", example.seed, example.violation);
    }
    if let Some(example) = report.examples.first() {
        let _ = writeln!(text, "  step by step, and shrunk: {again} --seed {} --replay", example.seed);
    }
    for why in &report.why {
        let _ = writeln!(text, "  - {why}");
    }
    text
}

fn times(text: &mut String, times: &[Timed]) {
    let width = times.iter().map(|time| time.question.chars().count()).max().unwrap_or(0);
    let _ = writeln!(
        text,
        "\n{BOLD}{:width$}{BOLD:#}  {:>8} {:>8} {:>8} {:>8}  {:>9}  {:>7}",
        "seconds", "p50", "p90", "p99", "worst", "objective", "trials"
    );
    for time in times {
        let shown = |value: Option<f64>| value.map_or("—".to_owned(), |value| format!("{value:.1}"));
        let objective = time.objective_s.map_or("—".to_owned(), |objective| objective.to_string());
        let (style, word) = match time.met {
            Some(true) => (GREEN, "met"),
            Some(false) => (RED, "MISSED"),
            None => (DIM, ""),
        };
        let _ = writeln!(
            text,
            "{:width$}  {:>8} {:>8} {:>8} {:>8}  {objective:>9}  {:>7}  {style}{word}{style:#}",
            time.question,
            shown(time.p50_s),
            shown(time.p90_s),
            shown(time.p99_s),
            shown(time.worst_s),
            time.trials,
        );
    }
}

#[cfg(test)]
mod tests;
