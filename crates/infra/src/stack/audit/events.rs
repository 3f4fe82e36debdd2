//! What people are told by event: failed backups and copies, and what is done to the region's keys, trails and
//! vaults. Each region tells for itself, so that the loss of one does not silence the other; the trail's alarms
//! tell of the same calls in one region only, and later.

use cdk::Scope;
use cfn::Json;
use serde_json::json;

use super::watch::TAMPERING;
use crate::place::Place;
use crate::stack::aws_events::{self, News};

/// Ends of a job that left no whole backup.
const FAILED: [&str; 4] = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"];

/// Purposes of the rules of a region; none without an audit.
pub(in crate::stack) fn purposes(place: &Place<'_>) -> impl Iterator<Item = &'static str> + use<> {
    let audit = place.deployment.audit.as_ref();
    let tampering = audit.filter(|audit| audit.trail).map(|_| "audit-tampering");
    audit.map(|_| "backups-failed").into_iter().chain(tampering)
}

/// Adds the rules.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>) {
    for purpose in purposes(place) {
        let (what, pattern) = match purpose {
            "backups-failed" => ("backups and copies that failed", failed(place)),
            _ => ("changes of keys, trails and vaults", tampering()),
        };
        aws_events::add(scope, place, purpose, News { purpose, what, pattern });
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
