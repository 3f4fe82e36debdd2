//! What a preflight found, as metrics: the sign of life, the number of gaps, and 0 or 1 for each check.
//!
//! The checks are a fixed list, so that no dimension can grow.

use recovery::preflight::{CHECK_DIMENSION, Check, Report};
use serde_json::Value;

use super::SERVICE;
use crate::telemetry::{self, Metric, line_of, now_ms};

/// Writes one line for the whole, on which people are alarmed, and one for each check.
pub(super) fn report(report: &Report) {
    telemetry::gauges(
        SERVICE,
        &[(Metric::PreflightRan, 1.0), (Metric::PreflightFailed, report.gaps.len() as f64)],
    );
    for line in lines(report, now_ms()) {
        telemetry::write(&line);
    }
}

fn lines(report: &Report, now_ms: u64) -> Vec<Value> {
    let of = |check: &Check| {
        let gap = u64::from(report.gaps.contains(check));
        line_of(Metric::PreflightFailed, CHECK_DIMENSION, check.name(), gap, now_ms)
    };
    Check::ALL.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    //! Goal: whoever looks at one check sees zeros and ones. Method: the lines
    //! of a report with one gap.

    use super::*;
    use recovery::Region;
    use recovery::preflight::{Finding, State};
    use serde_json::json;

    #[test]
    fn every_check_has_its_figure() {
        let finding = |check: &Check| Finding {
            check: *check,
            state: if *check == Check::Queue { State::Failed } else { State::Passed },
            detail: String::new(),
            took_ms: 1,
        };
        let region = Region::new("us-east-2").expect("a region");
        let report = Report::new(region, 1, Check::ALL.iter().map(finding).collect());
        let lines = lines(&report, 5);
        assert_eq!(lines.len(), Check::ALL.len());
        for line in &lines {
            let gap = line[CHECK_DIMENSION] == "queue";
            assert_eq!(line["PreflightFailed"], u64::from(gap), "{line}");
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Dimensions"], json!([["Service", "Check"]]));
            assert_eq!(directive["Metrics"], json!([{ "Name": "PreflightFailed", "Unit": "Count" }]));
        }
    }
}
