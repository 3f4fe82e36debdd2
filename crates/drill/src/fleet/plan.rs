//! What the templates say of a region's containers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::gateway::balancer::plan::BalancerPlan;

/// Every service of one region, and what stands before them.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetPlan {
    /// The services, in the order of their names.
    pub services: Vec<ServicePlan>,
    /// The load balancer; none where no service is behind one.
    pub balancer: Option<BalancerPlan>,
    /// What the templates ask for and this fleet does not do, in words.
    pub not_exercised: Vec<String>,
}

/// One ECS service with its task definition and its scaling.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePlan {
    /// Name of its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// The program that its container runs, without its path.
    pub binary: String,
    /// What follows the program on the command line.
    pub arguments: Vec<String>,
    /// Environment of the container, where its value is known without deploying.
    pub environment: BTreeMap<String, String>,
    /// Names whose value only a deployment knows; whoever starts a task must replace them.
    pub unknown: Vec<String>,
    /// CPU units of one task; 1024 are one processor.
    pub cpu_units: u32,
    /// Tasks that should run when it is deployed.
    pub desired: u32,
    /// Availability zones it is spread over.
    pub zones: u32,
    /// Whether its tasks are targets of the load balancer.
    pub balanced: bool,
    /// A command that says whether a container is well.
    pub check: Option<ContainerCheck>,
    /// How one revision replaces another.
    pub rollout: RolloutRules,
    /// From `SIGTERM` to `SIGKILL`.
    pub stop_timeout: Duration,
    /// How its size follows its load.
    pub scaling: Option<ScalingPlan>,
}

/// A container's health check: a command that ends with 0 when it is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerCheck {
    /// Program and arguments.
    pub command: Vec<String>,
    /// From one check to the next.
    pub interval: Duration,
    /// Longest check.
    pub timeout: Duration,
    /// Bad checks in a row that make it unhealthy.
    pub retries: u32,
    /// Bad checks that do not count, from its start on.
    pub start_period: Duration,
}

/// How one revision of a service replaces another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolloutRules {
    /// Share of the desired tasks that stay healthy, in percent.
    pub healthy_percent_min: u32,
    /// Share of the desired tasks that may run at once, in percent.
    pub running_percent_max: u32,
    /// Whether a rollout is given up after too many failed tasks.
    pub breaker: bool,
    /// Whether the revision before it is rolled out again then.
    pub rolls_back: bool,
    /// How long a new task may fail the load balancer's checks.
    pub grace: Duration,
}

/// How a service's size follows its load.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingPlan {
    /// Fewest tasks.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
    /// Every policy that is understood.
    pub policies: Vec<TargetTracking>,
    /// Other bounds, from times of the week on.
    pub timed: Vec<TimedBounds>,
}

/// Bounds that hold from a time of the week on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedBounds {
    /// Days on which they begin, from Monday on.
    pub days: [bool; 7],
    /// Minute of the day, in UTC, at which they begin.
    pub minute: u32,
    /// Fewest tasks from then on.
    pub min: u32,
    /// Most tasks from then on.
    pub max: u32,
}

/// Minutes of a day.
const DAY: u32 = 24 * 60;

impl ScalingPlan {
    /// Fewest and most tasks at a minute of the week, counted from Monday's midnight in UTC: those that began last.
    #[must_use]
    pub fn bounds_at(&self, minute: u32) -> (u32, u32) {
        let minutes_ago = |bounds: &TimedBounds, day: u32| {
            (minute % (7 * DAY) + 7 * DAY - (day * DAY + bounds.minute)) % (7 * DAY)
        };
        let begun = self.timed.iter().flat_map(|bounds| {
            let days = (0..7).filter(|day| bounds.days[*day as usize]);
            days.map(move |day| (minutes_ago(bounds, day), bounds))
        });
        let last = begun.min_by_key(|(ago, _)| *ago);
        last.map_or((self.min, self.max), |(_, bounds)| (bounds.min, bounds.max))
    }
}

/// One target-tracking policy.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetTracking {
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub metric: Metric,
    /// Where it wants it.
    pub target: f64,
    /// No further growth within this time.
    pub out_cooldown: Duration,
    /// No further shrinking within this time.
    pub in_cooldown: Duration,
    /// Whether it only ever grows.
    pub never_in: bool,
}

/// What a policy looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Processor time used, in percent of what the tasks have.
    Cpu,
    /// Requests to one healthy target in a minute.
    RequestsPerTarget,
    /// Messages of a queue that wait, by task that runs.
    BacklogPerTask,
}

impl Metric {
    /// As reports name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_percent",
            Self::RequestsPerTarget => "requests_per_target",
            Self::BacklogPerTask => "backlog_per_task",
        }
    }
}

impl RolloutRules {
    /// Tasks that must stay healthy while `desired` are wanted.
    #[must_use]
    pub fn healthy_min(&self, desired: u32) -> u32 {
        // Rounded up, as AWS documents.
        (desired * self.healthy_percent_min).div_ceil(100)
    }

    /// Tasks that may run at once while `desired` are wanted.
    #[must_use]
    pub fn running_max(&self, desired: u32) -> u32 {
        // Rounded down, as AWS documents.
        desired * self.running_percent_max / 100
    }

    /// Failed tasks after which a rollout is given up: half of the desired, but 3 at least and 200 at most.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html>
    #[must_use]
    pub fn failures_max(&self, desired: u32) -> u32 {
        desired.div_ceil(2).clamp(3, 200)
    }
}

#[cfg(test)]
mod tests {
    // Goal: shares are rounded so that a service is never smaller than asked for, nor larger.
    use super::*;

    #[test]
    fn shares_are_rounded_to_the_safe_side() {
        let grace = Duration::ZERO;
        let rules = RolloutRules {
            healthy_percent_min: 50,
            running_percent_max: 150,
            breaker: true,
            rolls_back: true,
            grace,
        };
        assert_eq!((rules.healthy_min(3), rules.running_max(3)), (2, 4));
        assert_eq!([1, 5, 7, 40, 900].map(|desired| rules.failures_max(desired)), [3, 3, 4, 20, 200]);
    }
}
