//! What is delivered later, or not at all.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;

const FUNCTION: &str = "AWS::Lambda::Function";

pub(super) const NOTHING_DROPPED: Rule = Rule {
    id: "nothing-is-dropped",
    title: "every queue that is worked off, event target, schedule and asynchronous function has a place for what fails",
    rationale: "what cannot be delivered during an outage must be there when people look for it",
    look: |subject| {
        let mut findings = queues(subject);
        findings.extend(order_queues(subject));
        for rule in subject.inventory.all("AWS::Events::Rule") {
            let silent =
                rule.list("Targets").iter().filter(|target| target["DeadLetterConfig"]["Arn"].is_null());
            findings.extend(silent.map(|target| {
                Finding::at(&rule, format!("its target {} has no dead-letter queue", target["Id"]))
            }));
        }
        for schedule in subject.inventory.all("AWS::Scheduler::Schedule") {
            if schedule.get("Target/DeadLetterConfig/Arn").is_null() {
                findings.push(Finding::at(&schedule, "its target has no dead-letter queue"));
            }
        }
        for subscription in subject.inventory.all("AWS::SNS::Subscription") {
            let protocol = subscription.text("Protocol").unwrap_or_default();
            let to_machine = ["lambda", "sqs", "http", "https", "firehose"].contains(&protocol);
            if to_machine && subscription.get("RedrivePolicy").is_null() {
                findings.push(Finding::at(&subscription, "has no dead-letter queue"));
            }
        }
        findings.extend(asynchronous(subject));
        findings
    },
};

/// The queue of orders, whoever works it off.
fn order_queues(subject: &Subject<'_>) -> Vec<Finding> {
    let name = subject.deployment.names().order_queue();
    let queues = subject.inventory.all("AWS::SQS::Queue");
    let own = queues.filter(|queue| queue.text("QueueName") == Some(&*name));
    let without = own.filter(|queue| queue.get("RedrivePolicy/deadLetterTargetArn").is_null());
    without.map(|queue| Finding::at(&queue, "is worked off and has no dead-letter queue")).collect()
}

/// Queues that a function works off.
fn queues(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for mapping in subject.inventory.all("AWS::Lambda::EventSourceMapping") {
        let source = mapping.referred(mapping.get("EventSourceArn"));
        match source.filter(|source| source.kind() == "AWS::SQS::Queue") {
            Some(queue) if queue.get("RedrivePolicy/deadLetterTargetArn").is_null() => {
                findings.push(Finding::at(&queue, "is worked off and has no dead-letter queue"));
            }
            Some(_)
                if !mapping
                    .list("FunctionResponseTypes")
                    .contains(&Value::from("ReportBatchItemFailures")) =>
            {
                findings.push(Finding::at(&mapping, "a failed record brings its whole batch back"));
            }
            Some(_) => {}
            None if mapping.get("DestinationConfig/OnFailure").is_null()
                && !mapping.get("StartingPosition").is_null() =>
            {
                findings.push(Finding::at(&mapping, "has no place for records that fail"));
            }
            None => {}
        }
    }
    findings
}

/// Functions that are called without anybody waiting for the answer.
fn asynchronous(subject: &Subject<'_>) -> Vec<Finding> {
    let schedules = subject
        .inventory
        .all("AWS::Scheduler::Schedule")
        .map(|schedule| (schedule, schedule.get("Target/Arn")));
    let rules = subject.inventory.all("AWS::Events::Rule");
    let targets =
        rules.flat_map(|rule| rule.list("Targets").iter().map(move |target| (rule, &target["Arn"])));
    let mut findings = Vec::new();
    for (caller, arn) in schedules.chain(targets) {
        if let Some(function) = function(subject, &caller, arn)
            && function.get("DeadLetterConfig/TargetArn").is_null()
            && !has_destination(subject, &function)
        {
            findings.push(Finding::at(
                &function,
                "is called by a schedule or a rule, and has no destination for what fails",
            ));
        }
    }
    findings
}

/// The function that a caller's target names.
fn function<'s>(subject: &Subject<'s>, caller: &Resource<'s>, arn: &Value) -> Option<Resource<'s>> {
    if let Some(found) = caller.referred(arn) {
        return Some(found).filter(|found| found.kind() == FUNCTION);
    }
    let name = arn.as_str()?.split(":function:").nth(1)?;
    let mut functions = subject.inventory.all(FUNCTION).filter(|one| one.stack.region == caller.stack.region);
    functions.find(|function| function.text("FunctionName") == Some(name))
}

fn has_destination(subject: &Subject<'_>, function: &Resource<'_>) -> bool {
    let configs = subject.inventory.all("AWS::Lambda::EventInvokeConfig");
    let mut own = configs.filter(|config| {
        let named =
            config.text("FunctionName").is_some_and(|name| function.text("FunctionName") == Some(name));
        let referred =
            config.referred(config.get("FunctionName")).is_some_and(|found| found.id == function.id);
        config.stack.region == function.stack.region && (named || referred)
    });
    own.any(|config| !config.get("DestinationConfig/OnFailure/Destination").is_null())
}
