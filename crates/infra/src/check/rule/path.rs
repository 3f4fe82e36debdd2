//! Nothing on the path of recovery may need the lost region, or a control plane that may be lost with it.

use asl::{ALL_ERRORS, State, States, Task};
use recovery::Region;
use recovery::step::Action;
use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::{Resource, inside};
use crate::check::reading::definition;
use crate::check::services;
use crate::check::statement;
use crate::packages::{ORDER_PROCESSOR, ORDERS_API, RECOVERY_STEP, SENTINEL};

/// Stacks that read from the other region, and that nothing in a recovery needs.
const OFF_THE_PATH: [&str; 2] = ["NetworkPeering", "Peering"];
/// Functions that an order or a recovery passes through.
const FUNCTIONS: [&str; 4] = [ORDERS_API, ORDER_PROCESSOR, SENTINEL, RECOVERY_STEP];
/// Services whose control plane is in one region for all.
///
/// Source: "AWS Fault Isolation Boundaries", global services.
const GLOBAL: [&str; 5] = ["cloudfront", "globalaccelerator", "iam", "organizations", "route53"];
/// What may name the other region: the database moves between the two, and who settles for the other
/// region writes to its database; the look from outside and the last validation are calls of its public
/// API. None is made on the way to accepting an order.
const MAY_NAME_THE_OTHER: [&str; 4] =
    ["execute-api:Invoke", "rds:FailoverGlobalCluster", "rds:SwitchoverGlobalCluster", "rds-db:connect"];

pub(super) const ONE_REGION: Rule = Rule {
    id: "path-reads-one-region",
    title: "no stack but the peering ones reads from another region",
    rationale: "a stack that reads an output of the lost region cannot be deployed while that region is gone",
    look: |subject| {
        let on_path = subject.inventory.stacks.iter().filter(|stack| !OFF_THE_PATH.contains(&stack.kind()));
        let reads = |value: &Value, region: &str| {
            inside(value).iter().any(|value| {
                let output = &value["Fn::GetStackOutput"];
                output.is_object() && output["Region"].as_str().is_some_and(|from| from != region)
            })
        };
        let what = "reads an output of another region";
        on_path
            .flat_map(|stack| {
                let resources =
                    stack.resources().filter(|resource| reads(resource.properties(), &stack.region));
                let outputs = reads(&stack.template["Outputs"], &stack.region);
                let outputs = outputs.then(|| Finding::missing(format!("{}/Outputs", stack.name), what));
                resources.map(|resource| Finding::at(&resource, what)).chain(outputs).collect::<Vec<_>>()
            })
            .collect()
    },
};

pub(super) const OWN_REGION_CALLS: Rule = Rule {
    id: "path-calls-own-region",
    title: "functions of the path are allowed calls in their own region only",
    rationale: "a call into the lost region waits for its timeout in the middle of a recovery",
    look: |subject| {
        let mut findings = Vec::new();
        for (role, region, function) in roles(subject) {
            let peer = subject.deployment.peer_of(region);
            let elsewhere = format!(":{peer}:");
            for statement in statement::allowed(&role) {
                if function == RECOVERY_STEP && asks_the_peer_s_switch(subject, peer, &statement) {
                    continue;
                }
                let calls =
                    statement.actions.iter().filter(|action| !MAY_NAME_THE_OTHER.contains(&action.as_str()));
                if !statement.resources.iter().any(|resource| resource.contains(&elsewhere)) {
                    continue;
                }
                findings.extend(calls.map(|action| Finding::at(&role, format!("allows {action} in {peer}"))));
            }
        }
        findings
    },
};

/// Whether all that a statement allows is to read the other region's switch. A planned move does so before it
/// changes anything, when that region is well; no step of the failover does.
fn asks_the_peer_s_switch(subject: &Subject<'_>, peer: &Region, statement: &statement::Statement) -> bool {
    let end = format!(":parameter{}", subject.deployment.names().switch_parameter());
    let there = format!(":{peer}:");
    statement.actions.iter().all(|action| action == "ssm:GetParameter")
        && statement.resources.iter().all(|resource| resource.contains(&there) && resource.ends_with(&end))
}

