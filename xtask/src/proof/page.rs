//! The page that people read, from the records.

use std::collections::BTreeSet;
use std::fmt::Write;

use recovery::scenario::Scenario;

use super::record::Record;

const BEGINNING: &str = "\
# Proof

Every scenario, run as a drill: two regions on one machine, with real parts. What is on this page was
measured; `cargo xtask proof` runs the drills and writes it, from what is kept in
[proof/drills.json](proof/drills.json).

```sh
cargo xtask proof --seeds 3                        # every scenario, three seeds each
cargo xtask proof region-loss --seeds 10           # one of them
cargo xtask proof --page-only                      # the page alone, from what was found before
```

An acknowledged order that is nowhere, an order settled twice, a ledger that does not sum to zero, a write
below the fence, two owners of one epoch, a session that went back: each fails a drill, whatever the
scenario. *Commits lost* is what the database lost with its region and the journal gave back. Drills fail
on a busy machine by their times; such a run is listed as it ended.
";

/// The whole page.
pub fn render(scenarios: &[Scenario], records: &[Record]) -> String {
    let mut page = BEGINNING.to_owned();
    overview(&mut page, scenarios, records);
    medians(&mut page, records);
    runs(&mut page, records);
    page
}

fn overview(page: &mut String, scenarios: &[Scenario], records: &[Record]) {
    page.push_str("\n## Scenarios\n\n| scenario | what happens | drills passed | seeds | orders acknowledged | lost | settled twice |\n|---|---|---|---|---|---|---|\n");
    for scenario in scenarios {
        let of: Vec<&Record> = records.iter().filter(|one| one.scenario == scenario.name).collect();
        let Scenario { name, summary, .. } = scenario;
        if of.is_empty() {
            let _ =
                writeln!(page, "| [{name}](../scenarios/{name}.toml) | {summary} | not run yet | | | | |");
            continue;
        }
        let passed = of.iter().filter(|one| one.passed()).count();
        let seeds: BTreeSet<String> = of.iter().map(|one| one.seed.to_string()).collect();
        let seeds = seeds.into_iter().collect::<Vec<_>>().join(", ");
        let sum = |figure: fn(&Record) -> u64| of.iter().map(|one| figure(one)).sum::<u64>();
        let _ = writeln!(
            page,
            "| [{name}](../scenarios/{name}.toml) | {summary} | {passed} of {} | {seeds} | {} | {} | {} |",
            of.len(),
            sum(|one| one.acknowledged),
            sum(|one| one.lost),
            sum(|one| one.settled_twice),
        );
    }
}

/// What is measured from the fault, over the losses of a region that passed.
fn medians(page: &mut String, records: &[Record]) {
    let losses = |deployment: &str| -> Vec<&Record> {
        let of = records.iter().filter(|one| one.scenario == "region-loss" && one.deployment == deployment);
        of.filter(|one| one.passed()).collect()
    };
    let deployments: BTreeSet<&str> = records.iter().map(|one| one.deployment.as_str()).collect();
    let mut rows = String::new();
    for deployment in deployments {
        let losses = losses(deployment);
        let figures = [
            ("accepted again, clients that follow DNS", values(&losses, |one| one.accepted_again_s)),
            (
                "accepted again, clients that know both regions",
                values(&losses, |one| one.accepted_again_two_endpoints_s),
            ),
            ("settled again", values(&losses, |one| one.settled_again_s)),
            ("the move home", values(&losses, |one| one.failback_took_s)),
        ];
        for (what, values) in figures {
            let Some([least, middle, most]) = spread(values) else { continue };
            let (name, drills) = (deployment_name(deployment), losses.len());
            let _ =
                writeln!(rows, "| {name} | {what} | {drills} | {least:.1} s | {middle:.1} s | {most:.1} s |");
        }
    }
    if !rows.is_empty() {
        page.push_str("\n## How long the loss of a region took\n\nSeconds from the fault; the move home from its first step to its last.\n\n| deployment | until | drills | shortest | median | longest |\n|---|---|---|---|---|---|\n");
        page.push_str(&rows);
    }
}

fn values(records: &[&Record], figure: impl Fn(&Record) -> Option<f64>) -> Vec<f64> {
    records.iter().filter_map(|one| figure(one)).collect()
}

/// Least, median and most; nothing of nothing.
fn spread(mut values: Vec<f64>) -> Option<[f64; 3]> {
    values.sort_by(f64::total_cmp);
    let (least, most) = (*values.first()?, *values.last()?);
    let middle = values.len() / 2;
    let median = if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    };
    Some([least, median, most])
}

fn runs(page: &mut String, records: &[Record]) {
    if records.is_empty() {
        return;
    }
    page.push_str("\n## Every drill\n\n| scenario | deployment | seed | verdict | took | accepted again: DNS, both regions | settled again | commits lost | writes refused | commit |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for one in records {
        let times =
            format!("{}, {}", seconds(one.accepted_again_s), seconds(one.accepted_again_two_endpoints_s));
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {:.0} s | {times} | {} | {} | {} | {} |",
            one.scenario,
            deployment_name(&one.deployment),
            one.seed,
            one.verdict,
            one.took_s,
            seconds(one.settled_again_s),
            one.commits_lost,
            one.writes_refused,
            one.commit,
        );
    }
    let failed: Vec<&Record> = records.iter().filter(|one| !one.passed()).collect();
    if !failed.is_empty() {
        page.push_str("\n## What did not pass\n\n");
    }
    for one in failed {
        let deployment = deployment_name(&one.deployment);
        let _ =
            writeln!(page, "- {} on {deployment}, seed {}: {}", one.scenario, one.seed, one.why.join("; "));
    }
}

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.1} s"))
}

/// `deployments/trading.toml` is `trading`.
fn deployment_name(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    // Goal: a reader sees what was run, what was not, and what failed. Method: made-up records.
    use super::*;

    fn record(seed: u64, verdict: &str, accepted_again_s: f64) -> Record {
        let why = "too busy".to_owned();
        let deployment = "deployments/trading.toml";
        let nothing = Record::not_run("region-loss", deployment, seed, "0123456789ab", 100.0, why);
        Record { verdict: verdict.to_owned(), accepted_again_s: Some(accepted_again_s), ..nothing }
    }

    #[test]
    fn a_failed_drill_is_not_in_the_median_and_is_told() {
        let records = [record(1, "passed", 30.0), record(2, "passed", 32.0), record(3, "failed", 90.0)];
        let page = render(&[], &records);
        assert!(page.contains(
            "| trading | accepted again, clients that follow DNS | 2 | 30.0 s | 31.0 s | 32.0 s |"
        ));
        assert!(page.contains("- region-loss on trading, seed 3: too busy"), "{page}");
    }

    #[test]
    fn a_scenario_without_a_drill_says_so() {
        let text = include_str!("../../../scenarios/region-loss.toml");
        let scenario = Scenario::parse(text, "region-loss.toml").expect("a shipped scenario");
        let page = render(&[scenario], &[]);
        assert!(page.contains("| not run yet |") && !page.contains("## Every drill"), "{page}");
    }

    #[test]
    fn the_spread_of_nothing_is_nothing() {
        assert_eq!(spread(Vec::new()), None);
        assert_eq!(spread(vec![3.0, 1.0, 2.0]), Some([1.0, 2.0, 3.0]));
    }
}
