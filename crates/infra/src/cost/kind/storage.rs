//! Buckets, and what the hook does for them.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::Context;

/// A bucket: what is in it, and the writes to it.
pub(super) fn bucket(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let purpose = context.purpose(region);
    let writes = Decimal::from(context.assumed.bucket_writes) * Decimal::new(1, 3);
    for (price, what, quantity) in [
        ("s3-storage", "buckets", Decimal::from(context.assumed.bucket_gigabytes)),
        ("s3-writes", "writes to buckets", writes),
    ] {
        bill.charge(resource, Charge { region, price, what, purpose, quantity });
    }
}

/// A custom resource costs nothing, but one that has a bucket replicated has metrics and data on their way.
pub(super) fn custom_resource(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    if resource.text("Action") != Some("ReplicateBucket") {
        return;
    }
    let region = resource.stack.region.as_str();
    let other = if region == context.home() { context.standby() } else { context.home() };
    let purpose = Purpose::Replication;
    let (price, what) = ("cloudwatch-metric", "metrics of replicated buckets");
    let quantity = Decimal::from(context.assumed.replication_metrics);
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
    let (route, what) = (format!("transfer-{region}-{other}"), "buckets to the other region");
    let quantity = Decimal::from(context.assumed.bucket_gigabytes);
    bill.charge(resource, Charge { region, price: &route, what, purpose, quantity });
}
