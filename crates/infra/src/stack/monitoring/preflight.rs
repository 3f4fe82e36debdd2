//! The preflight: its gaps, and its silence.

use recovery::metric::Metric as Reported;

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::reported;
use super::metric::Measure;

/// Seconds between two runs.
const HOUR_S: i64 = 3600;

/// Alarms on the preflight's figures.
pub(super) fn alarms() -> Vec<Alarm> {
    let figure = |metric: Reported, statistic| Measure::One(reported(metric).by(statistic));
    let silence = Missing::Bad("a preflight that does not run reports nothing, which is what this is for.");
    let no_run = Missing::Well("the preflight reports this, and `preflight-silent` tells of its silence.");
    vec![
        Alarm::new("preflight-gaps", figure(Reported::PreflightFailed, "Maximum"), Bad::AtLeast(1.0), no_run)
            .every(HOUR_S)
            .says(
                "This region could not take over, or could not be relieved: a preflight found gaps.",
                "read which in the event or in the preflight's log; `docs/preflight.md` says what to do about each.",
            ),
        Alarm::new("preflight-silent", figure(Reported::PreflightRan, "Sum"), Bad::Below(1.0), silence)
            .every(HOUR_S)
            .lasting(2, 2)
            .says(
                "No preflight has come to its end for two hours: nobody knows whether this region could take over.",
                "see that its schedule is on, and the queue of failed invocations.",
            ),
    ]
}
