//! Empties a hosted zone of what nobody else removes: Route 53 deletes none that holds more than
//! its own records.
//!
//! CloudFormation writes the records that prove a certificate's domain and leaves them there. They
//! are told by their value, so that every other record stays: those of CloudFormation, which it
//! removes itself, and those of people, which are theirs to remove.

use std::time::Duration;

use aws_sdk_route53::Client;
use aws_sdk_route53::error::ProvideErrorMetadata;
use aws_sdk_route53::types::{
    AcceleratedRecoveryStatus, Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType,
};

use super::HookError;
use crate::aws::CallFailed;

/// Where the value of a validation record ends.
const VALIDATION: &str = ".acm-validations.aws";
/// Changes per batch; Route 53 takes 1,000.
const BATCH: usize = 100;
const LOOK_EVERY: Duration = Duration::from_secs(5);
const NO_SUCH_ZONE: &str = "NoSuchHostedZone";

/// Removes the validation records, and turns off what keeps the zone from being removed.
pub(super) async fn empty(route53: &Client, zone: &str) -> Result<String, HookError> {
    let Some(records) = left_behind(route53, zone).await? else {
        return Ok(format!("zone {zone} is gone already"));
    };
    let count = records.len();
    for batch in records.chunks(BATCH) {
        remove(route53, zone, batch).await?;
    }
    let recovery = end_accelerated_recovery(route53, zone).await?;
    Ok(format!("{count} validation records removed from zone {zone}; accelerated recovery {recovery}"))
}

/// `None` without the zone.
async fn left_behind(route53: &Client, zone: &str) -> Result<Option<Vec<ResourceRecordSet>>, HookError> {
    const CALL: &str = "route53:ListResourceRecordSets";
    let mut found = Vec::new();
    let (mut name, mut kind, mut identifier) = (None, None, None);
    loop {
        let page = route53
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .set_start_record_name(name)
            .set_start_record_type(kind)
            .set_start_record_identifier(identifier)
            .send()
            .await;
        let page = match page {
            Ok(page) => page,
            Err(error) if error.code() == Some(NO_SUCH_ZONE) => return Ok(None),
            Err(error) => return Err(CallFailed::new(CALL, error).into()),
        };
        found.extend(page.resource_record_sets.into_iter().filter(is_validation));
        if !page.is_truncated {
            return Ok(Some(found));
        }
        (name, kind, identifier) =
            (page.next_record_name, page.next_record_type, page.next_record_identifier);
    }
}

fn is_validation(record: &ResourceRecordSet) -> bool {
    let proves = |value: &str| value.trim_end_matches('.').ends_with(VALIDATION);
    let values = record.resource_records();
    record.r#type == RrType::Cname
        && record.name.starts_with('_')
        && !values.is_empty()
        && values.iter().all(|value| proves(&value.value))
}

async fn remove(route53: &Client, zone: &str, records: &[ResourceRecordSet]) -> Result<(), HookError> {
    const CALL: &str = "route53:ChangeResourceRecordSets";
    let change = |record: &ResourceRecordSet| {
        Change::builder().action(ChangeAction::Delete).resource_record_set(record.clone()).build()
    };
    let changes: Result<Vec<Change>, _> = records.iter().map(change).collect();
    let changes = changes.map_err(|error| CallFailed::unreadable(CALL, error))?;
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build();
    let batch = batch.map_err(|error| CallFailed::unreadable(CALL, error))?;
    let sent = route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await;
    match sent {
        Ok(_) => Ok(()),
        // An earlier try of ours got through although its answer was lost.
        Err(error) if error.code() == Some("InvalidChangeBatch") => match left_behind(route53, zone).await? {
            Some(left) if records.iter().any(|record| left.contains(record)) => {
                Err(CallFailed::new(CALL, error).into())
            }
            _ => Ok(()),
        },
        Err(error) => Err(CallFailed::new(CALL, error).into()),
    }
}

/// A zone with accelerated recovery cannot be removed; people may have turned it on.
async fn end_accelerated_recovery(route53: &Client, zone: &str) -> Result<&'static str, HookError> {
    let mut asked = false;
    loop {
        let answer = route53.get_hosted_zone().id(zone).send().await;
        let answer = answer.map_err(|error| CallFailed::new("route53:GetHostedZone", error))?;
        let features = answer.hosted_zone.and_then(|zone| zone.features);
        let status = features.and_then(|features| features.accelerated_recovery_status);
        match status {
            None | Some(AcceleratedRecoveryStatus::Disabled) => {
                return Ok(if asked { "was turned off" } else { "is off" });
            }
            // Whoever asked: asked again, Route 53 would refuse.
            Some(
                AcceleratedRecoveryStatus::Disabling | AcceleratedRecoveryStatus::DisablingHostedZoneLocked,
            ) => {
                asked = true;
            }
            Some(_) if !asked => {
                let off = route53.update_hosted_zone_features().hosted_zone_id(zone);
                let off = off.enable_accelerated_recovery(false).send().await;
                off.map_err(|error| CallFailed::new("route53:UpdateHostedZoneFeatures", error))?;
                asked = true;
            }
            Some(_) => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
