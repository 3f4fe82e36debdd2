//! Who is told, and in which region.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Finding, Rule};
use crate::check::inventory::{Resource, inside};
use crate::stack::monitoring::catalogue;

const ALARMS: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
/// What says when an alarm rings.
const WHEN: [&str; 9] = [
    "ComparisonOperator",
    "DatapointsToAlarm",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
    "Unit",
];
/// How far the secondary is behind. Source: Aurora User Guide, "CloudWatch metrics for Amazon Aurora".
const LAG_METRICS: [&str; 3] =
    ["AuroraGlobalDBProgressLag", "AuroraGlobalDBReplicationLag", "AuroraGlobalDBRPOLag"];

pub(super) const LAG: Rule = Rule {
    id: "lag-alarmed-on-both-sides",
    title: "each region alarms on the replication lag of its own cluster",
    rationale: "the metric exists only where the secondary is, so it changes sides with every failover",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            let mut alarms = subject.inventory.in_region(region, ALARMS[0]);
            let own = subject.deployment.names().database_cluster(region);
            let watches = |alarm: &Resource<'_>| {
                let of_own = alarm.properties().to_string().contains(&own);
                of_own && inside(alarm.properties()).into_iter().any(names_the_lag)
            };
            if !alarms.any(|alarm| watches(&alarm)) {
                findings.push(Finding::missing(
                    format!("alarms in {region}"),
                    "none watches the replication lag of the own cluster",
                ));
            }
        }
        findings
    },
};

pub(super) const RECOVERY_POINT: Rule = Rule {
    id: "lag-below-recovery-point",
    title: "each region alarms on the replication lag well before it reaches the recovery point objective",
    rationale: "what the objective allows to be behind is lost until a replay brings it back, so people must hear of it before",
    look: |subject| {
        let Some(objective_s) = subject.deployment.objectives.recovery_point_s else { return Vec::new() };
        let alarms = subject.inventory.all(ALARMS[0]);
        let lags = alarms.filter(|alarm| inside(alarm.properties()).into_iter().any(names_the_lag));
        let late = lags.filter_map(|alarm| {
            let limit_ms = alarm.get("Threshold").as_f64()?;
            let first_s = limit_ms / 1000.0 + noticed_s(&alarm);
            (first_s >= objective_s as f64).then(|| {
                let what = format!("rings {first_s} s behind at the earliest, {objective_s} s are promised");
                Finding::at(&alarm, what)
            })
        });
        late.collect()
    },
};

/// Seconds for which a value must be bad before an alarm rings.
fn noticed_s(alarm: &Resource<'_>) -> f64 {
    let periods = alarm.list("Metrics").iter().filter_map(|query| query["Period"].as_f64());
    let period_s = alarm.get("Period").as_f64().or_else(|| periods.fold(None, |_, found| Some(found)));
    period_s.unwrap_or(60.0) * alarm.get("DatapointsToAlarm").as_f64().unwrap_or(1.0)
}

/// By the metric itself, or in a query over it.
fn names_the_lag(value: &Value) -> bool {
    let names = |text: &str| LAG_METRICS.iter().any(|metric| text.contains(metric));
    ["MetricName", "Expression"].iter().any(|property| value[property].as_str().is_some_and(names))
}

pub(super) const BOTH_SIDES: Rule = Rule {
    id: "alarms-on-both-sides",
    title: "both regions have the same alarms with the same thresholds, each of which tells somebody in its own region",
    rationale: "after a failover the other region is the one to look at, and only its own topic is sure to be there",
    look: |subject| {
        let [home, standby] = subject.pair();
        let all = |region: &recovery::Region| -> BTreeMap<String, Resource<'_>> {
            let alarms = subject.inventory.resources().filter(|resource| ALARMS.contains(&resource.kind()));
            let own = alarms.filter(|alarm| alarm.stack.region == region.as_str() && !is_global(alarm));
            own.map(|alarm| (neutral_name(&alarm), alarm)).collect()
        };
        let (at_home, at_standby) = (all(home), all(standby));
        let mut findings = Vec::new();
        for (own, others, other) in [(&at_home, &at_standby, standby), (&at_standby, &at_home, home)] {
            for (name, alarm) in own {
                match others.get(name) {
                    None if looks_at_what_one_region_has(alarm) => {}
                    None => findings.push(Finding::at(alarm, format!("has no twin in {other}"))),
                    Some(twin) => findings.extend(
                        WHEN.iter().filter(|property| alarm.get(property) != twin.get(property)).map(
                            |what| Finding::at(alarm, format!("its {what} is not its twin's in {other}")),
                        ),
                    ),
                }
                findings.extend(silent(alarm).map(|what| Finding::at(alarm, what)));
            }
        }
        findings
    },
};

/// Route 53's metrics exist in us-east-1 alone.
fn is_global(alarm: &Resource<'_>) -> bool {
    inside(alarm.properties()).into_iter().any(|value| value["Namespace"] == "AWS/Route53")
}

/// Of two things there is one for both regions: the trail has one log group, in the region it is managed from, and
/// the calls of both regions are in it; home's plan begins every backup and every copy. An alarm on either in the
/// other region would have no data for ever.
fn looks_at_what_one_region_has(alarm: &Resource<'_>) -> bool {
    let of_one = [
        ("AWS::CloudTrail::Trail", catalogue::audit::NAMESPACE),
        ("AWS::Backup::BackupPlan", catalogue::backup::NAMESPACE),
    ];
    of_one.into_iter().any(|(kind, namespace)| {
        alarm.text("Namespace") == Some(namespace) && alarm.stack.resources().any(|one| one.kind() == kind)
    })
}

fn neutral_name(alarm: &Resource<'_>) -> String {
    let name = alarm.text("AlarmName").unwrap_or(alarm.id);
    name.replace(&alarm.stack.region, "REGION")
}

/// An alarm that is part of a composite one need tell nobody itself.
fn silent(alarm: &Resource<'_>) -> Option<String> {
    if *alarm.get("ActionsEnabled") == Value::Bool(false) {
        return Some("has its actions switched off".to_owned());
    }
    let actions = alarm.list("AlarmActions");
    let elsewhere = actions.iter().filter_map(Value::as_str).find(|arn| {
        arn.split(':').nth(3).is_some_and(|region| !region.is_empty() && region != alarm.stack.region)
    });
    if let Some(arn) = elsewhere {
        return Some(format!("tells {arn}, which is in another region"));
    }
    let name = alarm.text("AlarmName").unwrap_or(alarm.id);
    let composed = alarm.stack.resources().filter(|other| other.kind() == ALARMS[1] && other.id != alarm.id);
    let part = composed.into_iter().any(|other| other.get("AlarmRule").to_string().contains(name));
    (actions.is_empty() && !part).then(|| "tells nobody".to_owned())
}
