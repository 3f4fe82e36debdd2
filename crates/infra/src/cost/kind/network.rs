//! Ways out of a VPC.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge};
use crate::cost::month::{Context, gigabytes, hours};

/// A NAT gateway by the hour; the first one of a region carries the data of all.
pub(super) fn nat_gateway(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let purpose = context.purpose(region);
    let (price, what) = ("nat-hours", "NAT gateways");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: hours() });
    if !context.first(resource) {
        return;
    }
    let probes = if region == context.standby() { context.probes() } else { Decimal::ZERO };
    let quantity = gigabytes(probes * Decimal::from(context.assumed.probe_bytes))
        + Decimal::from(context.assumed.nat_gigabytes);
    let (price, what) = ("nat-data", "data through NAT gateways");
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

/// A public address by the hour, in use or not.
pub(super) fn address(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let (price, what, purpose) = ("public-address", "public addresses", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity: hours() });
}

/// An interface endpoint by the hour and zone, and the data to the queue; one by route costs nothing.
pub(super) fn endpoint(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    if resource.text("VpcEndpointType") != Some("Interface") {
        return;
    }
    let region = resource.stack.region.as_str();
    let purpose = context.purpose(region);
    let zones = resource.list("SubnetIds").len() as u64;
    let (price, what) = ("endpoint-hours", "interface endpoints");
    bill.charge(resource, Charge { region, price, what, purpose, quantity: hours() * Decimal::from(zones) });
    let queue = resource.text("ServiceName").is_some_and(|name| name.ends_with(".sqs"));
    if queue && context.serves(region) {
        let bytes = context.all_orders() * Decimal::from(context.assumed.endpoint_bytes_per_order);
        let (price, what) = ("endpoint-data", "data through interface endpoints");
        bill.charge(resource, Charge { region, price, what, purpose, quantity: gigabytes(bytes) });
    }
}
