//! The containers: as many as a recovery needs before it begins, and none that can do more than its work.

use recovery::setting;
use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::check::load::{self, Demand};
use crate::check::reading::function;
use crate::check::services::{self, Service};
use crate::packages::RECOVERY_STEP;

pub(super) const FLOOR: Rule = Rule {
    id: "floor-carries-the-load",
    title: "in each region the fewest containers there may be carry the whole steady load, look-ups included, and recovery knows their number",
    rationale: "starting a task needs a control plane and an image, and in an outage everybody asks for both",
    look: |subject| {
        let mut findings = Vec::new();
        let mut floors: Vec<(&str, u64)> = Vec::new();
        for region in subject.pair() {
            let (found, missing) = services::of(subject.inventory, subject.deployment, region);
            findings.extend(missing.into_iter().map(|what| Finding::missing(what, "there is none")));
            for service in &found {
                findings.extend(too_few(subject, service));
                match floors.iter().find(|(name, _)| *name == service.name) {
                    Some((_, floor)) if *floor != service.floor() => findings.push(Finding::at(
                        &service.service,
                        format!("has a floor of {}, and {floor} in the other region", service.floor()),
                    )),
                    Some(_) => {}
                    None => floors.push((service.name, service.floor())),
                }
            }
            if !found.is_empty() {
                findings.extend(told_otherwise(subject, region, &found));
            }
        }
        findings
    },
};

/// What the steady load asks of a service per minute, and what its floor does.
fn too_few(subject: &Subject<'_>, service: &Service<'_>) -> Option<Finding> {
    let Demand { steady, per_task, .. } = load::of(subject.inventory, subject.deployment, service)?;
    let (floor, carried) = (service.floor(), service.floor() * per_task);
    (carried < steady).then(|| {
        let what = format!("{floor} tasks carry {carried} a minute at {per_task} each, the load is {steady}");
        Finding::at(&service.service, what)
    })
}

pub(super) const CEILING: Rule = Rule {
    id: "ceiling-carries-the-burst",
    title: "in each region the most containers there may be carry the burst that the deployment file declares",
    rationale: "a region that is lost in a burst sends all of it to the other one, and beyond the most tasks its callers wait",
    look: |subject| {
        let too_few = |service: Service<'_>| {
            let demand = load::of(subject.inventory, subject.deployment, &service)?;
            let (needed, most) = (demand.tasks_in_burst(), service.ceiling());
            (most < needed).then(|| {
                let Demand { burst, per_task, .. } = demand;
                let what = format!(
                    "has {most} tasks at most, a burst of {burst} a minute takes {needed} at {per_task} each"
                );
                Finding::at(&service.service, what)
            })
        };
        all(subject).into_iter().filter_map(too_few).collect()
    },
};

/// The recovery step raises a service to the floor that it knows, and asks for no more.
fn told_otherwise(
    subject: &Subject<'_>,
    region: &recovery::Region,
    found: &[Service<'_>],
) -> Option<Finding> {
    let step = function(subject.inventory, subject.deployment, region, RECOVERY_STEP).ok()?;
    let told = step.text(&format!("Environment/Variables/{}", setting::SERVICES)).unwrap_or_default();
    let wanted: Vec<String> = found
        .iter()
        .map(|service| format!("{}={}", subject.deployment.names().service(service.name), service.floor()))
        .collect();
    let wanted = wanted.join(",");
    (told != wanted).then(|| Finding::at(&step, format!("brings services to `{told}`, they need {wanted}")))
}

pub(super) const ROLL_BACK: Rule = Rule {
    id: "deployments-roll-back",
    title: "new containers take the place of old ones only when they are well, and go when they are not; a container may finish",
    rationale: "a mistake that is rolled out to every task of both regions is an outage that no other region relieves",
    look: |subject| {
        let mut findings = Vec::new();
        for service in all(subject) {
            let at = "DeploymentConfiguration";
            let own = &service.service;
            let breaks = |what: &str| own.is(&format!("{at}/DeploymentCircuitBreaker/{what}"));
            if !breaks("Enable") || !breaks("Rollback") {
                findings.push(Finding::at(own, "does not go back when its new tasks fail"));
            }
            if own.number(&format!("{at}/MinimumHealthyPercent")).unwrap_or(100) < 100 {
                findings.push(Finding::at(own, "ends tasks before others have taken their place"));
            }
            // Fargate's default is 30 s.
            let stop_s = service.container()["StopTimeout"].as_u64().unwrap_or(30);
            let drain_s = drain_s(subject, &service);
            if stop_s < drain_s {
                let what =
                    format!("is ended {stop_s} s after it was asked to, its requests have {drain_s} s");
                findings.push(Finding::at(&service.task, what));
            }
        }
        findings
    },
};

/// Seconds for which requests of a leaving task may go on; 0 where no load balancer sends any.
fn drain_s(subject: &Subject<'_>, service: &Service<'_>) -> u64 {
    if service.service.list("LoadBalancers").is_empty() {
        return 0;
    }
    let groups = subject.inventory.all("AWS::ElasticLoadBalancingV2::TargetGroup");
    let own = groups.filter(|group| group.stack.region == service.service.stack.region);
    let delay = |group: Resource<'_>| {
        let attributes = group.list("TargetGroupAttributes").iter();
        let mut delays = attributes.filter(|one| one["Key"] == "deregistration_delay.timeout_seconds");
        // Elastic Load Balancing's default is 300 s.
        delays.next().and_then(|one| one["Value"].as_str()?.parse().ok()).unwrap_or(300)
    };
    own.map(delay).max().unwrap_or(0)
}

pub(super) const CONFINED: Rule = Rule {
    id: "containers-are-confined",
    title: "containers run as nobody, on a file system that cannot be written, in private subnets, and nobody logs in to them",
    rationale: "what takes requests from the world is what is taken over first",
    look: |subject| {
        let mut findings = Vec::new();
        for service in all(subject) {
            let container = service.container();
            let root = matches!(container["User"].as_str(), None | Some("" | "0" | "root"));
            let faults = [
                (root, "runs as root"),
                (container["ReadonlyRootFilesystem"] != Value::Bool(true), "may write its file system"),
                (container["Privileged"] == Value::Bool(true), "is privileged"),
            ];
            let broken = faults.into_iter().filter(|(broken, _)| *broken);
            findings.extend(broken.map(|(_, what)| Finding::at(&service.task, what)));
            let public = "NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp";
            if service.service.text(public) != Some("DISABLED") {
                findings.push(Finding::at(&service.service, "its tasks have public addresses"));
            }
            if service.service.is("EnableExecuteCommand") {
                findings.push(Finding::at(&service.service, "lets people run commands in its tasks"));
            }
        }
        findings
    },
};

/// Every service of both regions.
fn all<'s>(subject: &Subject<'s>) -> Vec<Service<'s>> {
    let pair = subject.pair().into_iter();
    pair.flat_map(|region| services::of(subject.inventory, subject.deployment, region).0).collect()
}
