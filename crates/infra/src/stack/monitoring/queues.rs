//! The queue of orders, and every queue in which something rests that should not be.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::sqs;
use super::metric::Measure;
use crate::place::Place;

const QUIET: Missing = Missing::Well("SQS reports nothing of a queue that has been quiet for hours.");

/// Queues that nothing reads but people: purpose of the alarm, purpose of the queue, what rests there, and
/// what to do first.
const RESTING: [(&str, &str, &str, &str); 4] = [
    (
        "dead-letters",
        "orders-dead-letter",
        "Messages that can never be settled were put aside; each has its reason as an attribute.",
        "read the reason; an order is in the journal and can be queued again once the cause is gone.",
    ),
    (
        "failed-invocations",
        "failed-invocations",
        "Invocations that nobody waits for were given up.",
        "read the message: it says which function and why; the next minute's watch makes up for one of the sentinel's.",
    ),
    (
        "undelivered-events",
        "undelivered-events",
        "Announcements of a recovery reached nobody.",
        "read them in the queue: they say what happened; then see the topic's policy and key.",
    ),
    (
        "unforwarded-events",
        "unforwarded-events",
        "Critical events did not reach the record in the other region.",
        "expected while that region is out for more than a day; else see its bus's policy and the forwarder's role.",
    ),
];

/// Alarms on the queues.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let limit_s = place.deployment.alarms.queue_age_s;
    let age = Measure::One(sqs::AGE.of([place.names().order_queue()]).by("Maximum"));
    let mut alarms = vec![
        Alarm::new("queue-age", age, Bad::Above(limit_s as f64), QUIET).lasting(3, 3).says(
            format!("An order waits for more than {limit_s} s to be settled."),
            "expected until a recovery settles again; else see the processor's errors and throttles, and the database.",
        ),
    ];
    alarms.extend(RESTING.map(|(purpose, queue, meaning, first)| {
        let depth = sqs::VISIBLE.of([place.names().resource("queue", queue)]).by("Maximum");
        Alarm::new(purpose, Measure::One(depth), Bad::AtLeast(1.0), QUIET).says(meaning, first)
    }));
    alarms
}
