//! The same code in both regions.

use super::{Finding, Rule};

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
    title: "every function is in both regions, with the same package, the same size and as many instances kept for it",
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
        findings
    },
};
