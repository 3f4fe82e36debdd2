//! The same code in both regions.

use super::{Finding, Rule, Subject};
use crate::check::services;

/// The same of what two tasks are.
const SAME_TASKS: [&str; 3] = ["Cpu", "Memory", "RuntimePlatform"];
const FUNCTION: &str = "AWS::Lambda::Function";
/// What makes two functions the same.
const SAME_IN_BOTH: [&str; 7] = [
    "Code/S3Key",
    "Architectures",
    "Handler",
    "MemorySize",
    "ReservedConcurrentExecutions",
    "Runtime",
    "Timeout",
];

pub(super) const SAME: Rule = Rule {
    id: "same-packages",
    title: "every function and container is in both regions, with the same package or image, the same size and as many instances kept for it",
    rationale: "what was tested in one region is then not what takes over in the other",
    look: |subject| {
        let [home, standby] = subject.pair();
        let mut findings = Vec::new();
        for (own, other) in [(home, standby), (standby, home)] {
            for function in subject.inventory.in_region(own, FUNCTION) {
                let Some(name) = function.text("FunctionName") else { continue };
                let Some(twin) = subject.inventory.named(other, FUNCTION, "FunctionName", name) else {
                    findings.push(Finding::at(&function, format!("has no twin in {other}")));
                    continue;
                };
                let differing = SAME_IN_BOTH.iter().filter(|path| function.get(path) != twin.get(path));
                findings.extend(
                    differing.map(|path| Finding::at(&function, format!("its {path} is another in {other}"))),
                );
            }
        }
        findings.extend(tasks(subject));
        findings
    },
};

/// Containers whose tasks are not those of the other region. What is missing another rule tells.
fn tasks(subject: &Subject<'_>) -> Vec<Finding> {
    let [home, standby] = subject.pair();
    let of = |region| services::of(subject.inventory, subject.deployment, region).0;
    let (own, others) = (of(home), of(standby));
    let mut findings = Vec::new();
    for service in &own {
        let Some(twin) = others.iter().find(|other| other.name == service.name) else { continue };
        let tag = |one: &services::Service<'_>| {
            let image = one.container()["Image"].as_str().unwrap_or_default();
            image.rsplit(':').next().unwrap_or_default().to_owned()
        };
        if tag(service) != tag(twin) {
            findings.push(Finding::at(&service.task, format!("its image is another in {standby}")));
        }
        let differing = SAME_TASKS.iter().filter(|path| service.task.get(path) != twin.task.get(path));
        findings.extend(
            differing.map(|path| Finding::at(&service.task, format!("its {path} is another in {standby}"))),
        );
    }
    findings
}
