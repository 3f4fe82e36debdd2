//! R10: critical events reach the other region, once, and come back never.
//!
//! Method: a small matcher of EventBridge patterns plays both regions' buses. Events go from bus to
//! bus along the rules of the templates until nothing moves any more.

use std::collections::BTreeMap;

use recovery::step::event;
use serde_json::{Value, json};

use crate::{ACCOUNT, Template, everywhere, one, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];
/// Deliveries after which events go round.
const DELIVERIES_MAX: usize = 20;

/// Whether a value pattern takes an event: every field of the pattern is there with one of its values.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html>
fn matches(pattern: &Value, event: &Value) -> bool {
    let Some(fields) = pattern.as_object() else { return false };
    fields.iter().all(|(name, wanted)| match wanted {
        Value::Array(values) => values.contains(&event[name]),
        nested => matches(nested, &event[name]),
    })
}

fn event(region: &str, detail_type: &str) -> Value {
    json!({ "source": event::SOURCE, "detail-type": detail_type, "region": region, "detail": {} })
}

/// The rules of a region's bus.
fn rules<'t>(templates: &'t [Template], region: &str) -> Vec<&'t Value> {
    let of_region = templates.iter().filter(|template| template.region == region);
    of_region.flat_map(|template| template.all("AWS::Events::Rule")).collect()
}

/// Where an event put in `region` gets to: target and number of deliveries. `None`: it goes round.
fn deliveries(rules: &BTreeMap<&str, Vec<Value>>, event: &Value) -> Option<BTreeMap<String, usize>> {
    let region = event["region"].as_str().expect("an event has a region");
    let (mut on_buses, mut delivered) = (vec![region.to_owned()], BTreeMap::new());
    while let Some(here) = on_buses.pop() {
        for rule in &rules[here.as_str()] {
            if !matches(&rule["EventPattern"], event) {
                continue;
            }
            for target in rule["Targets"].as_array().expect("a rule has targets") {
                let to = target["Arn"].to_string();
                let bus = REGIONS.into_iter().find(|r| to.contains(&format!("arn:aws:events:{r}:")));
                on_buses.extend(bus.map(str::to_owned));
                *delivered.entry(format!("{here} {}", target["Id"].as_str()?)).or_insert(0) += 1;
                if delivered.values().sum::<usize>() > DELIVERIES_MAX {
                    return None;
                }
            }
        }
    }
    Some(delivered)
}

fn all_rules(templates: &[Template]) -> BTreeMap<&'static str, Vec<Value>> {
    REGIONS.map(|region| (region, rules(templates, region).into_iter().cloned().collect())).into()
}

#[test]
fn a_critical_event_is_told_once_and_kept_in_the_other_region() {
    let templates = trading();
    let rules = all_rules(&templates);
    for [here, there] in [REGIONS, [REGIONS[1], REGIONS[0]]] {
        for detail_type in event::CRITICAL {
            let found = deliveries(&rules, &event(here, detail_type)).expect("it comes to rest");
            let expected = [format!("{here} alerts"), format!("{here} peer"), format!("{there} record")];
            assert_eq!(found, expected.map(|target| (target, 1)).into(), "{detail_type}");
        }
    }
}

#[test]
fn other_events_stay_in_their_region() {
    let rules = all_rules(&trading());
    let found = deliveries(&rules, &event("us-east-1", event::PREFLIGHT_PASSED)).expect("it comes to rest");
    assert_eq!(found, BTreeMap::from([("us-east-1 alerts".to_owned(), 1)]));
    let foreign = json!({ "source": "aws.rds", "detail-type": event::ESCALATED, "region": "us-east-1" });
    assert_eq!(deliveries(&rules, &foreign), Some(BTreeMap::new()), "nobody else speaks for us");
}

/// What keeps events from going round is the region in the pattern, and this test would notice.
#[test]
fn without_its_region_in_the_pattern_an_event_would_go_round() {
    let mut rules = all_rules(&trading());
    for rule in rules.values_mut().flatten() {
        rule["EventPattern"].as_object_mut().expect("a pattern").remove("region");
    }
    assert_eq!(deliveries(&rules, &event("us-east-1", event::ESCALATED)), None);
}

#[test]
fn forwarding_is_tried_for_a_day_and_then_kept_for_people() {
    for (templates, region) in everywhere() {
        let recovery = templates.iter().find(|t| t.name.contains("-DisasterRecovery-") && t.region == region);
        let recovery = recovery.expect("a recovery stack per region");
        let mut dead_letters = Vec::new();
        for name in ["rule-forwarding-production", "rule-peer-events-production"] {
            let rule = one(templates, region, "AWS::Events::Rule", "Name", name);
            let target = &rule["Targets"][0];
            assert_eq!(target["RetryPolicy"]["MaximumEventAgeInSeconds"], 86_400, "{name}");
            assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 185, "{name}");
            dead_letters.push(target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].clone());
        }
        assert_eq!(dead_letters[0], dead_letters[1]);
        let queue = dead_letters[0].as_str().expect("a queue of the stack");
        let queue = &recovery.json["Resources"][queue]["Properties"];
        assert_eq!(queue["QueueName"], "queue-unforwarded-events-production");
        assert_eq!(queue["SqsManagedSseEnabled"], true);
        let sources: Vec<&Value> = recovery
            .all("AWS::SQS::QueuePolicy")
            .iter()
            .filter(|policy| policy["Queues"] == json!([{ "Ref": dead_letters[0] }]))
            .map(
                |policy| &policy["PolicyDocument"]["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"],
            )
            .collect();
        let rule =
            |name: &str| format!("arn:aws:events:{region}:{ACCOUNT}:rule/bus-recovery-production/{name}");
        let expected = json!([rule("rule-forwarding-production"), rule("rule-peer-events-production")]);
        assert_eq!(sources, [&expected]);
    }
}

#[test]
fn a_bus_takes_events_from_the_peer_s_forwarder_alone() {
    let templates = trading();
    for [region, peer] in [REGIONS, [REGIONS[1], REGIONS[0]]] {
        let bus = |at: &str| format!("arn:aws:events:{at}:{ACCOUNT}:event-bus/bus-recovery-production");
        let policy = one(&templates, region, "AWS::Events::EventBusPolicy", "StatementId", "PeerForwards");
        let statement = &policy["Statement"];
        assert_eq!(statement["Action"], "events:PutEvents");
        assert_eq!(statement["Resource"], bus(region));
        let forwarder = format!("arn:aws:iam::{ACCOUNT}:role/role-forwarder-{peer}-production");
        assert_eq!(statement["Condition"], json!({ "ArnEquals": { "aws:PrincipalArn": forwarder } }));
        let name = format!("role-forwarder-{region}-production");
        let role = one(&templates, region, "AWS::IAM::Role", "RoleName", &name);
        let allowed = &role["Policies"][0]["PolicyDocument"]["Statement"];
        let expected =
            json!([{ "Effect": "Allow", "Action": ["events:PutEvents"], "Resource": [bus(peer)] }]);
        assert_eq!(*allowed, expected);
        let trusted = &role["AssumeRolePolicyDocument"]["Statement"][0];
        assert_eq!(trusted["Principal"], json!({ "Service": "events.amazonaws.com" }));
        assert_eq!(trusted["Condition"]["StringEquals"]["aws:SourceAccount"], ACCOUNT);
    }
}
