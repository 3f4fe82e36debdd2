//! Keys, secrets, trails and backups.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, TENTHS_OF_DAYS, hours, percent, seconds};

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
    let events = seconds() * Decimal::from(context.assumed.trail_events_per_s) * Decimal::new(1, 5);
    let (price, what, purpose) = ("cloudtrail-data", "data events of the trail", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity: events });
}

fn records_data(selector: &Value) -> bool {
    let old = selector["DataResources"].as_array().is_some_and(|resources| !resources.is_empty());
    let fields = selector["FieldSelectors"].as_array().into_iter().flatten();
    let of_data = |field: &Value| field["Equals"].as_array().is_some_and(|all| all.contains(&"Data".into()));
    old || fields.into_iter().any(of_data)
}

/// What a plan keeps, here and where it copies to: database and journal once, and each copy's changes.
pub(super) fn backup_plan(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    for rule in resource.list("BackupPlan/BackupPlanRule") {
        kept(resource, context, (region, rule), context.purpose(region), bill);
        for copy in rule["CopyActions"].as_array().into_iter().flatten() {
            let vault = copy["DestinationBackupVaultArn"].as_str().unwrap_or_default();
            let Some(other) = vault.split(':').nth(3).filter(|other| !other.is_empty()) else {
                bill.leave_out(resource, "the template does not say where it copies to");
                continue;
            };
            kept(resource, context, (other, copy), Purpose::Replication, bill);
            let changed = percent(backed_up(context).iter().sum(), context.assumed.backup_change_percent);
            let quantity = changed * Decimal::new(TENTHS_OF_DAYS, 1);
            let (route, what) = (format!("transfer-{region}-{other}"), "copies of backups");
            let purpose = Purpose::Replication;
            bill.charge(resource, Charge { region, price: &route, what, purpose, quantity });
        }
    }
}

/// GB of the database and of the journal.
fn backed_up(context: &Context<'_>) -> [Decimal; 2] {
    [context.database_gigabytes(), context.journal_gigabytes()]
}

fn kept(
    resource: &Resource<'_>,
    context: &Context<'_>,
    (region, rule): (&str, &Value),
    purpose: Purpose,
    bill: &mut Bill<'_>,
) {
    let days = rule["Lifecycle"]["DeleteAfterDays"].as_u64().unwrap_or(context.assumed.backups_kept);
    let share = 100 + days.saturating_sub(1).saturating_mul(context.assumed.backup_change_percent);
    let [database, journal] = backed_up(context);
    for (price, what, size) in [
        ("backup-aurora", "backups of the database", database),
        ("backup-dynamodb", "backups of the journal", journal),
    ] {
        bill.charge(resource, Charge { region, price, what, purpose, quantity: percent(size, share) });
    }
}
