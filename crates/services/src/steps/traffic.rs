//! Public traffic: moved by DNS health checks without us; these steps help and look.

use std::time::Duration;

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecordSet, ResourceRecordSetFailover as Failover, RrType,
};
use recovery::step::Context;
use tokio::time::timeout;

use super::{StepContext, StepError};
use crate::aws::CallFailed;
use crate::settings::BaseUrl;

/// Longest try. The control plane of Route 53 may be what is lost.
const STEER_LIMIT: Duration = Duration::from_secs(2);

/// Swaps what the two failover records point at, so that `PRIMARY` names this region. Best effort.
///
/// The records keep their identifiers and roles; values and health checks change places, which
/// Route 53 does as one change.
pub(super) async fn steer(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    steps.require_leave(context).await?;
    let steered = timeout(STEER_LIMIT, swap_records(steps)).await;
    steered.unwrap_or_else(|_| {
        let what = format!("Route 53 did not answer within {} ms", STEER_LIMIT.as_millis());
        Err(StepError::transient("the failover records", what))
    })
}

async fn swap_records(steps: &StepContext) -> Result<String, StepError> {
    let (public, own) = (host(&steps.endpoints.public), host(&steps.endpoints.own));
    let records = failover_records(steps, public).await?;
    let role = |role: Failover| records.iter().find(|record| record.failover() == Some(&role)).cloned();
    let (Some(primary), Some(secondary)) = (role(Failover::Primary), role(Failover::Secondary)) else {
        let what = format!("`{public}` has no pair of failover records");
        return Err(StepError::transient("the failover records", what));
    };
    if points_at(&primary, own) {
        return Ok(format!("the primary record points at {own} already"));
    }
    if !points_at(&secondary, own) {
        let what = format!("no failover record of `{public}` points at {own}");
        return Err(StepError::transient("the failover records", what));
    }
    let changes = exchange(primary, secondary).map(|record| {
        let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(record);
        change.build().expect("action and record are set")
    });
    let batch = ChangeBatch::builder().set_changes(Some(changes.into())).comment("recovery");
    steps
        .route53
        .change_resource_record_sets()
        .hosted_zone_id(&steps.zone.id)
        .change_batch(batch.build().expect("changes are set"))
        .send()
        .await
        .map_err(|error| CallFailed::new("route53:ChangeResourceRecordSets", error))?;
    Ok(format!("the primary record of {public} points at {own}"))
}

async fn failover_records(steps: &StepContext, public: &str) -> Result<Vec<ResourceRecordSet>, StepError> {
    let answer = steps
        .route53
        .list_resource_record_sets()
        .hosted_zone_id(&steps.zone.id)
        .start_record_name(public)
        .start_record_type(RrType::Cname)
        .send()
        .await
        .map_err(|error| CallFailed::new("route53:ListResourceRecordSets", error))?;
    let of_public = |record: &ResourceRecordSet| {
        same_host(record.name(), public) && *record.r#type() == RrType::Cname && record.failover().is_some()
    };
    Ok(answer.resource_record_sets.into_iter().filter(of_public).collect())
}

fn exchange(mut one: ResourceRecordSet, mut other: ResourceRecordSet) -> [ResourceRecordSet; 2] {
    std::mem::swap(&mut one.resource_records, &mut other.resource_records);
    std::mem::swap(&mut one.health_check_id, &mut other.health_check_id);
    [one, other]
}

fn points_at(record: &ResourceRecordSet, host: &str) -> bool {
    record.resource_records().iter().any(|value| same_host(value.value(), host))
}

fn same_host(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

fn host(url: &BaseUrl) -> &str {
    url.0.host().unwrap_or_default()
}

/// Succeeds once the public name and this region's own name share an address.
pub(super) async fn verify(steps: &StepContext) -> Result<String, StepError> {
    let (public, own) = (host(&steps.endpoints.public), host(&steps.endpoints.own));
    let (led, wanted) = tokio::join!(steps.prober.addresses(public), steps.prober.addresses(own));
    let not_yet = |error: crate::probe::ProbeError| StepError::NotYet(error.to_string());
    let (led, wanted) = (led.map_err(not_yet)?, wanted.map_err(not_yet)?);
    // A name may have more addresses than one answer tells: one in common is enough.
    if led.iter().any(|address| wanted.contains(address)) {
        return Ok(format!("{public} leads to {own}"));
    }
    Err(StepError::NotYet(format!("{public} leads to {led:?}, {own} to {wanted:?}")))
}

#[cfg(test)]
mod tests {
    //! Goal: steering moves values and health checks and leaves roles and identifiers alone.
    //! Method: exchange a pair of records, twice.

    use super::*;
    use aws_sdk_route53::types::ResourceRecord;

    fn record(id: &str, role: Failover, value: &str, check: &str) -> ResourceRecordSet {
        ResourceRecordSet::builder()
            .name("orders.trading.example.")
            .r#type(RrType::Cname)
            .set_identifier(id)
            .failover(role)
            .ttl(10)
            .resource_records(ResourceRecord::builder().value(value).build().expect("a value"))
            .health_check_id(check)
            .build()
            .expect("name and type are set")
    }

    #[test]
    fn an_exchange_keeps_roles_and_undoes_itself() {
        let home = record("home", Failover::Primary, "a.orders.trading.example", "check-a");
        let standby = record("standby", Failover::Secondary, "b.orders.trading.example.", "check-b");
        let [primary, secondary] = exchange(home.clone(), standby.clone());
        assert_eq!((primary.set_identifier(), primary.failover()), (Some("home"), Some(&Failover::Primary)));
        assert!(points_at(&primary, "B.orders.trading.example"));
        assert_eq!(primary.health_check_id(), Some("check-b"));
        assert!(points_at(&secondary, "a.orders.trading.example"));
        assert_eq!(exchange(primary, secondary), [home, standby]);
    }
}
