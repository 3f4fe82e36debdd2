//! Watching less closely.

use super::{Draft, Subject, Turn};

/// Share of requests that are traced beyond the first of each second, in percent.
const TRACED_PERCENT: u64 = 1;

/// A rule of our own records fewer traces than X-Ray's default.
pub(super) fn fewer_traces(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.assumed.clone();
    turned.traces_percent = turned.traces_percent.min(TRACED_PERCENT);
    Some(Draft {
        id: "fewer-traces",
        title: "trace one request in a hundred",
        how: format!("a sampling rule of {TRACED_PERCENT} % instead of X-Ray's default of 5 %"),
        turn: Turn::Assumed(Box::new(turned)),
        unchanged: "nothing reads a trace during a recovery",
        risk: "rare faults are traced more rarely still",
        needs: Some("a sampling rule (AWS::XRay::SamplingRule) in each region"),
    })
}

/// Checks at the ordinary interval cost less, and so do the requests that they make.
pub(super) fn slower_checks(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    if turned.health_check.interval_s >= 30 {
        return None;
    }
    turned.health_check.interval_s = 30;
    Some(Draft {
        id: "slower-health-checks",
        title: "health checks every 30 s",
        how: "health_check.interval_s = 30 in the deployment file".to_owned(),
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "no failover record has a check of this interval",
        risk: "clients that follow DNS stay with the lost region for longer",
        needs: None,
    })
}

/// A watch that only just overlaps the next one is billed for less.
pub(super) fn shorter_watches(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    // Less than this, and there are times at which no watch has seen a whole TTL even when all start on time.
    let least_s = turned.sentinel.schedule_s + turned.lease.ttl_s + turned.lease.margin_s;
    if turned.sentinel.watch_s <= least_s {
        return None;
    }
    turned.sentinel.watch_s = least_s;
    Some(Draft {
        id: "shorter-watches",
        title: "watches that do not cover the late start of the next one",
        how: format!("sentinel.watch_s = {least_s} in the deployment file"),
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "watches cover less than a late start already",
        risk: "a region that is lost while a watch starts late is noticed later; orders are accepted all the same",
        needs: None,
    })
}
