//! What one drill found, as it is kept in the repository.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// One drill. Times are in seconds, from the fault unless they say otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Name of the scenario.
    pub scenario: String,
    /// File of the deployment.
    pub deployment: String,
    /// Seed of the load.
    pub seed: u64,
    /// Commit that ran.
    pub commit: String,
    /// When the fault struck, in UTC (RFC 3339).
    pub fault_at: Option<String>,
    /// How long the whole drill took, from its start to its report.
    pub took_s: f64,
    /// `passed`, `failed`, or `not run` when it came to no verdict.
    pub verdict: String,
    /// What did not hold, or what limits the proof.
    pub why: Vec<String>,
    /// To the first acknowledgement for a client that follows DNS.
    pub accepted_again_s: Option<f64>,
    /// To the first acknowledgement for a client that knows both regions.
    pub accepted_again_two_endpoints_s: Option<f64>,
    /// To the first settlement of an order that was acknowledged after the fault.
    pub settled_again_s: Option<f64>,
    /// How long the move home took; absent when there was none.
    pub failback_took_s: Option<f64>,
    /// Orders that the system acknowledged.
    pub acknowledged: u64,
    /// Of these, how many are nowhere.
    pub lost: u64,
    /// Orders that were settled more than once.
    pub settled_twice: u64,
    /// Settlements that the database lost with its region.
    pub commits_lost: u64,
    /// Writes that the fence refused.
    pub writes_refused: u64,
    /// The highest epoch's owners: one.
    pub owners_per_epoch: u64,
}

impl Record {
    /// What a report says. `report` is what `standfast drill --output json` printed.
    pub fn of(report: &serde_json::Value, deployment: &str, took_s: f64) -> Self {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let count = |path: &str| report.pointer(path).and_then(serde_json::Value::as_u64).unwrap_or_default();
        let seconds = |path: &str| report.pointer(path).and_then(serde_json::Value::as_f64);
        let why = report["why"].as_array().into_iter().flatten();
        Self {
            scenario: text(&report["scenario"]),
            deployment: deployment.to_owned(),
            seed: count("/seed"),
            commit: text(&report["commit"]),
            fault_at: report["fault_at"].as_str().map(str::to_owned),
            took_s,
            verdict: text(&report["verdict"]),
            why: why.map(text).collect(),
            accepted_again_s: seconds("/recovery/accepted_again_s"),
            accepted_again_two_endpoints_s: seconds("/recovery/accepted_again_two_endpoints_s"),
            settled_again_s: seconds("/recovery/settled_again_s"),
            failback_took_s: seconds("/failback/took_s"),
            acknowledged: count("/orders/acknowledged"),
            lost: count("/loss/orders_lost"),
            settled_twice: count("/loss/orders_settled_twice"),
            commits_lost: count("/loss/commits_lost_by_database"),
            writes_refused: count("/fencing/writes_refused"),
            owners_per_epoch: count("/fencing/owners_per_epoch_max"),
        }
    }

    /// A drill that came to no verdict, for this reason.
    pub fn not_run(
        scenario: &str,
        deployment: &str,
        seed: u64,
        commit: &str,
        took_s: f64,
        why: String,
    ) -> Self {
        let nothing = Self::of(&serde_json::Value::Null, deployment, took_s);
        Self {
            scenario: scenario.to_owned(),
            seed,
            commit: commit.to_owned(),
            verdict: "not run".to_owned(),
            why: vec![why],
            ..nothing
        }
    }

    /// Whether it came to a verdict.
    pub fn ran(&self) -> bool {
        self.verdict != "not run"
    }

    /// Whether everything held.
    pub fn passed(&self) -> bool {
        self.verdict == "passed"
    }
}

/// The records of a file; none where there is no file.
pub fn read(file: &Path) -> Result<Vec<Record>, Problem> {
    match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| Problem::file(file, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Problem::file(file, error)),
    }
}

/// Writes them, in an order that does not depend on when they were found.
pub fn write(file: &Path, records: &[Record]) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(records).expect("a record is plain data") + "\n";
    let directory = file.parent().expect("a file has a directory");
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(file, text))
        .map_err(|error| Problem::file(file, error))
}

/// The record of one run.
pub fn find<'a>(records: &'a [Record], scenario: &str, deployment: &Path, seed: u64) -> Option<&'a Record> {
    let deployment = deployment.to_string_lossy();
    records.iter().find(|one| one.scenario == scenario && one.deployment == deployment && one.seed == seed)
}

/// Adds one, in the place of an older one of the same run.
pub fn put(records: &mut Vec<Record>, found: Record) {
    let key = |one: &Record| (one.scenario.clone(), one.deployment.clone(), one.seed);
    match records.binary_search_by_key(&key(&found), key) {
        Ok(at) => records[at] = found,
        Err(at) => records.insert(at, found),
    }
}

#[cfg(test)]
mod tests {
    // Goal: a report becomes a record, and a newer run takes the place of an older one.
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_becomes_a_record() {
        let report = json!({
            "scenario": "region-loss", "seed": 7, "commit": "abc", "verdict": "passed", "why": ["proved"],
            "recovery": {"accepted_again_s": 31.5, "settled_again_s": null}, "failback": null,
            "orders": {"acknowledged": 9}, "loss": {"commits_lost_by_database": 2},
        });
        let record = Record::of(&report, "deployments/trading.toml", 100.0);
        assert!(record.passed() && record.ran());
        assert_eq!((record.accepted_again_s, record.settled_again_s), (Some(31.5), None));
        assert_eq!((record.acknowledged, record.commits_lost, record.failback_took_s), (9, 2, None));
    }

    #[test]
    fn a_newer_run_takes_the_place_of_an_older_one() {
        let of = |scenario: &str, seed| Record::not_run(scenario, "d", seed, "abc", 1.0, "busy".to_owned());
        let mut records = Vec::new();
        for (scenario, seed) in [("b", 2), ("a", 1), ("b", 1)] {
            put(&mut records, of(scenario, seed));
        }
        put(&mut records, Record { commit: "def".to_owned(), ..of("b", 1) });
        let keys: Vec<_> = records.iter().map(|one| (one.scenario.as_str(), one.seed)).collect();
        assert_eq!(keys, [("a", 1), ("b", 1), ("b", 2)]);
        let found = find(&records, "b", Path::new("d"), 1).expect("it is there");
        assert_eq!(found.commit, "def");
    }
}
