//! How many connections to a database there may be, and how many there are at most.
//!
//! Each container has a pool of its own with a bound, and the cluster takes the sum of them all: nothing
//! stands between them (see the decision on pools in the tasks). The sum is made of the worst that may
//! come together: both regions at their most, each in the middle of a deployment that has doubled it.

use recovery::Deployment;

use crate::packages::{self, ORDERS_SERVICE};

/// Of the functions of both regions: watches, steps, preflights, reconcilers and keepers, each with one.
pub const OF_FUNCTIONS: u64 = 36;
/// Kept for people, and what PostgreSQL and RDS keep for themselves.
pub const OF_PEOPLE: u64 = 20;
/// Connections that one container keeps to each of the two databases at most. The service asks them what is
/// settled, the worker settles; neither does more than a few things at once.
pub const OF_CONTAINER: u32 = 5;
/// Share of a service's tasks that may run while others take their place, in percent.
pub const ROLLOUT_PERCENT: u32 = 200;
/// What a cluster takes is a multiple of this.
const ROUND: u64 = 50;
/// Bytes of memory for each connection that Aurora PostgreSQL allows by default, at most 5000.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html>
const MEMORY_PER_CONNECTION: u64 = 9_531_392;

/// Connections that a service opens to one database at most.
pub fn at_most(tasks: u64, rollout_percent: u64, each: u64) -> u64 {
    (tasks * rollout_percent).div_ceil(100) * each
}

/// What each cluster of a deployment with containers is told to take; `None` where it is left to Aurora.
pub fn taken(deployment: &Deployment) -> Option<u64> {
    needed(deployment).map(|needed| needed.next_multiple_of(ROUND))
}

/// What may be open to one database at once, at most; `None` without containers.
pub fn needed(deployment: &Deployment) -> Option<u64> {
    let containers = deployment.containers.as_ref()?;
    let most = |name: &&str| {
        if *name == ORDERS_SERVICE { containers.api_tasks_max } else { containers.worker_tasks_max }
    };
    let names = packages::CONTAINERS.iter();
    let of = names.map(|name| at_most(most(name).into(), ROLLOUT_PERCENT.into(), OF_CONTAINER.into()));
    let both: u64 = 2 * of.sum::<u64>();
    Some(both + OF_FUNCTIONS + OF_PEOPLE)
}

/// What Aurora lets an instance of a class take by itself: 16 or 32 GiB as `large`, twice that as `xlarge`,
/// and so on.
pub fn by_memory(class: &str) -> u64 {
    let mut parts = class.split('.').skip(1);
    let (family, size) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let large_gib: u64 = if family.starts_with('x') { 32 } else { 16 };
    let larges = match size.strip_suffix("xlarge") {
        Some("") => 2,
        Some(times) => 2 * times.parse::<u64>().unwrap_or(1),
        None => 1,
    };
    (large_gib * larges * 1024 * 1024 * 1024 / MEMORY_PER_CONNECTION).min(5000)
}

#[cfg(test)]
mod tests {
    //! Goal: the limit of connections follows the instance class, and the sum its parts. Method: some classes.

    use super::*;

    #[test]
    fn larger_instances_take_more_connections() {
        let classes = ["db.r6g.large", "db.r6g.xlarge", "db.r6g.2xlarge", "db.x2g.large", "whatever"];
        assert_eq!(classes.map(by_memory), [1802, 3604, 5000, 3604, 1802]);
    }

    #[test]
    fn a_deployment_in_the_middle_of_a_rollout_has_twice_as_many() {
        assert_eq!(at_most(10, 200, 5), 100);
        assert_eq!(at_most(3, 150, 5), 25, "four and a half tasks are five");
    }
}
