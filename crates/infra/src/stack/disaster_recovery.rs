//! What recovers a region and brings it home: the watch, the workflows, the switch, and what is
//! announced of it.

use cdk::{Handle, Scope, Stack};
use cfn::{events, stepfunctions};
use recovery::step;
use serde_json::json;

use super::schedule::Schedule;
use super::{
    audit, aws_events, containers, database_events, forwarding, log_group, parameter, preflight, queue,
    reconciler, retry,
};
use crate::packages::{RECOVERY_STEP, SENTINEL};
use crate::place::Place;
use crate::policy::{Statement, role};

/// Purpose of the failover state machine's role.
pub(super) const FAILOVER: &str = "failover";
/// Purpose of the failback state machine's role.
pub(super) const FAILBACK: &str = "failback";

/// What a region's recovery stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The failover state machine.
    pub workflow: Handle,
    /// The failback state machine.
    pub failback: Handle,
}

/// The workflows of a region, in Amazon States Language.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// What this region does when the other one is lost.
    pub failover: String,
    /// What it does when the lost one, its home, is back.
    pub failback: String,
}

/// Adds everything.
pub fn new(stack: &mut Stack, place: &Place<'_>, definitions: &Definitions) -> Handles {
    let mut root = stack.root();
    let bus = announcements(&mut root, place);
    database_events::add(&mut root, place);
    containers::events::add(&mut root, place);
    settings(&mut root, place);
    let names = place.names();
    let failover = Purpose { word: FAILOVER, name: names.failover_state_machine() };
    let workflow = state_machine(&mut root.scope("Failover"), place, &failover, &definitions.failover);
    let failback = Purpose { word: FAILBACK, name: names.failback_state_machine() };
    let failback = state_machine(&mut root.scope("Failback"), place, &failback, &definitions.failback);
    watch(&mut root.scope("Watch"), place);
    preflight::add(&mut root.scope("Preflight"), place, definitions);
    reconciler::add(&mut root.scope("Reconciler"), place);
    forwarding::add(&mut root.scope("Forwarding"), place, &bus);
    Handles { workflow, failback }
}

/// Name of the queue of events that reached nobody.
pub(super) fn undelivered_events(place: &Place<'_>) -> String {
    place.names().resource("queue", "undelivered-events")
}

/// Name of the rule that tells people.
pub(super) fn announcement_rule(place: &Place<'_>) -> String {
    place.names().resource("rule", "announcements")
}

/// Every event of this region on its recovery bus reaches people, or waits where they find it. Those
/// of the peer are told by the peer: a forwarded one must not tell twice.
fn announcements(root: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    use events::rule::{DeadLetterConfig, Target};
    let names = place.names();
    let bus = root.add("Bus", events::EventBus::new(names.event_bus()));
    let rule = announcement_rule(place);
    let from = place.arn("events", &format!("rule/{}/{rule}", names.event_bus()));
    let of_aws = [database_events::PURPOSE].into_iter().chain(audit::events::purposes(place));
    let of_aws = of_aws.chain(containers::events::purposes(place));
    let mut sources = vec![from];
    sources.extend(of_aws.map(|purpose| aws_events::rule_arn(place, purpose)));
    let puts_aside = json!({
        "Sid": "RulePutsAside",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Condition": { "ArnEquals": { "aws:SourceArn": sources } },
    });
    let undelivered = queue::resting(&undelivered_events(place));
    let undelivered = queue::add(root, "Undelivered", undelivered, &[puts_aside]);
    let target = Target::new(place.alert_topic_arn(), "alerts")
        .retry_policy(retry::longest())
        .dead_letter_config(DeadLetterConfig::new().arn(undelivered.attribute("Arn")));
    root.add(
        "Announcements",
        events::Rule::new()
            .name(rule)
            .event_bus_name(bus.reference())
            .event_pattern(json!({ "source": [step::event::SOURCE], "region": [place.region.as_str()] }))
            .targets([target]),
    );
    bus
}

/// The switch, and what operators look up.
fn settings(root: &mut Scope<'_>, place: &Place<'_>) {
    let names = place.names();
    let switch = cfn::ssm::Parameter::new("String", "on")
        .name(names.switch_parameter())
        .allowed_pattern("^(on|off)$")
        .description("`on` lets Standfast act, `off` makes it watch only");
    root.add("Switch", switch);
    let role = if place.is_home() { "home" } else { "standby" };
    parameter(root, place, "RegionRole", "region/role", role);
    parameter(root, place, "RegionPeer", "region/peer", place.peer().region.as_str());
    parameter(root, place, "RegionUrl", "region/url", format!("https://{}", names.region_host(place.region)));
}

/// What a state machine is for, and what it is called.
struct Purpose {
    word: &'static str,
    name: String,
}

fn state_machine(scope: &mut Scope<'_>, place: &Place<'_>, purpose: &Purpose, definition: &str) -> Handle {
    use stepfunctions::state_machine::{
        CloudWatchLogsLogGroup, LogDestination, LoggingConfiguration, TracingConfiguration,
    };
    let logs = log_group(place, format!("/aws/vendedlogs/states/{}", purpose.name));
    let log_group = scope.add("Logs", logs);
    let destination = CloudWatchLogsLogGroup::new().log_group_arn(log_group.attribute("Arn"));
    let logging = LoggingConfiguration::new()
        .level("ALL")
        .include_execution_data(true)
        .destinations([LogDestination::new().cloud_watch_logs_log_group(destination)]);
    let role = role(
        scope,
        "Role",
        &place.names().function_role(purpose.word, place.region),
        "states.amazonaws.com",
        &[
            Statement::allow(&["lambda:InvokeFunction"], [place.function_arn(RECOVERY_STEP)]),
            Statement::anywhere(
                &[
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                ],
                "log deliveries have no resource (Step Functions developer guide)",
            ),
            Statement::anywhere(
                &[
                    "xray:GetSamplingRules",
                    "xray:GetSamplingTargets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                ],
                "X-Ray has no resource for traces (service authorization reference)",
            ),
        ],
    );
    scope.add(
        "Workflow",
        stepfunctions::StateMachine::new(role.attribute("Arn"))
            .state_machine_name(&purpose.name)
            .state_machine_type("STANDARD")
            .definition_string(definition)
            .logging_configuration(logging)
            .tracing_configuration(TracingConfiguration::new().enabled(true)),
    )
}

/// Starts the sentinel again and again; each watch outlasts the next one's start, which is worth nothing late.
fn watch(scope: &mut Scope<'_>, place: &Place<'_>) {
    let schedule = Schedule {
        function: SENTINEL,
        role: "watch",
        name: preflight::watch_schedule(place),
        every_s: place.deployment.sentinel.schedule_s,
        attempts: 0,
        late_s: 60,
    };
    schedule.add(scope, place);
}
