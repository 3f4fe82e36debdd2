//! The figures that the services report and the infrastructure watches.
//!
//! Both sides take the names from here: an alarm on a name that nobody reports is silent for ever.
//! Each metric has one service that reports it, which is also its only dimension, so that no figure
//! of a client can multiply them.

/// Namespace of every metric.
pub const NAMESPACE: &str = "Standfast";
/// The one dimension: the service that reports the metric.
pub const DIMENSION: &str = "Service";

/// What a metric's value is in, as CloudWatch writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// A number that is neither, such as 0 for no and 1 for yes.
    None,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// As CloudWatch writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::None => "None",
            Self::Seconds => "Seconds",
        }
    }
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $metric:ident: $service:literal, $unit:ident;)*) => {
        /// One figure that a service reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $($(#[$doc])* $metric,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &[Self] = &[$(Self::$metric),*];

            /// Its name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self { $(Self::$metric => stringify!($metric),)* }
            }

            /// The only service that reports it.
            pub fn service(self) -> &'static str {
                match self { $(Self::$metric => $service,)* }
            }

            /// What its value is in.
            pub fn unit(self) -> Unit {
                match self { $(Self::$metric => Unit::$unit,)* }
            }
        }
    };
}

metrics! {
    /// Orders put into the journal.
    OrdersAccepted: "orders-api", Count;
    /// Orders repeated by their client.
    OrdersRepeated: "orders-api", Count;
    /// Orders refused as invalid or conflicting.
    OrdersRefused: "orders-api", Count;
    /// Orders the journal could not take.
    OrdersUnavailable: "orders-api", Count;
    /// Sessions answered as stale.
    SessionsStale: "orders-api", Count;
    /// Session writes that lost against another write.
    SessionsConflicted: "orders-api", Count;
    /// Orders settled from the queue.
    OrdersSettled: "order-processor", Count;
    /// From an order's acknowledgement to its settlement from the queue.
    SettlementLag: "order-processor", Milliseconds;
    /// Settlements refused by the fence.
    SettlementsFenced: "order-processor", Count;
    /// Messages put aside as poison.
    MessagesPoisoned: "order-processor", Count;
    /// Orders settled by a replay.
    OrdersReplayed: "recovery-step", Count;
    /// Recoveries announced as completed.
    RecoveriesCompleted: "recovery-step", Count;
    /// Recoveries that a step has given up, and of which people were told.
    RecoveriesEscalated: "recovery-step", Count;
    /// Acknowledged orders that the sweep found unsettled and queued again.
    OrdersQueuedAgain: "sentinel", Count;
    /// Ticks of a watch since its last report: the sign that a region is watched.
    WatchTicks: "sentinel", Count;
    /// 1 while the reporting region owns the lease, else 0.
    LeaseOwned: "sentinel", None;
    /// Epoch of the lease.
    LeaseEpoch: "sentinel", None;
    /// Longest time for which the lease's version was seen to stand still since the last report.
    LeaseAge: "sentinel", Seconds;
    /// Take-overs by the reporting region.
    LeasesTaken: "sentinel", Count;
    /// 1 while the reporting region could serve, else 0.
    RegionReady: "sentinel", None;
    /// 1 while Standfast may act, 0 while it is switched off or the switch cannot be read.
    SwitchedOn: "sentinel", None;
    /// Outside probes of the peer that were answered well.
    ProbesAnswered: "sentinel", Count;
    /// Outside probes of the peer that failed.
    ProbesFailed: "sentinel", Count;
    /// Preflights that came to their end.
    PreflightRan: "preflight", Count;
    /// Gaps that a preflight found, 0 included.
    PreflightFailed: "preflight", Count;
    /// Reconciliations that compared the orders of their window.
    ReconcilerRan: "reconciler", Count;
    /// Differences that a reconciliation found, explained ones included.
    DifferencesFound: "reconciler", Count;
    /// Differences that nothing explains, 0 included.
    DifferencesUnexplained: "reconciler", Count;
    /// Acknowledged orders that the reconciler found unsettled and queued again.
    DifferencesRepaired: "reconciler", Count;
    /// How long ago the ids were made up to which everything has been compared.
    ComparedAge: "reconciler", Seconds;
}

#[cfg(test)]
mod tests {
    //! Goal: names are CloudWatch's and no two metrics are one. Method: all of them.

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_short_enough() {
        let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        assert!(names.iter().all(|name| name.len() <= 255 && name.chars().all(char::is_alphanumeric)));
    }
}
