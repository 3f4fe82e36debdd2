//! The state machines.

use recovery::budget::{Step, route};
use recovery::step::Action;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::check::reading::{definition, definition_text, function, workflow};
use crate::packages::RECOVERY_STEP;

const MACHINE: &str = "AWS::StepFunctions::StateMachine";

pub(super) const SOUND: Rule = Rule {
    id: "workflows-sound",
    title: "each region has the failover workflow, and no state machine has a flaw",
    rationale: "Step Functions refuses some flaws when it is deployed, and hangs on others during a recovery",
    look: |subject| {
        let missing = subject.pair().into_iter().filter_map(|region| {
            workflow(subject.inventory, subject.deployment, region).err().map(|error| error.to_string())
        });
        let missing = missing.map(|error| Finding::missing("failover workflow", error));
        let flaws = machines(subject).into_iter().flat_map(|machine| match definition(&machine) {
            Err(reason) => vec![Finding::at(&machine, reason)],
            Ok(definition) => {
                let problems = definition.check().into_iter().chain(definition.lint());
                problems.map(|problem| Finding::at(&machine, problem.to_string())).collect()
            }
        });
        flaws.chain(missing).collect()
    },
};

pub(super) const ALIKE: Rule = Rule {
    id: "workflows-alike",
    title: "both regions have the same state machines, but for the region",
    rationale: "the recovery that was rehearsed in one region is then not the one that runs in the other",
    look: |subject| {
        let [home, standby] = subject.pair();
        let mut findings = Vec::new();
        for (own, other) in [(home, standby), (standby, home)] {
            for machine in subject.inventory.in_region(own, MACHINE) {
                let Some(name) = machine.text("StateMachineName") else { continue };
                let twin = subject.inventory.named(other, MACHINE, "StateMachineName", name);
                let neutral = |machine: &Resource<'_>, own: &str, other: &str| {
                    let text = definition_text(machine)?;
                    Some(text.replace(own, "OWN").replace(other, "OTHER"))
                };
                match twin {
                    None => findings.push(Finding::at(&machine, format!("has no twin in {other}"))),
                    Some(twin)
                        if neutral(&machine, own.as_str(), other.as_str())
                            != neutral(&twin, other.as_str(), own.as_str()) =>
                    {
                        findings.push(Finding::at(&machine, format!("is not the one in {other}")));
                    }
                    Some(_) => {}
                }
            }
        }
        findings
    },
};

pub(super) const HAS_TIME: Rule = Rule {
    id: "workflow-has-time",
    title: "an execution may last as long as its steps may, to the end of settlement",
    rationale: "Step Functions ends an execution that is out of time in the middle of a recovery, without escalating",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            let Ok((machine, definition)) = workflow(subject.inventory, subject.deployment, region) else {
                continue;
            };
            match (route(&definition, Action::EnableSettlement), definition.timeout_seconds) {
                (Err(error), _) => findings.push(Finding::at(&machine, error.to_string())),
                (_, None) => findings.push(Finding::at(&machine, "has no TimeoutSeconds")),
                (Ok(route), Some(limit)) if route.longest_s() > limit => {
                    let needed = route.longest_s();
                    findings.push(Finding::at(
                        &machine,
                        format!("ends after {limit} s, its steps may take {needed} s"),
                    ));
                }
                _ => {}
            }
        }
        findings
    },
};

pub(super) const STEPS_HAVE_TIME: Rule = Rule {
    id: "steps-have-time",
    title: "the function of the steps may run as long as the workflow waits for it",
    rationale: "a step that Lambda kills tells the workflow nothing of why",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            let step = function(subject.inventory, subject.deployment, region, RECOVERY_STEP);
            let Ok(step) = step else { continue };
            let Ok((_, definition)) = workflow(subject.inventory, subject.deployment, region) else {
                continue;
            };
            let limit = step.number("Timeout").unwrap_or(3);
            let Ok(route) = route(&definition, Action::EnableSettlement) else { continue };
            if let Some(longer) = route.steps.iter().find(|step| step.timeout_s > limit) {
                let Step { state, timeout_s, .. } = longer;
                findings.push(Finding::at(
                    &step,
                    format!("ends after {limit} s, {state} waits for {timeout_s} s"),
                ));
            }
        }
        findings
    },
};

fn machines<'s>(subject: &Subject<'s>) -> Vec<Resource<'s>> {
    subject.inventory.all(MACHINE).collect()
}
