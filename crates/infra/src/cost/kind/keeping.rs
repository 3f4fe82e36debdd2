//! Keys, secrets and trails.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, hours};

/// A key of ours and the requests to it. Its first two rotations add a dollar each, later.
pub(super) fn key(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let purpose = context.purpose(region);
    let minutes = hours() * Decimal::from(60);
    let requests = minutes * Decimal::from(context.assumed.kms_requests_per_minute) * Decimal::new(1, 4);
    for (price, what, quantity) in
        [("kms-key", "keys", Decimal::ONE), ("kms-requests", "use of keys", requests)]
    {
        bill.charge(resource, Charge { region, price, what, purpose, quantity });
    }
}

/// A secret, and each of its replicas.
pub(super) fn secret(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let (price, purpose) = ("secret", context.purpose(region));
    bill.charge(resource, Charge { region, price, what: "secrets", purpose, quantity: 1.into() });
    for replica in resource.list("ReplicaRegions") {
        let Some(region) = replica["Region"].as_str() else { continue };
        let (what, purpose) = ("replicas of secrets", Purpose::Replication);
        bill.charge(resource, Charge { region, price, what, purpose, quantity: 1.into() });
    }
}

/// A trail: the first copy of management events costs nothing, each data event does.
pub(super) fn trail(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let selectors = resource.list("EventSelectors").iter().chain(resource.list("AdvancedEventSelectors"));
    let data = selectors.filter(|one| records_data(one)).count() > 0;
    if !data {
        return;
    }
    let events = Decimal::from(context.assumed.trail_data_events) * Decimal::new(1, 5);
    let (price, what, purpose) = ("cloudtrail-data", "data events of the trail", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity: events });
}

fn records_data(selector: &Value) -> bool {
    let old = selector["DataResources"].as_array().is_some_and(|resources| !resources.is_empty());
    let fields = selector["FieldSelectors"].as_array().into_iter().flatten();
    let of_data = |field: &Value| field["Equals"].as_array().is_some_and(|all| all.contains(&"Data".into()));
    old || fields.into_iter().any(of_data)
}