pub(super) const CONTROL_PLANES_MAY_FAIL: Rule = Rule {
    id: "control-planes-may-fail",
    title: "steps that call a global control plane are best effort, and no other function of the path calls one",
    rationale: "Route 53, IAM and CloudFront are changed in us-east-1 alone, which may be the region that is lost",
    look: |subject| {
        let mut findings = Vec::new();
        for (role, _, function) in roles(subject).into_iter().filter(|(_, _, name)| *name != RECOVERY_STEP) {
            let actions = statement::allowed(&role).into_iter().flat_map(|statement| statement.actions);
            let global = actions.filter(|action| GLOBAL.iter().any(|service| calls(action, service)));
            findings.extend(
                global.map(|action| Finding::at(&role, format!("allows {function} to call {action}"))),
            );
        }
        for machine in subject.inventory.all("AWS::StepFunctions::StateMachine") {
            if let Ok(definition) = definition(&machine) {
                let blocking = blocking(&definition.states);
                let what =
                    |state| format!("{state} calls a global control plane, and its failure does not lead on");
                findings.extend(blocking.into_iter().map(|state| Finding::at(&machine, what(state))));
            }
        }
        findings
    },
};

pub(super) const CUSTOM_RESOURCES: Rule = Rule {
    id: "custom-resources-stay-home",
    title: "custom resources are made by functions of their own region",
    rationale: "a stack whose custom resource asks the lost region hangs for an hour and rolls back",
    look: |subject| {
        let custom = subject.inventory.resources().filter(|resource| {
            resource.kind() == "AWS::CloudFormation::CustomResource"
                || resource.kind().starts_with("Custom::")
        });
        let elsewhere = |resource: &Resource<'_>| {
            let arn = resource.text("ServiceToken")?;
            let region = arn.split(':').nth(3).filter(|region| *region != resource.stack.region)?;
            Some(Finding::at(resource, format!("is made by a function in {region}")))
        };
        custom.filter_map(|resource| elsewhere(&resource)).collect()
    },
};

pub(super) const MANAGED_OUTSIDE_HOME: Rule = Rule {
    id: "shared-things-managed-from-standby",
    title: "the hosted zone and the tables of both regions are managed from the standby region",
    rationale: "after the loss of home they can still be changed, and their stacks still be deployed",
    look: |subject| {
        let home = subject.deployment.regions.home.as_str();
        let kinds = ["AWS::Route53::HostedZone", "AWS::Route53::HealthCheck", "AWS::DynamoDB::GlobalTable"];
        let shared = subject.inventory.resources().filter(|resource| kinds.contains(&resource.kind()));
        let at_home = shared.filter(|resource| resource.stack.region == home);
        at_home.map(|resource| Finding::at(&resource, format!("is managed from {home}"))).collect()
    },
};

/// The role of each function and container of the path, its region, and whose it is.
fn roles<'s>(subject: &Subject<'s>) -> Vec<(Resource<'s>, &'s recovery::Region, &'static str)> {
    let mut roles = Vec::new();
    for region in subject.deployment.pair() {
        for binary in FUNCTIONS {
            let name = subject.deployment.names().function(binary);
            let function = subject.inventory.named(region, "AWS::Lambda::Function", "FunctionName", &name);
            let role = function.and_then(|function| function.referred(function.get("Role")));
            roles.extend(role.map(|role| (role, region, binary)));
        }
        for service in services::of(subject.inventory, subject.deployment, region).0 {
            let role = service.task.referred(service.task.get("TaskRoleArn"));
            roles.extend(role.map(|role| (role, region, service.name)));
        }
    }
    roles
}

fn calls(action: &str, service: &str) -> bool {
    action.split(':').next() == Some(service)
}

/// States that call a global control plane without a way on when it fails.
fn blocking(states: &States) -> Vec<String> {
    let mut found = Vec::new();
    for (name, state) in states {
        match state {
            State::Task(task) if is_global(task) && !leads_on(states, task) => found.push(name.clone()),
            State::Parallel(fork) => {
                found.extend(fork.branches.iter().flat_map(|side| blocking(&side.states)))
            }
            _ => {}
        }
    }
    found
}

fn is_global(task: &Task) -> bool {
    let action = task.parameters.as_ref().and_then(|given| given.pointer("/Payload/action"));
    let steers =
        action.and_then(Value::as_str).and_then(|name| serde_json::from_value(Value::from(name)).ok());
    let sdk = task.resource.split(":aws-sdk:").nth(1).unwrap_or_default();
    steers == Some(Action::SteerTraffic) || GLOBAL.iter().any(|service| calls(sdk, service))
}

/// Whether any error is caught by a state that does not end in failure.
fn leads_on(states: &States, task: &Task) -> bool {
    let caught = task.catch.iter().find(|catch| catch.error_equals.iter().any(|name| name == ALL_ERRORS));
    let mut at = caught.map(|catch| catch.next.as_str());
    for _ in 0..=states.len() {
        match at.and_then(|name| states.get(name)) {
            Some(State::Fail(_)) | None => return false,
            Some(state) if state.is_terminal() || state.ends() => return true,
            Some(state) => at = state.next(),
        }
    }
    false
}
