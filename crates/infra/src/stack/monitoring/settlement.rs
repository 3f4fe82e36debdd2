//! What the business counts: orders accepted and settled, and sessions that were behind.

use recovery::metric::Metric as Reported;

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::reported;
use super::metric::Measure;
use crate::place::Place;

const NONE_COUNTED: Missing = Missing::Well("what did not happen is not counted.");

/// Alarms on the business's figures.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let (limits, load) = (&place.deployment.alarms, &place.deployment.load);
    let count = |metric: Reported| Measure::One(reported(metric));
    let sessions_max = f64::from(load.sessions_per_second) * 60.0 * limits.error_percent / 100.0;
    vec![
        Alarm::new("orders-unavailable", count(Reported::OrdersUnavailable), Bad::AtLeast(1.0), NONE_COUNTED)
            .lasting(2, 3)
            .says(
                "Orders are not accepted: the journal did not take them. Their clients were told to repeat them.",
                "see the journal table's system errors and throttles, and AWS Health for DynamoDB in the three regions.",
            ),
        Alarm::new(
            "settlement-lag",
            Measure::One(reported(Reported::SettlementLag).by("p99")),
            Bad::Above(limits.queue_age_s as f64 * 1000.0),
            NONE_COUNTED,
        )
        .lasting(3, 5)
        .says(
            format!("1 of 100 orders is settled more than {} s after it was accepted.", limits.queue_age_s),
            "expected while a recovery catches up; else see the database's load and the processor's errors.",
        ),
        Alarm::new("settlements-fenced", count(Reported::SettlementsFenced), Bad::AtLeast(1.0), NONE_COUNTED)
            .says(
                "The database's fence has refused a settlement: a processor acted under an epoch that is over.",
                "expected for moments around a move; if it goes on, compare the lease's epoch with the table `fence`.",
            ),
        Alarm::new("orders-queued-again", count(Reported::OrdersQueuedAgain), Bad::AtLeast(1.0), NONE_COUNTED)
            .every(300)
            .lasting(3, 3)
            .says(
                "The sweep finds acknowledged orders that nobody settled, again and again: their messages are lost on the way.",
                "see whether the API can send to the queue, and what the processor's log says of these orders.",
            ),
        Alarm::new(
            "sessions-stale",
            count(Reported::SessionsStale),
            Bad::Above(sessions_max.max(1.0)),
            NONE_COUNTED,
        )
        .lasting(3, 5)
        .says(
            "More sessions than the share allowed for errors are behind what their clients have seen: replication is slow.",
            "see the replication latency of the sessions table; clients that stay in one region do not notice.",
        ),
        Alarm::new(
            "recovery-escalated",
            count(Reported::RecoveriesEscalated),
            Bad::AtLeast(1.0),
            NONE_COUNTED,
        )
        .says(
            "A recovery has stopped at a step that failed for good: people have to act.",
            "open the execution's history, and do by the runbook (`standfast workflow --format runbook`) what the step would have done.",
        ),
    ]
}
