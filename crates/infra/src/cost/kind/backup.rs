//! Backups of the database and of the journal, every night.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, TENTHS_OF_DAYS};

/// What is backed up, in GB.
#[derive(Clone, Copy, Debug)]
struct Size {
    database: Decimal,
    journal: Decimal,
}

/// Where backups are kept, for how long, and how long those of the cluster cost nothing.
#[derive(Clone, Copy, Debug)]
struct Kept<'a> {
    region: &'a str,
    purpose: Purpose,
    days: u64,
    free_days: u64,
}

/// What a plan keeps, here and where it copies to. Each night's backup of a table is the whole of it, and so is each
/// copy of a cluster's snapshot; a snapshot itself costs nothing for as long as the cluster's own backups are kept.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorksAWS.html>,
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-storage-backup.html>,
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html>
pub(super) fn plan(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let Some(size) = selected(region, context) else {
        return bill.leave_out(resource, "no selection of the region names what is backed up");
    };
    let clusters = context.in_region(region, "AWS::RDS::DBCluster");
    let free_days = clusters.filter_map(|cluster| cluster.number("BackupRetentionPeriod")).max().unwrap_or(1);
    for rule in resource.list("BackupPlan/BackupPlanRule") {
        if !rule["ScheduleExpression"].as_str().is_some_and(nightly) {
            bill.leave_out(resource, "its schedule is not of every night");
            continue;
        }
        let own = Kept { region, purpose: context.purpose(region), days: days(rule, context), free_days };
        keep(resource, size, own, bill);
        for copy in rule["CopyActions"].as_array().into_iter().flatten() {
            let vault = copy["DestinationBackupVaultArn"].as_str().unwrap_or_default();
            let Some(other) = vault.split(':').nth(3).filter(|other| !other.is_empty()) else {
                bill.leave_out(resource, "the template does not say where it copies to");
                continue;
            };
            let purpose = Purpose::Replication;
            keep(
                resource,
                size,
                Kept { region: other, purpose, days: days(copy, context), free_days: 0 },
                bill,
            );
            let quantity = (size.database + size.journal) * Decimal::new(TENTHS_OF_DAYS, 1);
            let (route, what) = (format!("transfer-{region}-{other}"), "copies of backups");
            bill.charge(resource, Charge { region, price: &route, what, purpose, quantity });
        }
    }
}

/// What the selections of a region name; none where they name nothing that we know.
fn selected(region: &str, context: &Context<'_>) -> Option<Size> {
    let journal = format!("table/{}", context.deployment.names().journal_table());
    let selections = context.in_region(region, "AWS::Backup::BackupSelection");
    let named: Vec<&str> =
        selections.flat_map(|one| one.list("BackupSelection/Resources")).filter_map(Value::as_str).collect();
    let size = |is: bool, size: Decimal| if is { size } else { Decimal::ZERO };
    let database = named.iter().any(|arn| arn.contains(":cluster:"));
    let journal = named.iter().any(|arn| arn.ends_with(&journal));
    (database || journal).then(|| Size {
        database: size(database, context.database_gigabytes()),
        journal: size(journal, context.journal_gigabytes()),
    })
}

fn keep(resource: &Resource<'_>, size: Size, kept: Kept<'_>, bill: &mut Bill<'_>) {
    let Kept { region, purpose, days, free_days } = kept;
    let paid = Decimal::from(days.saturating_sub(free_days));
    for (price, what, quantity) in [
        ("backup-aurora", "backups of the database", size.database * paid),
        ("backup-dynamodb", "backups of the journal", size.journal * Decimal::from(days)),
    ] {
        bill.charge(resource, Charge { region, price, what, purpose, quantity });
    }
}

/// Days for which a rule or a copy keeps a backup, of which there is one each night.
fn days(rule: &Value, context: &Context<'_>) -> u64 {
    let days = &rule["Lifecycle"]["DeleteAfterDays"];
    // The type is a floating-point number; a text of it may say 35.0.
    days.as_u64().or_else(|| days.as_f64().map(|days| days as u64)).unwrap_or(context.assumed.backups_kept)
}

/// Whether `cron(0 3 * * ? *)` is of every day.
fn nightly(schedule: &str) -> bool {
    let fields = schedule.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
    let fields: Vec<&str> = fields.unwrap_or_default().split_whitespace().collect();
    matches!(fields[..], [minute, hour, "*", "*", "?", "*"]
        if minute.parse::<u8>().is_ok() && hour.parse::<u8>().is_ok())
}
