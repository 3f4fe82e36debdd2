//! Aurora.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, gigabytes, hours, millions, percent};

/// An instance, by the hour and its class.
pub(super) fn instance(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = &resource.stack.region;
    let class = resource.text("DBInstanceClass").unwrap_or("of no class");
    if !resource.text("Engine").is_some_and(|engine| engine.starts_with("aurora")) {
        return bill.leave_out(resource, "the table has Aurora's instances only");
    }
    bill.charge(
        resource,
        Charge {
            region,
            price: &format!("aurora-instance-{class}"),
            what: &format!("instances {class}"),
            purpose: context.purpose(region),
            quantity: hours(),
        },
    );
}

/// A cluster's volume; at home also its reads, its writes and the way to it from other zones.
pub(super) fn cluster(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = &resource.stack.region;
    let purpose = context.purpose(region);
    if resource.text("StorageType").is_some_and(|kind| kind != "aurora") {
        return bill.leave_out(resource, "the table has Aurora Standard's storage only");
    }
    let mut charge = |price: &str, what: &str, quantity: Decimal| {
        bill.charge(resource, Charge { region, price, what, purpose, quantity });
    };
    charge("aurora-storage", "database volume", context.database_gigabytes());
    if !context.serves(region) {
        return;
    }
    let assumed = context.assumed;
    let ios = Decimal::from(assumed.order_write_ios + assumed.order_read_ios);
    charge("aurora-io", "storage reads and writes", millions(context.all_orders() * ios));
    let bytes = context.all_orders() * Decimal::from(assumed.database_bytes_per_order);
    let crossing = percent(gigabytes(bytes), assumed.other_zone_percent);
    // Each direction is charged.
    charge("transfer-zones", "to the writer's zone and back", crossing * Decimal::TWO);
}

/// What the standby's copy is written with.
pub(super) fn global_cluster(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let [home, standby] = [context.home(), context.standby()];
    let writes = context.all_orders() * Decimal::from(context.assumed.order_write_ios);
    let log = gigabytes(context.all_orders() * Decimal::from(context.assumed.order_wal_bytes));
    let route = format!("transfer-{home}-{standby}");
    let purpose = Purpose::Replication;
    let what = "writes replicated to the standby's database";
    let quantity = millions(writes);
    bill.charge(resource, Charge { region: standby, price: "aurora-replicated-io", what, purpose, quantity });
    let what = "database log to the standby";
    bill.charge(resource, Charge { region: home, price: &route, what, purpose, quantity: log });
}
