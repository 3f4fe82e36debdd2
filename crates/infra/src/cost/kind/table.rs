//! DynamoDB's global tables: the journal and the sessions.

use rust_decimal::Decimal;

use crate::check::Resource;
use crate::cost::bill::{Bill, Charge, Purpose};
use crate::cost::month::{Context, gigabytes, millions, percent, seconds};

/// Bytes of one write unit. Source: DynamoDB Developer Guide, "Read and write operations".
const WRITE_UNIT_BYTES: u64 = 1024;

/// What is done with one table in a month.
#[derive(Clone, Debug)]
struct Use {
    /// Writes of clients, in units.
    writes: Decimal,
    /// Writes of the sentinels, in units.
    renewals: Decimal,
    /// Bytes that each write takes to another region.
    bytes: u64,
    /// GB in each replica.
    kept: Decimal,
}

/// A table with its replicas and its witness.
pub(super) fn global_table(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let names = context.deployment.names();
    let name = resource.text("TableName").unwrap_or_default();
    let journal = name == names.journal_table();
    if !(journal || name == names.sessions_table()) {
        return bill.leave_out(resource, "nobody states what is written to this table");
    }
    if resource.text("BillingMode") != Some("PAY_PER_REQUEST") {
        return bill.leave_out(resource, "the table has on-demand prices only");
    }
    let used = if journal { journal_use(context) } else { session_use(context) };
    for replica in resource.list("Replicas") {
        let Some(region) = replica["Region"].as_str() else { continue };
        writes(resource, context, &used, (region, 100), bill);
        let purpose = context.purpose(region);
        let mut charge = |price: &str, what: &str, quantity: Decimal| {
            bill.charge(resource, Charge { region, price, what, purpose, quantity });
        };
        let [reads, ticks] =
            if journal { journal_reads(context, region) } else { session_reads(context, region) };
        charge("dynamodb-storage", &format!("{name} kept"), used.kept);
        if replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true {
            charge("dynamodb-restorable", &format!("{name} restorable to a point in time"), used.kept);
        }
        charge("dynamodb-read", &format!("reads of {name}"), millions(reads));
        let what = format!("sentinel and health checks read {name}");
        let quantity = millions(ticks);
        bill.charge(
            resource,
            Charge { region, price: "dynamodb-read", what: &what, purpose: Purpose::Recovery, quantity },
        );
    }
    for witness in resource.list("GlobalTableWitnesses") {
        let Some(region) = witness["Region"].as_str() else { continue };
        writes(resource, context, &used, (region, context.assumed.witness_charged_percent), bill);
    }
}

/// Writes in one region, by the share of them that is charged, and their way there.
fn writes(
    resource: &Resource<'_>,
    context: &Context<'_>,
    used: &Use,
    (region, share): (&str, u64),
    bill: &mut Bill<'_>,
) {
    let name = resource.text("TableName").unwrap_or_default();
    let home = context.home();
    let (purpose, what) = if region == home {
        (Purpose::Serving, format!("writes to {name}"))
    } else {
        (Purpose::Replication, format!("writes replicated from {name}"))
    };
    let price = "dynamodb-write";
    let quantity = percent(millions(used.writes), share);
    bill.charge(resource, Charge { region, price, what: &what, purpose, quantity });
    let what = "renewals of the lease";
    let quantity = percent(millions(used.renewals), share);
    bill.charge(resource, Charge { region, price, what, purpose: Purpose::Recovery, quantity });
    if region != home {
        let route = format!("transfer-{home}-{region}");
        let what = format!("{name} to {region}");
        let quantity = gigabytes((used.writes + used.renewals) * Decimal::from(used.bytes));
        bill.charge(resource, Charge { region: home, price: &route, what: &what, purpose, quantity });
    }
}

fn units(bytes: u64) -> Decimal {
    bytes.div_ceil(WRITE_UNIT_BYTES).max(1).into()
}

fn journal_use(context: &Context<'_>) -> Use {
    let assumed = context.assumed;
    let writes = Decimal::from(1 + assumed.journal_deletes_per_order);
    let renewals = seconds() / Decimal::from(context.deployment.lease.renew_s.max(1));
    Use {
        writes: context.all_orders() * units(assumed.order_bytes) * writes,
        renewals,
        bytes: assumed.order_bytes,
        kept: context.journal_gigabytes(),
    }
}

fn session_use(context: &Context<'_>) -> Use {
    let assumed = context.assumed;
    // A session's removal by its TTL is replicated as a write.
    let removals = context.session_writes() / Decimal::from(assumed.writes_per_session.max(1));
    let a_second = Decimal::from(context.deployment.load.sessions_per_second);
    let alive =
        a_second * Decimal::from(assumed.session_kept_s) / Decimal::from(assumed.writes_per_session.max(1));
    Use {
        writes: (context.session_writes() + removals) * units(assumed.session_bytes),
        renewals: Decimal::ZERO,
        bytes: assumed.session_bytes,
        kept: gigabytes(alive * Decimal::from(assumed.session_bytes)),
    }
}

/// Read units of clients and of the processor; of the sentinel, which reads the lease every second, and of
/// the health checks.
fn journal_reads(context: &Context<'_>, region: &str) -> [Decimal; 2] {
    let assumed = context.assumed;
    let each = Decimal::from(assumed.reads_per_order);
    let clients = context.all_orders() * each + context.lookups();
    let checks = context.health_requests(region) * Decimal::from(assumed.health_reads);
    let ticks = context.watched_s(region) + checks;
    [if context.serves(region) { clients } else { Decimal::ZERO }, ticks]
}

fn session_reads(context: &Context<'_>, region: &str) -> [Decimal; 2] {
    [if context.serves(region) { context.session_reads() } else { Decimal::ZERO }, Decimal::ZERO]
}
