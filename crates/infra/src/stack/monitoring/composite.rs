//! What several alarms come to: the three questions that somebody who is called asks first.

use cdk::{Handle, Scope};
use cfn::cloudwatch::CompositeAlarm;

use super::alarm::name;
use crate::place::Place;

/// An alarm that rings when one of several does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Composite {
    /// Its name is `alarm-{purpose}-{suffix}`.
    pub(super) purpose: &'static str,
    meaning: &'static str,
    first: &'static str,
    of: &'static [&'static str],
}

/// All of them.
pub(super) fn all() -> [Composite; 3] {
    [
        Composite {
            purpose: "region-impaired",
            meaning: "This region does not serve its callers as it should.",
            first: "see which of its alarms rings, and on the dashboard whether the other region serves; a region that is lost is left by itself.",
            of: &[
                "api-latency",
                "api-server-errors",
                "orders-api-errors",
                "orders-api-throttles",
                "orders-service-below-floor",
                "orders-unavailable",
                "region-not-ready",
                "targets-below-floor",
                "targets-unhealthy",
            ],
        },
        Composite {
            purpose: "recovery-impaired",
            meaning: "If the other region were lost now, this one could not take over as promised.",
            first: "mend what its alarms name before anything else is changed: until then there is no second region.",
            of: &[
                "commits-missing",
                "concurrency",
                "database-silent",
                "failover-executions",
                "journal-errors",
                "preflight-gaps",
                "preflight-silent",
                "recovery-escalated",
                "recovery-step-throttles",
                "region-not-ready",
                "orders-service-below-floor",
                "orders-worker-below-floor",
                "replication-lag",
                "schedules-missed",
                "sentinel-errors",
                "sentinel-throttles",
                "switched-off",
                "watch-silent",
            ],
        },
        Composite {
            purpose: "data-behind",
            meaning: "What was acknowledged is not yet where it should be: settlement, replication or both are behind.",
            first: "nothing is lost while the journal answers; see whether it is the queue, the database or replication.",
            of: &[
                "access-bucket-failed",
                "access-bucket-late",
                "audit-bucket-failed",
                "audit-bucket-late",
                "commits-missing",
                "config-bucket-failed",
                "config-bucket-late",
                "dead-letters",
                "differences-unexplained",
                "orders-queued-again",
                "queue-age",
                "replication-lag",
                "sessions-replication",
                "settlement-lag",
            ],
        },
    ]
}

impl Composite {
    /// Whether it is made of the alarm for this purpose.
    pub(super) fn names(&self, purpose: &str) -> bool {
        self.of.contains(&purpose)
    }

    /// Adds it, made of those of its alarms that there are: each profile has some of its own.
    pub(super) fn add(&self, scope: &mut Scope<'_>, place: &Place<'_>, known: &[&str]) -> Handle {
        let there = self.of.iter().filter(|purpose| known.contains(purpose));
        let rule: Vec<String> = there.map(|purpose| format!("ALARM(\"{}\")", name(place, purpose))).collect();
        let topic = place.alert_topic_arn();
        scope.add(
            self.purpose,
            CompositeAlarm::new(rule.join(" OR "))
                .alarm_name(name(place, self.purpose))
                .alarm_description(format!("{} First: {}", self.meaning, self.first))
                .alarm_actions([topic.clone()])
                .ok_actions([topic]),
        )
    }
}
