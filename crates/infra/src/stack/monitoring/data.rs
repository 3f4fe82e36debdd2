//! The database of this region and the tables' replicas in it.
//!
//! The lag of the database is published in the region that follows, and changes sides with the roles: so
//! both regions have the alarm, and the one that leads has no data for it.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::{dynamodb, rds};
use super::metric::{Known, Measure};
use crate::connections;
use crate::place::Place;

/// Calls of the functions on the journal and on the sessions.
const JOURNAL_CALLS: [&str; 4] = ["BatchGetItem", "GetItem", "PutItem", "Query"];
const SESSION_CALLS: [&str; 2] = ["GetItem", "PutItem"];
/// Percent of an instance's processors at which little is left for a replay.
const CPU_PERCENT: f64 = 80.0;
/// Bytes of local storage below which temporary tables may fail.
const LOCAL_STORAGE_MIN: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;
/// Half of the transaction ids after which PostgreSQL stops taking writes.
const TRANSACTION_IDS_MAX: f64 = 1_000_000_000.0;
/// Percent of the connections an instance takes at which new ones will soon be refused.
const CONNECTIONS_PERCENT: u64 = 70;

const LEADS: Missing =
    Missing::Well("the region that leads has none, and `database-silent` tells of a cluster that is gone.");
const NO_INSTANCE: Missing = Missing::Well("`database-silent` tells of a cluster without an instance.");
const NO_CALLS: Missing = Missing::Well("DynamoDB reports what is not zero.");

/// Alarms on database and tables.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    [replication(place), database(place), tables(place)].concat()
}

fn cluster(place: &Place<'_>) -> [String; 1] {
    [place.names().database_cluster(place.region)]
}

fn replication(place: &Place<'_>) -> Vec<Alarm> {
    let lag_s = place.deployment.alarms.replication_lag_s;
    let greatest = |known: &Known<1>| Measure::Greatest(known.of(cluster(place)).by("Maximum"));
    let limit = Bad::Above(lag_s as f64 * 1000.0);
    vec![
        Alarm::new("replication-lag", greatest(&rds::REPLICATION_LAG), limit, LEADS).lasting(3, 5).says(
            format!("This region's database is more than {lag_s} s behind the one it follows."),
            "see the load of the leading database and AWS Health; a recovery now would replay that much from the journal.",
        ),
        Alarm::new("commits-missing", greatest(&rds::RPO_LAG), limit, LEADS).lasting(3, 5).says(
            format!("This region's database lacks the commits of more than {lag_s} s."),
            "as for replication-lag; no order is lost, for the journal has them.",
        ),
        Alarm::new(
            "database-silent",
            Measure::One(rds::CPU.of(cluster(place)).by("SampleCount")),
            Bad::Below(1.0),
            Missing::Bad("a cluster without an instance reports nothing, which is what this is for."),
        )
        .lasting(5, 5)
        .says(
            "No instance of this region's database has reported for five minutes: it cannot settle, or cannot be promoted.",
            "see the cluster's instances and events; add an instance if it has none.",
        ),
    ]
}

fn database(place: &Place<'_>) -> Vec<Alarm> {
    let of = |known: &Known<1>, statistic| Measure::One(known.of(cluster(place)).by(statistic));
    let by_memory = || connections::by_memory(&place.deployment.database.instance_class);
    let taken = connections::taken(place.deployment).unwrap_or_else(by_memory);
    let connections = Bad::Above((taken * CONNECTIONS_PERCENT / 100) as f64);
    vec![
        Alarm::new("database-cpu", of(&rds::CPU, "Maximum"), Bad::Above(CPU_PERCENT), NO_INSTANCE)
            .lasting(10, 15)
            .says(
                format!("An instance's processors are busy for more than {CPU_PERCENT} % of the time."),
                "see the top statements in Performance Insights; a larger instance class is a setting of the deployment.",
            ),
        Alarm::new("database-connections", of(&rds::CONNECTIONS, "Maximum"), connections, NO_INSTANCE)
            .lasting(3, 5)
            .says(
                "An instance has most of the connections it takes: new ones will be refused.",
                "see which service holds them (`pg_stat_activity`), and the processor's concurrency.",
            ),
        Alarm::new("database-deadlocks", of(&rds::DEADLOCKS, "Maximum"), Bad::Above(0.0), NO_INSTANCE)
            .lasting(3, 5)
            .says(
                "Transactions of the database wait for each other again and again.",
                "read both statements in the database's log; settlement itself takes its locks in one order.",
            ),
        Alarm::new(
            "database-local-storage",
            of(&rds::FREE_LOCAL_STORAGE, "Minimum"),
            Bad::Below(LOCAL_STORAGE_MIN),
            NO_INSTANCE,
        )
        .lasting(3, 5)
        .says(
            "An instance has little room for temporary tables and logs; the volume itself grows by itself.",
            "find the statement that sorts or keeps much, or use a larger instance class.",
        ),
        Alarm::new(
            "database-transaction-ids",
            of(&rds::TRANSACTION_IDS, "Maximum"),
            Bad::Above(TRANSACTION_IDS_MAX),
            NO_INSTANCE,
        )
        .every(300)
        .lasting(3, 3)
        .says(
            "Vacuum does not keep up: at two billion transaction ids the database stops taking writes.",
            "see which old transaction or replication slot keeps vacuum from its work.",
        ),
    ]
}

fn tables(place: &Place<'_>) -> Vec<Alarm> {
    let names = place.names();
    let (journal, sessions) = (names.journal_table(), names.sessions_table());
    let lag_s = place.deployment.alarms.replication_lag_s;
    let receiving = [sessions.clone(), place.peer().region.to_string()];
    let replicated = dynamodb::REPLICATION_LATENCY.of(receiving).by("Maximum");
    vec![
        throttles("journal", &journal, "orders are answered with 503 and repeated by their clients."),
        throttles("sessions", &sessions, "sessions are answered with 503."),
        errors("journal", &journal, &JOURNAL_CALLS),
        errors("sessions", &sessions, &SESSION_CALLS),
        Alarm::new(
            "sessions-replication",
            Measure::One(replicated),
            Bad::Above(lag_s as f64 * 1000.0),
            Missing::Well("without a write there is nothing to replicate."),
        )
        .lasting(3, 5)
        .says(
            format!("Sessions written here take more than {lag_s} s to the other region."),
            "see AWS Health for DynamoDB in both regions; clients that move then read `stale_session`.",
        ),
    ]
}

fn throttles(purpose: &str, table: &str, then: &str) -> Alarm {
    let of = |known: &Known<1>| known.of([table.to_owned()]);
    let measure = Measure::sum([of(&dynamodb::READ_THROTTLES), of(&dynamodb::WRITE_THROTTLES)]);
    Alarm::new(format!("{purpose}-throttled"), measure, Bad::AtLeast(1.0), NO_CALLS).lasting(2, 3).says(
        format!("DynamoDB throttles the table of the {purpose}: {then}"),
        "see whether one partition is hot or the account's quota is reached; shards are a setting of the deployment.",
    )
}

fn errors(purpose: &str, table: &str, calls: &[&str]) -> Alarm {
    let of = |call: &&str| dynamodb::SYSTEM_ERRORS.of([table.to_owned(), (*call).to_owned()]);
    let measure = Measure::sum(calls.iter().map(of));
    Alarm::new(format!("{purpose}-errors"), measure, Bad::AtLeast(1.0), NO_CALLS).lasting(3, 5).says(
        format!("DynamoDB fails calls on the table of the {purpose}, in this region."),
        "see AWS Health; a region whose journal does not answer loses the lease by itself.",
    )
}
