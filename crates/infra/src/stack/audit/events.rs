//! What people are told by event: failed backups and copies, and what is done to the region's keys, trails and
//! vaults. Each region tells for itself, so that the loss of one does not silence the other; the trail's alarms
//! tell of the same calls in one region only, and later.

use cdk::Scope;
use cfn::Json;
use cfn::events::Rule;
use cfn::events::rule::{DeadLetterConfig, Target};
use serde_json::json;

use super::watch::TAMPERING;
use crate::place::Place;
use crate::stack::disaster_recovery::undelivered_events;
use crate::stack::retry;

/// Ends of a job that left no whole backup.
const FAILED: [&str; 4] = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"];

/// Names of the rules of a region; none without an audit.
pub(in crate::stack) fn rule_names(place: &Place<'_>) -> Vec<String> {
    purposes(place).map(|purpose| place.names().resource("rule", purpose)).collect()
}

fn purposes(place: &Place<'_>) -> impl Iterator<Item = &'static str> {
    let audit = place.deployment.audit.as_ref();
    let tampering = audit.filter(|audit| audit.trail).map(|_| "audit-tampering");
    audit.map(|_| "backups-failed").into_iter().chain(tampering)
}

/// ARNs of the rules of a region, whose undelivered events are put aside.
pub(in crate::stack) fn rule_arns(place: &Place<'_>) -> Vec<String> {
    rule_names(place).iter().map(|name| place.arn("events", &format!("rule/{name}"))).collect()
}

/// Adds the rules.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>) {
    for purpose in purposes(place) {
        let (what, pattern) = match purpose {
            "backups-failed" => ("backups and copies that failed", failed(place)),
            _ => ("changes of keys, trails and vaults", tampering()),
        };
        let target = Target::new(place.alert_topic_arn(), "alerts")
            .retry_policy(retry::longest())
            .dead_letter_config(DeadLetterConfig::new().arn(place.queue_arn(&undelivered_events(place))));
        let rule = Rule::new()
            .name(place.names().resource("rule", purpose))
            .description(what)
            .event_pattern(pattern)
            .targets([target]);
        scope.add(purpose, rule);
    }
}

/// Jobs of our vault, and copies out of it.
///
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html>
fn failed(place: &Place<'_>) -> Json {
    json!({
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change", "Copy Job State Change"],
        "detail": {
            "state": FAILED,
            "$or": [
                { "backupVaultName": [place.vault()] },
                { "sourceBackupVaultArn": [place.vault_arn()] },
            ],
        },
    })
}

/// The calls that EventBridge sees of this region's services.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>
fn tampering() -> Json {
    let sources: Vec<String> =
        TAMPERING.iter().map(|(service, _)| format!("{service}.amazonaws.com")).collect();
    let names: Vec<&str> = TAMPERING.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    json!({
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": { "eventSource": sources, "eventName": names },
    })
}
