//! How long things take, each with what it rests on. Nothing here is measured by the simulator.

use serde::Serialize;

/// Where a distribution comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its bounds are AWS's own; what lies between is ours.
    Published,
    /// Ours.
    Assumed,
}

/// The distribution of one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// What takes the time.
    pub name: &'static str,
    /// Where it comes from.
    pub kind: Kind,
    /// The same in words: which page, which reasoning.
    pub source: &'static str,
    /// Shares of ten thousand, and the microseconds that so many take at most; what lies between is linear.
    pub quantiles: &'static [(u64, u64)],
}

const MS: u64 = 1_000;
const S: u64 = 1_000_000;

macro_rules! latencies {
    ($($(#[$doc:meta])* $constant:ident: $kind:ident $name:literal [$($share:literal $time:expr),+] $source:literal;)+) => {
        $($(#[$doc])*
        pub const $constant: Latency = Latency {
            name: $name, kind: Kind::$kind, source: $source, quantiles: &[$(($share, $time)),+],
        };)+
        /// Every distribution of the simulator.
        pub const ALL: &[Latency] = &[$($constant),+];
    };
}

latencies! {
    /// A strong read.
    TABLE_READ: Assumed "a strong read of the journal table" [0 8 * MS, 5000 16 * MS, 9000 35 * MS, 9900 90 * MS, 10000 400 * MS]
        "AWS publishes no figure for multi-region strong consistency; a quorum of two needs one round trip to the nearer of two regions";
    /// A conditional put.
    TABLE_WRITE: Assumed "a conditional write to the journal table" [0 15 * MS, 5000 28 * MS, 9000 60 * MS, 9900 150 * MS, 10000 800 * MS]
        "the same reasoning, and the work of a write";
    /// What a failing call to the table takes.
    TABLE_FAILS: Assumed "a call to the journal table that fails" [0 20 * MS, 7000 200 * MS, 9000 3 * S, 10000 3 * S]
        "an isolated replica returns errors; some calls hang until the caller's limit of 3 s (recovery::lease::LEASE_LIMIT)";
    /// One way between client and region.
    NETWORK: Assumed "one way between a client and a region" [0 5 * MS, 5000 20 * MS, 9900 90 * MS, 10000 300 * MS]
        "clients on the same continent";
    /// The API before it calls the journal.
    API: Assumed "the API's own work" [0 2 * MS, 5000 8 * MS, 9500 25 * MS, 9990 200 * MS, 10000 1200 * MS]
        "warm Lambda functions in Rust, cold starts in the tail: initialisation takes 16 to 19 ms by public measurements, which leave the download of the code out";
    /// From the queue to the processor.
    DELIVERY: Assumed "a message reaches a processor" [0 10 * MS, 5000 40 * MS, 9900 500 * MS, 10000 3 * S]
        "long polling of the queue; AWS publishes no figure";
    /// Journal read, connection and transaction.
    SETTLEMENT: Assumed "a batch is settled" [0 15 * MS, 5000 40 * MS, 9900 300 * MS, 10000 5 * S]
        "a read of the journal, one transaction; limits of the processor above that";
    /// How late a schedule is.
    SCHEDULE: Published "a schedule calls its target late" [0 0, 10000 60 * S]
        "EventBridge Scheduler User Guide: all schedules have a precision of 60 s; taken as equally likely within it";
    /// A step of a workflow.
    STEP: Assumed "a workflow calls a step" [0 25 * MS, 5000 60 * MS, 9900 400 * MS, 10000 1500 * MS]
        "Step Functions' transition and a warm Lambda function";
    /// Aurora's managed failover.
    AURORA_FAILOVER: Assumed "Aurora promotes the database" [0 45 * S, 5000 120 * S, 9000 240 * S, 9900 300 * S, 10000 420 * S]
        "AWS says \"in the order of minutes\" (Aurora User Guide) and publishes no figure; the budget reads it as five minutes at worst";
    /// Aurora's switchover.
    AURORA_SWITCHOVER: Published "Aurora switches over" [0 8 * S, 5000 15 * S, 10000 30 * S]
        "Aurora User Guide: typically under 30 s";
    /// The old primary's new volume.
    AURORA_REJOIN: Assumed "the old primary follows again" [0 300 * S, 5000 900 * S, 10000 3600 * S]
        "the managed failover adds the old primary again on a new volume; AWS publishes no figure";
    /// Replication of the database.
    REPLICATION: Published "a commit reaches the other region" [0 20 * MS, 5000 90 * MS, 9900 900 * MS, 10000 2 * S]
        "Aurora User Guide: typically less than a second; a scenario may say otherwise";
    /// What one region's RDS knows of the other's.
    RDS_KNOWS: Assumed "the RDS of the other region knows who is the writer" [0 100 * MS, 5000 S, 10000 10 * S]
        "AWS says nothing about it";
    /// Replication of sessions.
    SESSIONS: Published "a session reaches the other region" [0 50 * MS, 5000 400 * MS, 9900 S, 10000 5 * S]
        "DynamoDB Developer Guide: usually within a second, and no promise";
    /// Aggregation of health checkers.
    AGGREGATION: Assumed "the checkers' findings reach the name servers" [0 S, 5000 4 * S, 10000 8 * S]
        "AWS publishes no figure; the budget takes 8 s";
    /// A change of records.
    RECORDS: Published "a change of records reaches the name servers" [0 2 * S, 5000 20 * S, 10000 60 * S]
        "Route 53 Developer Guide: generally within 60 s";
    /// The sentinel's look at its own region.
    READINESS: Assumed "a sentinel looks at its own region" [0 20 * MS, 5000 50 * MS, 9900 300 * MS, 10000 1500 * MS]
        "queue, API and database are asked at once";
    /// An outside probe.
    PROBE: Assumed "an outside probe" [0 40 * MS, 5000 90 * MS, 9900 500 * MS, 10000 2 * S]
        "a synthetic order across regions";
}

impl Latency {
    /// The time that belongs to 64 random bits, in microseconds. Whole numbers only: the same on any machine.
    pub(crate) fn at(&self, draw: u64) -> u64 {
        // 16 bits of the draw, in shares of ten thousand: fine enough for a tail of one in ten thousand.
        self.between((draw >> 48) * 10_000)
    }

    /// The time of a share, in units of one ten-thousandth of 1/65,536.
    fn between(&self, share: u64) -> u64 {
        let mut below = self.quantiles[0];
        for above in &self.quantiles[1..] {
            let (low, high) = (below.0 << 16, above.0 << 16);
            if share < high {
                return below.1 + (above.1 - below.1) * (share - low) / (high - low);
            }
            below = *above;
        }
        below.1
    }

    /// The time that a share of ten thousand takes at most, in microseconds.
    pub fn quantile(&self, share: u64) -> u64 {
        self.between(share.min(10_000) << 16)
    }
}

/// Every distribution as a Markdown table, for the page on the simulation.
pub fn table() -> String {
    let mut table =
        "| what | half take at most | 99 of 100 | longest | kind | rests on |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for latency in ALL {
        let kind = match latency.kind {
            Kind::Published => "published",
            Kind::Assumed => "assumed",
        };
        let longest = latency.quantiles.last().map_or(0, |(_, longest)| *longest);
        let [half, most, longest] = [latency.quantile(5_000), latency.quantile(9_900), longest].map(shown);
        let Latency { name, source, .. } = latency;
        table += &format!("| {name} | {half} | {most} | {longest} | {kind} | {source} |\n");
    }
    table
}

fn shown(us: u64) -> String {
    let ms = (us + MS / 2) / MS;
    if ms < 1_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

#[cfg(test)]
mod tests {
    //! Goal: distributions are well formed, are drawn within their bounds, and name their source. Method: all of
    //! them, at both ends and in between.

    use super::*;

    #[test]
    fn the_page_shows_every_distribution() {
        let page = include_str!("../../../docs/simulation.md");
        assert!(page.contains(&table()), "docs/simulation.md must contain this:\n{}", table());
    }

    #[test]
    fn every_distribution_rises_from_none_to_all_and_names_its_source() {
        for latency in ALL {
            let shares: Vec<u64> = latency.quantiles.iter().map(|(share, _)| *share).collect();
            assert_eq!((shares[0], *shares.last().expect("some")), (0, 10_000), "{}", latency.name);
            assert!(latency.quantiles.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
            assert!(latency.source.len() > 10 && latency.name.len() > 5);
            let (least, most) = (latency.quantiles[0].1, latency.quantiles[shares.len() - 1].1);
            assert_eq!(latency.at(0), least);
            assert!(latency.at(u64::MAX) <= most && latency.at(u64::MAX) >= least);
            assert!(latency.quantile(5_000) <= latency.quantile(9_900));
        }
    }
}
