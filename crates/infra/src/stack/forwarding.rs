//! Critical events go to the other region as well, whose record outlives the one they came from.
//!
//! An event keeps the region it was put in. Each rule asks for it: own events are told to people and
//! forwarded, foreign ones are kept, so that nobody is told twice and no event goes round.

use cdk::{Handle, Scope};
use cfn::{Json, Value, events};
use recovery::step;
use serde_json::json;

use super::{queue, retry};
use crate::place::Place;
use crate::policy::{Statement, role};

pub(super) fn forwarding_rule(place: &Place<'_>) -> String {
    place.names().resource("rule", "forwarding")
}

pub(super) fn record_rule(place: &Place<'_>) -> String {
    place.names().resource("rule", "peer-events")
}

fn rule_arn(place: &Place<'_>, rule: &str) -> String {
    place.arn("events", &format!("rule/{}/{rule}", place.names().event_bus()))
}

/// Purpose of the role under which a region's events are forwarded.
const FORWARDER: &str = "forwarder";

/// Adds both directions, as far as they are this region's.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, bus: &Handle) {
    let rules = [forwarding_rule(place), record_rule(place)].map(|rule| rule_arn(place, &rule));
    let undelivered = queue(scope, place, "Unforwarded", "unforwarded-events", &rules);
    send(scope, place, bus, &undelivered);
    let record = queue(scope, place, "PeerEvents", "peer-events", &rules[1..]);
    receive(scope, place, bus, [&record, &undelivered]);
}

/// A queue that these rules may send to and that people read.
fn queue(scope: &mut Scope<'_>, place: &Place<'_>, id: &str, purpose: &str, rules: &[String]) -> Handle {
    let send = json!({
        "Sid": "RulesSend",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Condition": { "ArnEquals": { "aws:SourceArn": rules } },
    });
    let resting = queue::resting(&place.names().resource("queue", purpose));
    queue::add(scope, id, resting, &[send])
}

fn rule(
    bus: &Handle,
    name: String,
    pattern: Json,
    target: events::rule::Target,
    undelivered: &Handle,
) -> events::Rule {
    use events::rule::DeadLetterConfig;
    let target = target
        .retry_policy(retry::longest())
        .dead_letter_config(DeadLetterConfig::new().arn(undelivered.attribute("Arn")));
    events::Rule::new().name(name).event_bus_name(bus.reference()).event_pattern(pattern).targets([target])
}

/// Own critical events go to the peer's bus, whose ARN is computed.
fn send(scope: &mut Scope<'_>, place: &Place<'_>, own_bus: &Handle, undelivered: &Handle) {
    let bus = place.peer().event_bus_arn();
    let role = role(
        scope,
        "Role",
        &place.names().function_role(FORWARDER, place.region),
        "events.amazonaws.com",
        &[Statement::allow(&["events:PutEvents"], [bus.clone()])],
    );
    let pattern = json!({
        "source": [step::event::SOURCE],
        "detail-type": step::event::CRITICAL,
        "region": [place.region.as_str()],
    });
    let target = events::rule::Target::new(bus, "peer").role_arn(role.attribute("Arn"));
    scope.add("Rule", rule(own_bus, forwarding_rule(place), pattern, target, undelivered));
}

/// The peer's forwarder may put events on this bus, and what it puts there is kept.
fn receive(scope: &mut Scope<'_>, place: &Place<'_>, bus: &Handle, [record, undelivered]: [&Handle; 2]) {
    let peer = place.peer();
    let statement = json!({
        "Sid": "PeerForwards",
        "Effect": "Allow",
        // A role that is not there yet cannot be a principal; the condition names it all the same.
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", place.account) },
        "Action": "events:PutEvents",
        "Resource": place.event_bus_arn(),
        "Condition": { "ArnEquals": { "aws:PrincipalArn": peer.role_arn(FORWARDER) } },
    });
    scope.add(
        "BusPolicy",
        events::EventBusPolicy::new("PeerForwards").event_bus_name(bus.reference()).statement(statement),
    );
    let pattern = json!({ "source": [step::event::SOURCE], "region": [peer.region.as_str()] });
    let target = events::rule::Target::new(Value::<String>::from(record.attribute("Arn")), "record");
    scope.add("RecordRule", rule(bus, record_rule(place), pattern, target, undelivered));
}
