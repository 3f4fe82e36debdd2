//! Goal: each alarm rings when the deployment says so, says what it means, and tells somebody.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{COMPOSITE_ALARM, METRIC_ALARM, REGIONS, alarms, metrics, text};
use crate::{deployment, everywhere, synthesise, trading};

#[test]
fn each_alarm_tells_the_people_of_its_own_region_that_it_rings_and_that_it_is_over() {
    for (templates, region) in everywhere() {
        let topic = json!([format!("arn:aws:sns:{region}:111122223333:topic-alerts-production")]);
        for kind in [METRIC_ALARM, COMPOSITE_ALARM] {
            for (purpose, alarm) in alarms(templates, region, kind) {
                assert_eq!(alarm["AlarmActions"], topic, "{purpose}");
                assert_eq!(alarm["OKActions"], topic, "{purpose}");
                assert_ne!(alarm.get("ActionsEnabled"), Some(&json!(false)), "{purpose}");
                let description = text(&alarm["AlarmDescription"]);
                assert!(description.chars().count() <= 1024, "{purpose}: CloudWatch takes 1024 characters");
                assert!(description.contains(". First: "), "{purpose} says what to do: {description}");
                let treats = kind == COMPOSITE_ALARM || description.contains(" No data: ");
                assert!(treats, "{purpose} says what missing data means");
            }
        }
    }
}

#[test]
fn both_regions_have_the_same_alarms() {
    let templates = trading();
    for kind in [METRIC_ALARM, COMPOSITE_ALARM] {
        let purposes = |region| -> Vec<String> { alarms(&templates, region, kind).into_keys().collect() };
        assert_eq!(purposes(REGIONS[0]), purposes(REGIONS[1]));
    }
    assert!(alarms(&templates, REGIONS[0], METRIC_ALARM).len() > 40);
}

#[test]
fn thresholds_follow_the_deployment() {
    let mut deployment = deployment();
    deployment.alarms.replication_lag_s = 7;
    deployment.alarms.queue_age_s = 11;
    deployment.alarms.api_latency_ms = 13;
    deployment.alarms.error_percent = 2.5;
    deployment.lease.ttl_s = 17;
    deployment.load.sessions_per_second = 100;
    deployment.database.instance_class = "db.r6g.4xlarge".to_owned();
    let templates = synthesise(&deployment);
    for region in REGIONS {
        let alarms = alarms(&templates, region, METRIC_ALARM);
        for (purpose, expected) in [
            ("replication-lag", 7000.0),
            ("commits-missing", 7000.0),
            ("sessions-replication", 7000.0),
            ("queue-age", 11.0),
            ("settlement-lag", 11_000.0),
            ("api-latency", 13.0),
            ("api-server-errors", 2.5),
            ("orders-api-errors", 2.5),
            ("lease-stale", 17.0),
            ("sessions-stale", 150.0),
            ("database-connections", 3500.0),
            ("orders-api-duration", 9000.0),
            ("sentinel-duration", 162_000.0),
        ] {
            assert_eq!(alarms[purpose]["Threshold"].as_f64(), Some(expected), "{purpose} in {region}");
        }
    }
}

/// The identifiers in an expression, but for functions.
fn identifiers(expression: &str) -> BTreeSet<&str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect()
}

#[test]
fn every_expression_uses_its_metrics_and_gives_one_result() {
    let templates = trading();
    for (purpose, alarm) in alarms(&templates, REGIONS[0], METRIC_ALARM) {
        let Some(queries) = alarm.get("Metrics").and_then(Value::as_array) else {
            assert!(alarm["Period"].as_i64().is_some_and(|period| period % 60 == 0), "{purpose}");
            continue;
        };
        let results: Vec<_> = queries.iter().filter(|query| query["ReturnData"] == true).collect();
        assert_eq!(results.len(), 1, "{purpose}");
        let expression = text(&results[0]["Expression"]);
        if expression.starts_with("SELECT") {
            assert_eq!((queries.len(), &results[0]["Period"]), (1, &json!(60)), "{purpose}");
            continue;
        }
        let given = queries.iter().filter(|query| query.get("MetricStat").is_some());
        let given: BTreeSet<String> = given.map(|query| text(&query["Id"])).collect();
        let used: BTreeSet<String> = identifiers(&expression).into_iter().map(str::to_owned).collect();
        assert_eq!(given, used, "{purpose}: {expression}");
        assert!(
            metrics(alarm).len() <= 10,
            "{purpose}: CloudWatch computes an alarm from ten metrics at most"
        );
    }
}

#[test]
fn periods_are_so_many_as_they_can_be() {
    let templates = trading();
    for (purpose, alarm) in alarms(&templates, REGIONS[0], METRIC_ALARM) {
        let number = |property: &str| alarm[property].as_i64();
        let (bad, of) = (number("DatapointsToAlarm"), number("EvaluationPeriods"));
        assert!(bad >= Some(1) && bad <= of, "{purpose}");
        let period = number("Period").unwrap_or(60);
        assert!(period * of.expect("periods") <= 86_400, "{purpose}: CloudWatch looks back a day at most");
    }
}

#[test]
fn composites_are_made_of_alarms_of_their_region_and_wait_for_them() {
    for (templates, region) in everywhere() {
        let single = alarms(templates, region, METRIC_ALARM);
        let composites = alarms(templates, region, COMPOSITE_ALARM);
        let purposes: Vec<&str> = composites.keys().map(String::as_str).collect();
        assert_eq!(purposes, ["data-behind", "recovery-impaired", "region-impaired"]);
        let monitoring = templates.iter().find(|t| t.region == region && t.name.contains("-Monitoring-"));
        let monitoring = monitoring.expect("each region is monitored");
        for (_, resource) in monitoring.resources().filter(|(_, r)| r["Type"] == COMPOSITE_ALARM) {
            let rule = text(&resource["Properties"]["AlarmRule"]);
            let waited = resource["DependsOn"].as_array().expect("it comes after its parts").iter();
            let waited: BTreeSet<String> = waited
                .map(|id| {
                    text(
                        &monitoring.json["Resources"][id.as_str().expect("an id")]["Properties"]["AlarmName"],
                    )
                })
                .collect();
            let mut named = BTreeSet::new();
            for part in rule.split(" OR ") {
                let name = part.strip_prefix("ALARM(\"").and_then(|part| part.strip_suffix("\")"));
                let name = name.expect("an alarm by its name");
                let purpose = name.strip_prefix("alarm-").and_then(|name| name.strip_suffix("-production"));
                assert!(single.contains_key(purpose.expect("a name of ours")), "{name} in {region}");
                named.insert(name.to_owned());
            }
            assert_eq!(named, waited);
        }
    }
}
