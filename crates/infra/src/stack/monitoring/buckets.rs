//! Replication of the buckets, each side of it where it is published: what arrives late in the region that
//! receives, what is not sent at all in the region that sends.

use recovery::replication::{LATE_MIN, RULE};

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::s3;
use super::metric::Measure;
use crate::place::Place;
use crate::stack::storage::{ACCESS, AUDIT, CONFIGURATION};

/// Seconds after which a copy is late: what S3's replication time control promises.
const LATE_S: f64 = LATE_MIN as f64 * 60.0;

/// Alarms on both buckets, and on that of the load balancer's log, which goes into the audit bucket.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let replicated = [(CONFIGURATION, CONFIGURATION), (AUDIT, AUDIT)];
    let copied = place.containers().map(|_| (ACCESS, AUDIT));
    replicated.into_iter().chain(copied).flat_map(|(purpose, to)| of_bucket(place, purpose, to)).collect()
}

fn of_bucket(place: &Place<'_>, purpose: &str, into: &str) -> [Alarm; 2] {
    let from_to = |from: &Place<'_>, to: &Place<'_>| [from.bucket(purpose), to.bucket(into), RULE.to_owned()];
    let late = Measure::One(s3::LATENCY.of(from_to(&place.peer(), place)).by("Maximum"));
    let failed = Measure::One(s3::FAILED.of(from_to(place, &place.peer())));
    let none = Missing::Well("S3 reports a rule from a quarter of an hour after it was made.");
    [
        Alarm::new(format!("{purpose}-bucket-late"), late, Bad::Above(LATE_S), none).lasting(3, 5).says(
            format!("Objects of the other region's {purpose} bucket take more than a quarter of an hour to this one."),
            "see AWS Health for S3 in both regions; what is written meanwhile is in the other region alone.",
        ),
        Alarm::new(format!("{purpose}-bucket-failed"), failed, Bad::AtLeast(1.0), none).every(300).says(
            format!("Objects of the {purpose} bucket were not replicated, and S3 does not try again."),
            "see the role's permissions and both keys, then replicate what failed with S3 Batch Replication.",
        ),
    ]
}
