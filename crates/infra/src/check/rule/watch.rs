//! The sentinel, and what both regions must agree on.

use recovery::setting;

use super::{Finding, Rule};
use crate::check::inventory::inside;
use crate::check::reading::{function, watch};
use crate::packages::{RECOVERY_STEP, SENTINEL};

/// Seconds a watch keeps free before Lambda would end it.
const RESERVE_S: u64 = 5;
/// Steps that run side by side: two branches in one, and one beside them.
const STEPS_AT_ONCE: u64 = 3;
/// What every function of both regions must be told alike.
const SHARED: [&str; 12] = [
    setting::LEASE_RENEW_S,
    setting::LEASE_TTL_S,
    setting::LEASE_MARGIN_S,
    setting::COOLDOWN_S,
    setting::DATABASE_PATIENCE_S,
    setting::SENTINEL_WATCH_S,
    setting::PROBE_INTERVAL_S,
    setting::PROBE_FAILURES,
    setting::REPLAY_MARGIN_S,
    setting::JOURNAL_TABLE,
    setting::JOURNAL_SHARDS,
    setting::SESSIONS_TABLE,
];

pub(super) const OVERLAP: Rule = Rule {
    id: "watches-overlap",
    title: "a watch lasts until the next one, however late it starts, has seen a TTL and a margin",
    rationale: "otherwise nobody has seen the lease for long enough to take it, and an owner that is well renews it too late",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            match watch(subject.inventory, subject.deployment, region) {
                Err(missing) => findings.push(Finding::missing("sentinel", missing.to_string())),
                Ok(watch) => {
                    let needed = watch.covering_s();
                    let sentinel = function(subject.inventory, subject.deployment, region, SENTINEL);
                    if let (true, Ok(sentinel)) = (watch.watch_s < needed, sentinel) {
                        let what = format!("watches for {} s, {needed} s are needed", watch.watch_s);
                        findings.push(Finding::at(&sentinel, what));
                    }
                }
            }
        }
        findings
    },
};

pub(super) const MAY_END: Rule = Rule {
    id: "watch-may-end",
    title: "Lambda lets a watch come to its end",
    rationale: "a watch that is cut off is one with a gap before the next",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            let Ok(sentinel) = function(subject.inventory, subject.deployment, region, SENTINEL) else {
                continue;
            };
            let Ok(watch) = watch(subject.inventory, subject.deployment, region) else { continue };
            let (limit, needed) = (sentinel.number("Timeout").unwrap_or(3), watch.watch_s + RESERVE_S);
            if limit < needed {
                findings
                    .push(Finding::at(&sentinel, format!("ends after {limit} s, a watch needs {needed} s")));
            }
        }
        findings
    },
};

pub(super) const HAS_CAPACITY: Rule = Rule {
    id: "recovery-has-capacity",
    title: "instances are kept free for the sentinel and for the steps",
    rationale: "a region that takes another's load uses its account's concurrency up, and Lambda refuses the rest",
    look: |subject| {
        let mut findings = Vec::new();
        for region in subject.pair() {
            let overlapping =
                watch(subject.inventory, subject.deployment, region).map_or(1, |watch| watch.at_once());
            for (binary, needed) in [(SENTINEL, overlapping), (RECOVERY_STEP, STEPS_AT_ONCE)] {
                match function(subject.inventory, subject.deployment, region, binary) {
                    Err(missing) => findings.push(Finding::missing(binary, missing.to_string())),
                    Ok(function) => {
                        let kept = function.number("ReservedConcurrentExecutions").unwrap_or(0);
                        if kept < needed {
                            let what = format!("{kept} instances are kept for it, {needed} may run at once");
                            findings.push(Finding::at(&function, what));
                        }
                    }
                }
            }
        }
        findings
    },
};

pub(super) const REGIONS_AGREE: Rule = Rule {
    id: "regions-agree-on-timings",
    title: "every function and container of both regions has the same timings, tables and shards",
    rationale: "an owner and a challenger with different TTLs are both sure of the lease at the same time",
    look: |subject| {
        let functions: Vec<_> = subject.inventory.all("AWS::Lambda::Function").collect();
        let mut findings = Vec::new();
        for name in SHARED {
            let path = format!("Environment/Variables/{name}");
            let told = || functions.iter().filter(|function| !function.get(&path).is_null());
            let Some(first) = told().next() else { continue };
            let tasks = subject.inventory.all("AWS::ECS::TaskDefinition");
            for task in tasks {
                let own =
                    inside(task.get("ContainerDefinitions")).into_iter().find(|one| one["Name"] == name);
                if own.is_some_and(|own| own["Value"] != *first.get(&path)) {
                    let what = format!("{name} is not {}, as at {}", first.get(&path), first.path());
                    findings.push(Finding::at(&task, what));
                }
            }
            for other in told().filter(|function| function.get(&path) != first.get(&path)) {
                let (here, there) = (other.get(&path), first.get(&path));
                findings
                    .push(Finding::at(other, format!("{name} is {here}, and {there} at {}", first.path())));
            }
        }
        findings
    },
};

pub(super) const SWITCH: Rule = Rule {
    id: "switch-in-both-regions",
    title: "each region has its own off switch",
    rationale: "people must be able to stop a recovery from the region that is left",
    look: |subject| {
        let name = subject.deployment.names().switch_parameter();
        let regions = subject.pair().into_iter();
        let without = regions
            .filter(|region| subject.inventory.named(region, "AWS::SSM::Parameter", "Name", &name).is_none());
        without.map(|region| Finding::missing(&name, format!("there is none in {region}"))).collect()
    },
};
