//! R20: journal, databases and sessions are compared in both regions, and a difference reaches people.

use recovery::reconcile::{EVERY_S, FUNCTION_TIMEOUT_S};

use crate::monitoring::{METRIC_ALARM, alarms};
use crate::{ACCOUNT, one, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

#[test]
fn both_regions_reconcile_every_quarter_of_an_hour() {
    let templates = trading();
    for region in REGIONS {
        let schedule =
            one(&templates, region, "AWS::Scheduler::Schedule", "Name", "schedule-reconcile-production");
        assert_eq!(schedule["ScheduleExpression"], "rate(15 minutes)");
        let target = &schedule["Target"];
        let function = "function-reconciler-production";
        assert_eq!(target["Arn"], format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{function}"));
        let failed = format!("arn:aws:sqs:{region}:{ACCOUNT}:queue-failed-invocations-production");
        assert_eq!(target["DeadLetterConfig"]["Arn"], failed);
        let function = one(&templates, region, "AWS::Lambda::Function", "FunctionName", function);
        assert_eq!(function["Timeout"], FUNCTION_TIMEOUT_S);
        const { assert!(FUNCTION_TIMEOUT_S < EVERY_S, "a run ends before the next one begins") };
        let user = &function["Environment"]["Variables"][recovery::setting::DATABASE_USER];
        assert_eq!(user, "reconciler");
    }
}

#[test]
fn a_difference_that_nothing_explains_rings_and_the_silence_of_the_reconciler_does() {
    let templates = trading();
    for region in REGIONS {
        let alarms = alarms(&templates, region, METRIC_ALARM);
        let (differs, silent) = (alarms["differences-unexplained"], alarms["reconciler-silent"]);
        assert_eq!(
            (&differs["MetricName"], differs["Threshold"].as_f64()),
            (&"DifferencesUnexplained".into(), Some(1.0))
        );
        assert_eq!(differs["Statistic"], "Maximum", "one run that finds none hides no other");
        assert_eq!(
            (&silent["MetricName"], &silent["TreatMissingData"]),
            (&"ReconcilerRan".into(), &"breaching".into())
        );
        for alarm in [differs, silent] {
            assert_eq!(alarm["Period"], EVERY_S);
        }
    }
}
