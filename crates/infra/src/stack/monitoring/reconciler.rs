//! The reconciler: differences that nothing explains, a comparison that stands still, and its silence.

use recovery::metric::Metric as Reported;
use recovery::reconcile::EVERY_S;

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::reported;
use super::metric::Measure;

/// Seconds: a run compares up to six minutes ago, and walks four hours, so four runs have not done it.
const BEHIND_S: f64 = 3600.0;

/// Alarms on the reconciler's figures.
pub(super) fn alarms() -> Vec<Alarm> {
    let every_s = i64::try_from(EVERY_S).unwrap_or(i64::MAX);
    let figure = |metric: Reported, statistic| Measure::One(reported(metric).by(statistic));
    let no_run = Missing::Well("the reconciler reports this, and `reconciler-silent` tells of its silence.");
    let silence = Missing::Bad("a reconciler that does not run reports nothing, which is what this is for.");
    vec![
        Alarm::new(
            "differences-unexplained",
            figure(Reported::DifferencesUnexplained, "Maximum"),
            Bad::AtLeast(1.0),
            no_run,
        )
        .every(every_s)
        .says(
            "Journal, databases or sessions differ, and nothing explains it: an order may be missing, or may not be what was acknowledged.",
            "read which in the event or in the reconciler's log; `docs/consistency.md` says what each kind means and what is repaired by itself.",
        ),
        Alarm::new("reconciler-behind", figure(Reported::ComparedAge, "Maximum"), Bad::Above(BEHIND_S), no_run)
            .every(every_s)
            .lasting(2, 2)
            .says(
                "Orders were last compared up to more than an hour ago: the reconciler runs and gets no further.",
                "expected after a longer recovery, and it catches up by itself; else see in its log which minute keeps differences, and `differences-unexplained`.",
            ),
        Alarm::new("reconciler-silent", figure(Reported::ReconcilerRan, "Sum"), Bad::Below(1.0), silence)
            .every(every_s)
            .lasting(3, 3)
            .says(
                "No reconciliation has compared orders for three quarters of an hour: nobody knows whether journal and database agree.",
                "expected while the lease is recovering or draining; else see that its schedule is on, what its log says it could not compare, and the queue of failed invocations.",
            ),
    ]
}
