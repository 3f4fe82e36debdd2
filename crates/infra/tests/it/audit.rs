//! R18, R23: the trail, and backups in vaults.
//!
//! Goal: every call in the account is on record where nobody changes it unseen, and what is lost by mistake can
//! be restored in either region. Method: the templates of the trading deployment with the section `[audit]`,
//! and without it.

mod backups;
mod trail;

use std::collections::BTreeSet;

use infra::check::rule::RULES;
use serde_json::{Value, json};

use crate::{Template, audited, audited_with, deployment, each_environment, synthesise, trading};

const HOME: &str = "us-east-1";
const STANDBY: &str = "us-east-2";
const REGIONS: [&str; 2] = [HOME, STANDBY];
const TRAIL: &str = "arn:aws:cloudtrail:us-east-2:111122223333:trail/trail-audit-production";

/// The audit stack of a region.
fn stack<'t>(templates: &'t [Template], region: &str) -> &'t Template {
    let name = format!("TapStack-Audit-{region}-production");
    templates.iter().find(|template| template.name == name).expect("it is there")
}

/// The only resource of a type in the audit stack of a region, its properties.
fn only<'t>(templates: &'t [Template], region: &str, kind: &'t str) -> &'t Value {
    let found = stack(templates, region).all(kind);
    assert_eq!(found.len(), 1, "{kind} in {region}");
    found[0]
}

/// Every statement of a role's or a policy's document.
fn statements(document: &Value) -> &[Value] {
    document["Statement"].as_array().expect("statements")
}

fn texts(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

#[test]
fn without_the_section_nothing_of_it_is_there() {
    let with: BTreeSet<String> = synthesise(&audited()).into_iter().map(|template| template.name).collect();
    let without: BTreeSet<String> = trading().into_iter().map(|template| template.name).collect();
    let more: Vec<&String> = with.difference(&without).collect();
    assert_eq!(
        more,
        REGIONS.map(|region| format!("TapStack-Audit-{region}-production")).iter().collect::<Vec<_>>()
    );
    for template in trading() {
        let text = template.json.to_string();
        assert!(!text.contains("cloudtrail") && !text.contains("AWS::Backup::"), "{}", template.name);
    }
}

#[test]
fn every_name_of_it_carries_the_environment() {
    let templates = synthesise(&audited());
    let names = [
        ("AWS::Backup::BackupPlan", "/BackupPlan/BackupPlanName"),
        ("AWS::Backup::BackupSelection", "/BackupSelection/SelectionName"),
        ("AWS::Backup::BackupVault", "/BackupVaultName"),
        ("AWS::CloudTrail::Trail", "/TrailName"),
        ("AWS::Logs::MetricFilter", "/FilterName"),
        ("AWS::CloudWatch::Alarm", "/AlarmName"),
        ("AWS::Events::Rule", "/Name"),
    ];
    for region in REGIONS {
        for (kind, property) in names {
            for resource in stack(&templates, region).all(kind) {
                let name = resource.pointer(property).and_then(Value::as_str).expect("it has a name");
                // AWS Backup takes fifty characters for each of its own.
                assert!(name.ends_with("-production") && name.len() <= 50, "{kind} {name}");
            }
        }
        assert_eq!(only(&templates, region, "AWS::Backup::BackupVault")["BackupVaultTags"]["region"], region);
    }
}

#[test]
fn what_cannot_be_told_is_put_aside_for_people() {
    let templates = synthesise(&audited());
    for region in REGIONS {
        let recovery = format!("TapStack-DisasterRecovery-{region}-production");
        let recovery = templates.iter().find(|template| template.name == recovery).expect("it is there");
        let policies =
            Value::from(recovery.all("AWS::SQS::QueuePolicy").into_iter().cloned().collect::<Vec<_>>());
        for rule in stack(&templates, region).all("AWS::Events::Rule") {
            let target = &rule["Targets"][0];
            let topic = format!("arn:aws:sns:{region}:111122223333:topic-alerts-production");
            assert_eq!(target["Arn"], topic, "each region tells for itself");
            let queue = format!("arn:aws:sqs:{region}:111122223333:queue-undelivered-events-production");
            assert_eq!(target["DeadLetterConfig"]["Arn"], queue);
            let arn = format!(
                "arn:aws:events:{region}:111122223333:rule/{}",
                rule["Name"].as_str().expect("named")
            );
            assert!(policies.to_string().contains(&arn), "the queue takes what {arn} could not deliver");
        }
    }
}

#[test]
fn a_trail_can_be_left_to_another_deployment_of_the_account() {
    let alone = audited_with("trail = false\nbackup_copy = false\nbackup_retention_days = 7\n");
    let templates = synthesise(&alone);
    for region in REGIONS {
        let stack = stack(&templates, region);
        assert!(stack.all("AWS::CloudTrail::Trail").is_empty());
        let alarms = stack.all("AWS::CloudWatch::Alarm");
        let metrics: Vec<&Value> = alarms.iter().map(|alarm| &alarm["MetricName"]).collect();
        let missed = if region == HOME { vec!["NumberOfBackupJobsCompleted"] } else { Vec::new() };
        assert_eq!(metrics, missed, "no trail, no copies, and still a backup that may be missing");
        assert_eq!(stack.all("AWS::Events::Rule").len(), 1, "failed backups are told");
    }
    let rule = &only(&templates, HOME, "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"][0];
    assert_eq!(rule["Lifecycle"], json!({ "DeleteAfterDays": 7 }));
    assert!(rule.get("CopyActions").is_none());
    let text: String = templates.iter().map(|template| template.json.to_string()).collect();
    assert!(!text.contains("trail-audit"), "neither bucket nor key lets a trail in that is not there");
    assert_eq!(deployment().audit, None);
}

#[test]
fn the_finance_deployments_have_all_of_it_and_keep_its_rules() {
    for deployment in each_environment().into_iter().filter(|one| one.audit.is_some()) {
        let environment = &deployment.environment;
        let inventory = crate::check::inventory(&deployment);
        for region in deployment.pair() {
            assert!(inventory.in_region(region, "AWS::Backup::BackupVault").next().is_some(), "{region}");
        }
        let trails: Vec<&str> =
            inventory.all("AWS::CloudTrail::Trail").map(|trail| trail.stack.region.as_str()).collect();
        let standby = deployment.regions.standby.as_str();
        assert_eq!(trails, if environment.starts_with("production") { vec![standby] } else { Vec::new() });
        for id in ["backed-up-as-asked", "calls-are-recorded", "stays-in-its-regions"] {
            let rule = RULES.iter().find(|rule| rule.id == id).expect("there is such a rule");
            assert_eq!(rule.findings(&inventory, &deployment), [], "{} {environment}", deployment.name);
        }
    }
}
