//! Whether what recovers a region is switched on, knows whom to call, and may.

use recovery::{Region, setting};

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::check::reading::{Missing, function, state_machine, watch_schedule};
use crate::check::statement;
use crate::packages::{RECOVERY_STEP, SENTINEL};

pub(super) const NOTHING_OFF: Rule = Rule {
    id: "nothing-is-switched-off",
    title: "every schedule, event rule and event source mapping is switched on",
    rationale: "what was switched off for a quiet hour watches nothing, tells nobody and settles nothing when it is needed",
    look: |subject| {
        // What is not said is switched on, by each service's default.
        let is_on = |resource: &Resource<'_>| match resource.kind() {
            "AWS::Scheduler::Schedule" => {
                resource.get("State").is_null() || resource.text("State") == Some("ENABLED")
            }
            "AWS::Events::Rule" => {
                let state = resource.text("State").unwrap_or_default();
                resource.get("State").is_null() || state.starts_with("ENABLED")
            }
            "AWS::Lambda::EventSourceMapping" => resource.get("Enabled").is_null() || resource.is("Enabled"),
            _ => true,
        };
        let off = subject.inventory.resources().filter(|resource| !is_on(resource));
        off.map(|resource| Finding::at(&resource, "is not switched on")).collect()
    },
};

pub(super) const MAY_ACT: Rule = Rule {
    id: "recovery-may-act",
    title: "in each region the watch may start the sentinel, the sentinel knows its workflows and may start them, they may call the steps, and the steps may move the global database",
    rationale: "what is refused is refused in the middle of an outage, by which time nobody can be asked to allow it",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            match faults(subject, region) {
                Ok(faults) => findings.extend(faults),
                Err(missing) => findings.push(Finding::missing("recovery", missing.to_string())),
            }
        }
        findings
    },
};

fn faults(subject: &Subject<'_>, region: &Region) -> Result<Vec<Finding>, Missing> {
    let (inventory, deployment, names) = (subject.inventory, subject.deployment, subject.deployment.names());
    let sentinel = function(inventory, deployment, region, SENTINEL)?;
    let step = function(inventory, deployment, region, RECOVERY_STEP)?;
    let schedule = watch_schedule(inventory, deployment, region)?;
    let account = &sentinel.stack.account;
    let arn = |service: &str, what: String| format!("arn:aws:{service}:{region}:{account}:{what}");
    let called = |binary| arn("lambda", format!("function:{}", names.function(binary)));
    let global = format!("arn:aws:rds::{account}:global-cluster:{}", names.global_cluster());
    let mut findings = Vec::new();
    let mut must = |who: &Resource<'_>, role: &str, action: &str, on: &str| {
        if !may(who, role, action, on) {
            findings.push(Finding::at(who, format!("may not call {action} on {on}")));
        }
    };
    must(&schedule, "Target/RoleArn", "lambda:InvokeFunction", &called(SENTINEL));
    for action in ["rds:FailoverGlobalCluster", "rds:SwitchoverGlobalCluster"] {
        must(&step, "Role", action, &global);
    }
    let workflows = [
        (setting::STATE_MACHINE_ARN, names.failover_state_machine()),
        (setting::FAILBACK_STATE_MACHINE_ARN, names.failback_state_machine()),
    ];
    let mut unknown = Vec::new();
    for (setting, name) in workflows {
        let machine = state_machine(inventory, region, &name)?;
        must(&machine, "RoleArn", "lambda:InvokeFunction", &called(RECOVERY_STEP));
        let machine = arn("states", format!("stateMachine:{name}"));
        must(&sentinel, "Role", "states:StartExecution", &machine);
        if sentinel.text(&format!("Environment/Variables/{setting}")) != Some(&*machine) {
            unknown.push(Finding::at(&sentinel, format!("its {setting} is not {machine}")));
        }
    }
    findings.extend(unknown);
    Ok(findings)
}

/// Whether the role that a resource acts under allows a call, by its name and on this ARN.
fn may(who: &Resource<'_>, role: &str, action: &str, on: &str) -> bool {
    let role = who.referred(who.get(role));
    let allowed = role.map(|role| statement::allowed(&role)).unwrap_or_default();
    let names = |texts: &[String], wanted: &str| texts.iter().any(|text| text == wanted);
    allowed.iter().any(|statement| names(&statement.actions, action) && names(&statement.resources, on))
}
