//! The watch, the lease, the switch, and what this region sees of its peer and of itself.

use recovery::metric::Metric as Reported;

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::reported;
use super::metric::Measure;
use crate::place::Place;

/// The sentinel's own silence has an alarm, which need not ring in every other one.
const SILENCE: Missing = Missing::Well("the sentinel reports this, and `watch-silent` tells of its silence.");

/// Alarms on the sentinel's figures.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let figure = |metric: Reported, statistic| Measure::One(reported(metric).by(statistic));
    let ttl_s = place.deployment.lease.ttl_s;
    vec![
        Alarm::new(
            "watch-silent",
            figure(Reported::WatchTicks, "Sum"),
            Bad::Below(1.0),
            Missing::Bad("a dead watch reports nothing, which is what this is for."),
        )
        .lasting(3, 3)
        .says(
            "No sentinel has reported for three minutes: this region does not watch, renews no lease and cannot take over.",
            "see that the schedule is on and what the sentinel's last log lines say; the other region still watches.",
        ),
        Alarm::new("lease-stale", figure(Reported::LeaseAge, "Maximum"), Bad::Above(ttl_s as f64), SILENCE).says(
            format!("The lease has not been renewed for more than its TTL of {ttl_s} s, as this region sees it."),
            "see whether a take-over follows (lease-taken); if not, why the standby holds: its sentinel's log says so.",
        ),
        Alarm::new("lease-taken", figure(Reported::LeasesTaken, "Sum"), Bad::AtLeast(1.0), SILENCE).says(
            "This region has taken the lease and recovers: orders are accepted here, and settled once the workflow is through.",
            "follow the execution of the failover workflow; do not deploy and change nothing at the databases meanwhile.",
        ),
        Alarm::new("region-not-ready", figure(Reported::RegionReady, "Minimum"), Bad::Below(1.0), SILENCE)
            .lasting(3, 5)
            .says(
                "This region could not serve: its journal, queue, API or database does not answer its own sentinel.",
                "read which of them in the sentinel's log; a standby that is not ready takes no lease.",
            ),
        Alarm::new(
            "peer-unanswered",
            failed_probes(),
            Bad::Above(50.0),
            Missing::Well("only the standby probes, so the owner of the lease has no data here."),
        )
        .lasting(2, 3)
        .says(
            "The other region does not answer orders from outside, as this region sees it.",
            "ask the other region's own name from a third place; a take-over follows by itself if the probes go on failing.",
        ),
        Alarm::new("switched-off", figure(Reported::SwitchedOn, "Minimum"), Bad::Below(1.0), SILENCE)
            .every(300)
            .lasting(6, 6)
            .says(
                "Standfast has been switched off in this region, or cannot read its switch, for half an hour: it takes no lease.",
                "turn the switch on again if nobody works on the system (SSM parameter `automation`).",
            ),
    ]
}

/// Share of the outside probes that failed, in percent; no data where nobody probes.
fn failed_probes() -> Measure {
    Measure::Math {
        expression: "100 * failed / (failed + answered)".to_owned(),
        metrics: vec![
            ("failed".to_owned(), reported(Reported::ProbesFailed)),
            ("answered".to_owned(), reported(Reported::ProbesAnswered)),
        ],
    }
}
