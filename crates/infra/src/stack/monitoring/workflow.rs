//! Executions of the recovery's state machines, schedules, and rules.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::{events, scheduler, states};
use super::metric::{Known, Measure};
use crate::place::Place;
use crate::stack::disaster_recovery::announcement_rule;
use crate::stack::forwarding::{forwarding_rule, record_rule};
use crate::stack::{audit, aws_events, containers, database_events};

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
    let meaning = "What RDS says of the database could not be delivered.";
    failed_events(place, "database-events", [database_events::PURPOSE], meaning)
}

/// None without containers.
fn failed_service_events(place: &Place<'_>) -> Option<Alarm> {
    let meaning =
        "What ECS says of the services, or what a scan of their image found, could not be delivered.";
    let mut purposes = containers::events::purposes(place).peekable();
    purposes.peek()?;
    Some(failed_events(place, "service-events", purposes, meaning))
}

/// None without an audit.
fn failed_audit_events(place: &Place<'_>) -> Option<Alarm> {
    let meaning =
        "That a backup failed, or that somebody changed what the audit stands on, could not be delivered.";
    let mut purposes = audit::events::purposes(place).peekable();
    purposes.peek()?;
    Some(failed_events(place, "audit-events", purposes, meaning))
}

/// What AWS said, and nobody was told.
fn failed_events(
    place: &Place<'_>,
    what: &str,
    purposes: impl IntoIterator<Item = &'static str>,
    meaning: &str,
) -> Alarm {
    let known = [&events::FAILED_ON_OWN_BUS, &events::LOST_ON_OWN_BUS];
    let rules = purposes.into_iter().map(|purpose| aws_events::rule_name(place, purpose));
    let all = rules.flat_map(|rule| known.map(|known| known.of([rule.clone()])));
    let none = Missing::Well("EventBridge reports what is not zero.");
    Alarm::new(format!("{what}-undelivered"), Measure::sum(all), Bad::AtLeast(1.0), none)
        .says(meaning, "see the queue of undelivered events, and the policy of the topic.")
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
