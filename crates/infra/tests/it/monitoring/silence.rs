//! Goal: a dead watch and an absent database alarm by their silence, and nothing else does; nothing is
//! alarmed on from a region that may be gone.

use serde_json::json;

use super::{METRIC_ALARM, alarms, metrics, text};
use crate::{everywhere, peer_of};

#[test]
fn what_should_always_speak_alarms_when_it_is_silent() {
    for (templates, region) in everywhere() {
        let alarms = alarms(templates, region, METRIC_ALARM);
        let by_silence = alarms.iter().filter(|(_, alarm)| alarm["TreatMissingData"] == "breaching");
        let by_silence: Vec<&str> = by_silence.map(|(purpose, _)| purpose.as_str()).collect();
        let mut expected = vec!["database-silent", "preflight-silent", "reconciler-silent", "watch-silent"];
        if templates.iter().any(|template| template.name.contains("-Services-")) {
            expected.extend([
                "orders-service-below-floor",
                "orders-worker-below-floor",
                "targets-below-floor",
            ]);
        }
        let begins_backups = |template: &&crate::Template| {
            template.region == region && !template.all("AWS::Backup::BackupPlan").is_empty()
        };
        if templates.iter().any(|template| begins_backups(&template)) {
            expected.extend(["backups-missing", "copies-missing"]);
        }
        expected.sort_unstable();
        assert_eq!(by_silence, expected);
        let watch = alarms["watch-silent"];
        assert_eq!(watch["MetricName"], "WatchTicks");
        let silent_s = watch["Period"].as_i64().zip(watch["DatapointsToAlarm"].as_i64());
        assert_eq!(silent_s, Some((60, 3)), "three minutes, and a watch begins every minute");
        for (purpose, alarm) in &alarms {
            assert!(alarm["TreatMissingData"].is_string(), "{purpose} leaves it to chance");
        }
    }
}

#[test]
fn a_night_without_a_backup_is_missed_where_backups_are_begun() {
    let missed: Vec<_> = everywhere()
        .flat_map(|(templates, region)| {
            let alarms = alarms(templates, region, METRIC_ALARM);
            ["backups-missing", "copies-missing"]
                .into_iter()
                .filter_map(move |purpose| alarms.get(purpose).map(|alarm| (region, *alarm)))
        })
        .collect();
    let homes: Vec<&str> = missed.iter().map(|(region, _)| *region).collect();
    assert_eq!(
        homes,
        ["us-east-1", "us-east-1", "us-east-2", "us-east-2"],
        "home of each finance deployment"
    );
    for (_, alarm) in missed {
        let hours = ["Period", "EvaluationPeriods", "DatapointsToAlarm"].map(|name| alarm[name].as_i64());
        assert_eq!(hours, [Some(3600), Some(30), Some(30)], "a day, and what a night takes twice");
        assert_eq!(
            (alarm["Threshold"].as_f64(), &alarm["TreatMissingData"]),
            (Some(1.0), &json!("breaching"))
        );
    }
}

#[test]
fn what_swaps_sides_is_alarmed_on_in_both_regions_and_by_the_own_cluster() {
    for (templates, region) in everywhere() {
        let alarms = alarms(templates, region, METRIC_ALARM);
        for purpose in ["replication-lag", "commits-missing"] {
            let alarm = alarms[purpose];
            let looked_at = metrics(alarm);
            assert_eq!(looked_at.len(), 1);
            assert_eq!(looked_at[0].of("DBClusterIdentifier"), format!("cluster-orders-{region}-production"));
            assert_eq!(alarm["TreatMissingData"], "notBreaching", "the region that leads has no data");
        }
        let peer = peer_of(templates, region);
        let sessions = metrics(alarms["sessions-replication"]);
        assert_eq!(sessions[0].of("ReceivingRegion"), peer, "what this region sends");
    }
}

#[test]
fn no_alarm_needs_another_region() {
    for (templates, region) in everywhere() {
        let peer = peer_of(templates, region);
        for (purpose, alarm) in alarms(templates, region, METRIC_ALARM) {
            for metric in metrics(alarm) {
                assert_ne!(metric.namespace, "AWS/Route53", "{purpose}: published in us-east-1 alone");
            }
            assert!(!alarm.to_string().contains("AccountId"), "{purpose}");
            let foreign = alarm.to_string().contains(&format!(":{peer}:"));
            assert!(!foreign, "{purpose} names a resource of {peer}");
            assert!(!text(&alarm["AlarmName"]).contains(peer));
        }
    }
}
