//! Executions of the recovery's state machines, schedules, and rules.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::{events, scheduler, states};
use super::metric::{Known, Measure};
use crate::place::Place;
use crate::stack::disaster_recovery::announcement_rule;
use crate::stack::forwarding::{forwarding_rule, record_rule};
use crate::stack::{audit, containers, database_events};

/// Group of the schedules: none of them has one of its own.
const SCHEDULE_GROUP: &str = "default";

/// State machines: purpose of the alarm, ARN.
fn machines(place: &Place<'_>) -> Vec<(&'static str, String)> {
    vec![("failover", place.state_machine_arn()), ("failback", place.failback_state_machine_arn())]
}

/// Rules on the region's bus: purpose of the alarm, name.
fn rules(place: &Place<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("announcements", announcement_rule(place)),
        ("forwarding", forwarding_rule(place)),
        ("peer-events", record_rule(place)),
    ]
}

/// Alarms on them.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let machines = machines(place).into_iter().map(|(purpose, arn)| failed_executions(purpose, &arn));
    let rules = rules(place).into_iter().map(|(purpose, rule)| failed_rule(place, purpose, &rule));
    let told_by_aws = [failed_database_events(place)].into_iter().chain(failed_service_events(place));
    let own_bus = told_by_aws.chain(failed_audit_events(place));
    machines.chain([missed_schedules()]).chain(rules).chain(own_bus).collect()
}

fn failed_executions(purpose: &str, arn: &str) -> Alarm {
    let of = |known: &Known<1>| known.of([arn.to_owned()]);
    let ended = [of(&states::FAILED), of(&states::TIMED_OUT), of(&states::ABORTED)];
    let none = Missing::Well("Step Functions reports what ran.");
    Alarm::new(format!("{purpose}-executions"), Measure::sum(ended), Bad::AtLeast(1.0), none).says(
        format!("An execution of the {purpose} workflow failed, took too long or was stopped."),
        "read its history; the sentinel starts another attempt some minutes later, a limited number of times.",
    )
}

fn missed_schedules() -> Alarm {
    let of = |known: &Known<1>| known.of([SCHEDULE_GROUP.to_owned()]);
    let measure = Measure::sum(
        [
            scheduler::TARGET_ERRORS,
            scheduler::TARGET_THROTTLES,
            scheduler::THROTTLES,
            scheduler::DROPPED,
            scheduler::LOST,
        ]
        .iter()
        .map(of),
    );
    let none = Missing::Well("EventBridge Scheduler reports what went wrong only when it did.");
    Alarm::new("schedules-missed", measure, Bad::AtLeast(1.0), none).lasting(2, 5).says(
        "Schedules of this region did not start what they should, again and again; others of this account count too.",
        "read the queue of failed invocations; if the sentinel is throttled, its reservation is too small.",
    )
}

fn failed_database_events(place: &Place<'_>) -> Alarm {
    let of = |known: &Known<1>| known.of([database_events::rule_name(place)]);
    let none = Missing::Well("EventBridge reports what is not zero.");
    let measure = Measure::sum([of(&events::FAILED_ON_OWN_BUS), of(&events::LOST_ON_OWN_BUS)]);
    Alarm::new("database-events-undelivered", measure, Bad::AtLeast(1.0), none).says(
        "What RDS says of the database could not be delivered.",
        "see the queue of undelivered events, and the policy of the topic.",
    )
}

/// None without containers.
fn failed_service_events(place: &Place<'_>) -> Option<Alarm> {
    let of = |known: &Known<1>| known.of([containers::events::rule_name(place)]);
    let none = Missing::Well("EventBridge reports what is not zero.");
    let measure = Measure::sum([of(&events::FAILED_ON_OWN_BUS), of(&events::LOST_ON_OWN_BUS)]);
    let alarm = Alarm::new("service-events-undelivered", measure, Bad::AtLeast(1.0), none).says(
        "What ECS says of the services could not be delivered.",
        "see the queue of undelivered events, and the policy of the topic.",
    );
    place.containers().map(|_| alarm)
}

/// None without an audit.
fn failed_audit_events(place: &Place<'_>) -> Option<Alarm> {
    let rules = audit::events::rule_names(place);
    let known = [&events::FAILED_ON_OWN_BUS, &events::LOST_ON_OWN_BUS];
    let all = rules.iter().flat_map(|rule| known.map(|known| known.of([rule.clone()])));
    let none = Missing::Well("EventBridge reports what is not zero.");
    let alarm = Alarm::new("audit-events-undelivered", Measure::sum(all), Bad::AtLeast(1.0), none).says(
        "That a backup failed, or that somebody changed what the audit stands on, could not be delivered.",
        "see the queue of undelivered events, and the policy of the topic.",
    );
    (!rules.is_empty()).then_some(alarm)
}

fn failed_rule(place: &Place<'_>, purpose: &str, rule: &str) -> Alarm {
    let of = |known: &Known<2>| known.of([place.names().event_bus(), rule.to_owned()]);
    let none = Missing::Well("EventBridge reports what is not zero.");
    let measure = Measure::sum([of(&events::FAILED), of(&events::LOST)]);
    Alarm::new(format!("{purpose}-undelivered"), measure, Bad::AtLeast(1.0), none).says(
        "Events of the recovery's bus could not be delivered.",
        "see the queue of undelivered events, and the policy of the target.",
    )
}
