//! What the containers did, and whether that was what had to happen.

use recovery::Region;
use recovery::scenario::{FaultKind, Scenario};

use crate::fleet::{FleetReport, ScalingDecision, ServiceReport};
use crate::run::rehearsal::Rehearsed;
use crate::run::stage::Stage;
use crate::run::watch::seconds_between;

/// What no process of this machine is.
const NEVER_EXERCISED: [&str; 4] = [
    "Fargate: a task is a process of this machine, with no image, no network interface, no file system of its \
     own and no bound on processor or memory, and it runs at once instead of after some tens of seconds",
    "the load balancer itself, its firewall and its access log: the region's gateway forwards by the \
     template's rules and checks",
    "ECS and Application Auto Scaling themselves: a fleet does what their documentation says of them, and \
     that target tracking asks for three high or fifteen low minutes is what its alarms show, not documented",
    "the credentials of a task's role, and where the database's writer is when a zone is lost: not there",
];

/// The containers' part of the report; none where there are none.
pub(super) fn report(stage: &Stage, rehearsed: &Rehearsed) -> Option<FleetReport> {
    let fleets = &stage.fleets.0;
    let minute_s = fleets.first()?.minute().as_secs_f64();
    let at_s = |at| seconds_between(rehearsed.struck.at_ms(), rehearsed.clock.at_ms(at));
    let decisions = fleets.iter().flat_map(|fleet| fleet.scaled()).map(|scaled| ScalingDecision {
        at_s: at_s(scaled.at),
        region: scaled.region.to_string(),
        service: scaled.service,
        policy: scaled.change.policy,
        metric: scaled.change.metric.as_str().to_owned(),
        measured: scaled.change.measured,
        target: scaled.change.target,
        from: scaled.change.from,
        to: scaled.change.to,
    });
    let decisions = decisions.collect();
    Some(FleetReport { minute_s, services: rehearsed.services.clone(), decisions })
}

/// What a fleet does not do, each once.
pub(super) fn not_exercised(stage: &Stage) -> Vec<String> {
    let mut all: Vec<String> = NEVER_EXERCISED.map(str::to_owned).into();
    for note in stage.fleets.0.iter().flat_map(|fleet| fleet.not_exercised()) {
        if !all.contains(note) {
            all.push(note.clone());
        }
    }
    all
}

/// What should have happened to the containers and did not. A lost region's are not looked at.
pub(super) fn missed(scenario: &Scenario, fleet: &FleetReport, lost: Option<&Region>) -> Vec<String> {
    let there = |service: &&ServiceReport| lost.is_none_or(|lost| lost.as_str() != service.region);
    let services: Vec<&ServiceReport> = fleet.services.iter().filter(there).collect();
    let mut missed: Vec<String> = services.iter().filter_map(|service| unsteady(service)).collect();
    for fault in &scenario.faults {
        let struck = |service: &&&ServiceReport| {
            fault.service.as_ref().is_none_or(|name| service.service.contains(name.as_str()))
        };
        let sum =
            |count: fn(&ServiceReport) -> u32| services.iter().filter(struck).map(|s| count(s)).sum::<u32>();
        match fault.kind {
            FaultKind::TaskKilled | FaultKind::ZoneLost if sum(|service| service.restarts) == 0 => {
                missed.push("no task was replaced, and some had to be".to_owned());
            }
            FaultKind::BadDeployment => {
                if sum(|service| service.rollbacks) == 0 {
                    missed.push("the bad revision was not taken back".to_owned());
                }
                let fewer =
                    services.iter().filter(struck).find(|s| s.rollouts > 0 && s.healthy_min < s.desired);
                missed.extend(fewer.map(|service| {
                    let ServiceReport { service, healthy_min, desired, .. } = service;
                    format!(
                        "only {healthy_min} of {desired} tasks of {service} were healthy during its rollout"
                    )
                }));
            }
            _ => {}
        }
    }
    if scenario.burst.is_some() && !fleet.decisions.iter().any(|decision| decision.to > decision.from) {
        missed.push("no policy asked for more tasks".to_owned());
    }
    missed
}

/// Why a service is not as it should be at the end.
fn unsteady(service: &ServiceReport) -> Option<String> {
    let ServiceReport { region, service: name, desired, running, healthy, .. } = service;
    (running != desired || healthy != desired).then(|| {
        format!("{name} in {region} ended with {healthy} healthy tasks of {running} where it wants {desired}")
    })
}

#[cfg(test)]
mod tests {
    // Goal: a scenario passes only when what it is about has happened and every service is whole again.
    // Method: reports by hand, on the shipped scenarios.
    use super::*;

    fn scenario(text: &str) -> Scenario {
        Scenario::parse(text, "x.toml").expect("it is shipped")
    }

    fn service(restarts: u32, rollbacks: u32, healthy_min: u32) -> ServiceReport {
        ServiceReport {
            region: "us-east-1".to_owned(),
            service: "service-orders-service-production".to_owned(),
            desired: 3,
            running: 3,
            healthy: 3,
            healthy_min,
            restarts,
            rollouts: rollbacks,
            rollbacks,
            ..ServiceReport::default()
        }
    }

    fn of(services: Vec<ServiceReport>) -> FleetReport {
        FleetReport { minute_s: 60.0, services, decisions: Vec::new() }
    }

    #[test]
    fn a_scenario_that_did_not_happen_fails() {
        let zone = scenario(include_str!("../../../../../scenarios/zone-lost.toml"));
        assert_eq!(missed(&zone, &of(vec![service(0, 0, 3)]), None).len(), 1);
        assert!(missed(&zone, &of(vec![service(1, 0, 2)]), None).is_empty());
        let bad = scenario(include_str!("../../../../../scenarios/bad-deployment.toml"));
        assert_eq!(missed(&bad, &of(vec![service(3, 0, 3)]), None), ["the bad revision was not taken back"]);
        assert!(missed(&bad, &of(vec![service(3, 1, 3)]), None).is_empty());
        let below = missed(&bad, &of(vec![service(3, 1, 2)]), None);
        assert!(below[0].contains("only 2 of 3 tasks"), "{below:?}");
        let burst = scenario(include_str!("../../../../../scenarios/burst.toml"));
        assert_eq!(missed(&burst, &of(vec![service(0, 0, 3)]), None), ["no policy asked for more tasks"]);
    }

    #[test]
    fn a_service_that_is_not_whole_fails_and_a_lost_region_s_does_not_count() {
        let lost = scenario(include_str!("../../../../../scenarios/region-loss.toml"));
        let broken = ServiceReport { healthy: 2, ..service(0, 0, 2) };
        let here = Region::new("us-east-1").expect("a region");
        assert!(missed(&lost, &of(vec![broken.clone()]), Some(&here)).is_empty());
        let missed = missed(&lost, &of(vec![broken]), None);
        assert!(missed[0].contains("ended with 2 healthy tasks of 3 where it wants 3"), "{missed:?}");
    }
}
