//! What no template says of a month's use: stated once, by name, with units and a reason.

use serde::Serialize;

/// One assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// Its name.
    pub name: &'static str,
    /// A whole number of units.
    pub value: u64,
    /// What it counts.
    pub unit: &'static str,
    /// Why it is so, or what would change it.
    pub why: &'static str,
}

macro_rules! assumptions {
    ($($name:ident = $value:literal, $unit:literal, $why:literal;)*) => {
        /// Everything that is assumed of a month.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Assumptions {
            $(#[doc = concat!("In ", $unit, ": ", $why, ".")] pub $name: u64,)*
        }

        impl Assumptions {
            /// What we assume unless somebody asks what else would cost.
            pub fn stated() -> Self {
                Self { $($name: $value,)* }
            }

            /// As a list.
            pub fn list(&self) -> Vec<Assumption> {
                vec![$(Assumption { name: stringify!($name), value: self.$name, unit: $unit, why: $why },)*]
            }
        }
    };
}

assumptions! {
    months_kept = 12, "months of orders", "the estimate is for the twelfth month: journal and database hold a year by then";
    journal_months_kept = 12, "months of orders", "nothing leaves the journal: a strongly consistent table takes no TTL";
    journal_deletes_per_order = 0, "writes", "as above";
    order_bytes = 900, "bytes", "an order as an item of the journal, its index entry included: one write unit";
    order_database_bytes = 2000, "bytes", "an order with two legs, an outbox row and their indexes";
    order_write_ios = 8, "storage writes", "pages of log that settling one order writes";
    order_read_ios = 1, "storage reads", "what settling one order does not find in memory";
    order_wal_bytes = 4000, "bytes", "log that crosses to the standby for each order";
    orders_per_batch = 2, "orders", "messages that the processor finds at once at this rate";
    queue_empty_receives_per_s = 1, "requests", "in each region, of pollers that wait for messages: five of them, 20 s each, and again";
    lookups_per_order = 1, "requests", "a client asks once what became of its order";
    reads_per_order = 2, "read units", "the processor reads each order, and the sweep looks at it once more";
    session_bytes = 1000, "bytes", "a session as an item: one write unit";
    session_reads_per_write = 1, "requests", "a session is read as often as it is written";
    writes_per_session = 10, "writes", "then it expires, and its removal is replicated";
    session_kept_s = 86400, "seconds", "how long a session is kept";
    health_checkers = 16, "checkers", "Route 53's, each of which asks once per interval";
    health_reads = 2, "read units", "a health answer asks the journal and reads the lease";
    api_ms = 20, "ms", "billed for a request of a client";
    health_ms = 15, "ms", "billed for a health check";
    settle_ms = 60, "ms", "billed for a batch of the processor";
    preflight_s = 20, "s", "billed for a preflight";
    scheduled_s = 10, "s", "billed for an invocation of any other scheduled function";
    request_log_bytes = 800, "bytes", "the platform's lines and our own for a request";
    access_log_bytes = 400, "bytes", "the line of the access log for a request";
    batch_log_bytes = 900, "bytes", "the same for a batch";
    scheduled_log_bytes = 6000, "bytes", "the same for an invocation of a scheduled function";
    database_log_bytes_per_s = 100, "bytes", "PostgreSQL's log in each region";
    flow_log_bytes_per_s = 2000, "bytes", "about 18 records of 110 bytes in each region";
    log_compressed_percent = 15, "percent", "what CloudWatch keeps of a log's volume, by its pricing page";
    detailed_metrics = 5, "metrics", "of each method of a stage whose methods have metrics";
    replication_metrics = 4, "metrics", "of each bucket that is replicated";
    traces_per_s = 1, "traces", "X-Ray's default rule: the first request of each second in a region";
    traces_percent = 5, "percent", "and of the rest";
    response_bytes = 800, "bytes", "an answer with its headers, out to the internet";
    endpoint_bytes_per_order = 4000, "bytes", "what an order sends through interface endpoints, mostly to its queue";
    probe_bytes = 8000, "bytes", "a probe of the other region with its handshake, through the NAT gateway";
    nat_gigabytes = 2, "GB", "everything else through each region's NAT gateways, for AWS's APIs have endpoints";
    database_bytes_per_order = 4000, "bytes", "between functions and writer for each order, both ways";
    other_zone_percent = 67, "percent", "functions are in three zones and the writer in one";
    resolvers = 100, "resolvers", "that ask for the public name as often as its TTL lets them";
    kms_requests_per_minute = 5, "requests", "for each key; buckets and logs use data keys again";
    bucket_gigabytes = 1, "GB", "in each bucket: configuration and records are small";
    bucket_writes = 5000, "requests", "to each bucket";
    witness_charged_percent = 100, "percent", "of a replica's writes: AWS's page names replicas only, so this may be too much";
    events = 500, "events", "of ours on each bus: announcements of a rehearsal";
    notifications = 200, "messages", "on each topic: alarms that come and go";
    insights_cluster_metrics = 12, "metrics", "that Container Insights reports of each cluster";
    insights_service_metrics = 25, "metrics", "that it reports of each service and of its task family";
    insights_task_bytes = 3000, "bytes", "that it logs of each task in each minute";
    transitions = 200, "transitions", "of each workflow: one rehearsal";
    balancer_units = 1, "LCU", "of each load balancer: far below 25 new connections and 1 GB an hour";
    busy_days = 22, "days", "with busy hours in a month";
    image_gigabytes = 1, "GB", "images that each repository keeps";
    trail_data_events = 100000, "events", "on data that a trail records: what is written to the audit log";
    trail_log_bytes_per_s = 3000, "bytes", "two management calls of 1,500 bytes in both regions, in a trail's log group";
    backups_kept = 35, "days", "of a backup plan that does not say how long it keeps them";
}

#[cfg(test)]
mod tests {
    //! Goal: whoever reads an assumption knows what it counts and why. Method: all of them.

    use super::*;

    #[test]
    fn every_assumption_has_a_unit_and_a_reason() {
        let list = Assumptions::stated().list();
        assert!(list.iter().all(|one| !one.unit.is_empty() && one.why.len() > 6), "{list:?}");
    }
}
