//! What a preflight found, as metrics: the sign of life, the number of gaps, and 0 or 1 for each check.
//!
//! The checks are a fixed list, so that no dimension can grow.

use recovery::preflight::{CHECK_DIMENSION, Check, FAILED_METRIC, RAN_METRIC, Report};
use serde_json::{Value, json};

use super::SERVICE;
use crate::telemetry::{self, NAMESPACE, now_ms};

/// Writes one line for the whole and one for each check.
pub(super) fn report(report: &Report) {
    for line in lines(report, now_ms()) {
        telemetry::write(&line);
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn lines(report: &Report, now_ms: u64) -> Vec<Value> {
    let line = |dimensions: &[&str], metrics: &[&str]| {
        let metrics: Vec<Value> =
            metrics.iter().map(|name| json!({ "Name": name, "Unit": "Count" })).collect();
        json!({
            "_aws": {
                "Timestamp": now_ms,
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics,
                }],
            },
            "Service": SERVICE,
        })
    };
    let mut whole = line(&["Service"], &[RAN_METRIC, FAILED_METRIC]);
    whole[RAN_METRIC] = json!(1);
    whole[FAILED_METRIC] = json!(report.gaps.len());
    let of = |check: &Check| {
        let mut one = line(&["Service", CHECK_DIMENSION], &[FAILED_METRIC]);
        one[CHECK_DIMENSION] = json!(check.name());
        one[FAILED_METRIC] = json!(u64::from(report.gaps.contains(check)));
        one
    };
    std::iter::once(whole).chain(Check::ALL.iter().map(of)).collect()
}

#[cfg(test)]
mod tests {
    //! Goal: an alarm on gaps sees zeros and ones, and one on silence sees every run. Method: the lines
    //! of a report with one gap.

    use super::*;
    use recovery::Region;
    use recovery::preflight::{Finding, State};

    #[test]
    fn a_run_is_counted_and_every_check_has_its_figure() {
        let finding = |check: &Check| Finding {
            check: *check,
            state: if *check == Check::Queue { State::Failed } else { State::Passed },
            detail: String::new(),
            took_ms: 1,
        };
        let region = Region::new("us-east-2").expect("a region");
        let report = Report::new(region, 1, Check::ALL.iter().map(finding).collect());
        let lines = lines(&report, 5);
        assert_eq!(lines.len(), 1 + Check::ALL.len());
        assert_eq!((&lines[0][RAN_METRIC], &lines[0][FAILED_METRIC]), (&json!(1), &json!(1)));
        assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Service"]]));
        for line in &lines[1..] {
            let gap = line[CHECK_DIMENSION] == "queue";
            assert_eq!(line[FAILED_METRIC], u64::from(gap), "{line}");
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Dimensions"], json!([["Service", "Check"]]));
            assert_eq!(directive["Metrics"], json!([{ "Name": FAILED_METRIC, "Unit": "Count" }]));
        }
    }
}
