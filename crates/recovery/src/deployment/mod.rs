//! The deployment file: everything that tells one deployment from another.
//!
//! [`Deployment::parse`] reads TOML, refuses unknown fields and settings that
//! contradict each other, and reports every problem at once, each with its
//! place in the file and a hint. One file may serve several environments: a
//! table `[environments.NAME]` says what is other in that one.

mod audit;
mod callers;
mod containers;
mod environment;
mod failback;
mod operation;
mod problem;
mod reader;
mod rules;
mod strong_set;
mod timing;
mod value;

pub use audit::Audit;
pub use callers::{Callers, EVERYBODY, Token};
pub use containers::{BusyHours, Containers, TimeOfDay};
pub use failback::Failback;
pub use operation::{Alarms, Api, Storage};
pub use problem::{Problem, Problems};
pub use strong_set::{STRONG_SETS, strong_set_of};

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeTable;

use crate::names::Names;
use crate::{Region, Role};

/// One deployment, valid as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// What it is called.
    pub name: String,
    /// Which of several deployments of the same file; the suffix of every physical name.
    pub environment: String,
    /// Who answers for it; a tag on every resource.
    pub owner: String,
    /// Who pays for it; a tag on every resource.
    pub cost_center: String,
    /// Whether deletion protection and retention are on.
    pub protect: bool,
    /// Where it runs.
    pub regions: Regions,
    /// What it promises.
    pub objectives: Objectives,
    /// Its DNS zone.
    pub domain: Domain,
    /// The rates it is built for.
    pub load: Load,
    /// Timings of the lease.
    pub lease: LeaseTiming,
    /// Route 53 health checks.
    pub health_check: HealthCheck,
    /// The watching function.
    pub sentinel: Sentinel,
    /// The order journal.
    pub journal: Journal,
    /// What runs the application.
    pub compute: Compute,
    /// The tasks and how they scale: exactly with [`Profile::Containers`].
    pub containers: Option<Containers>,
    /// The Aurora global database.
    pub database: Database,
    /// Limits of the API.
    pub api: Api,
    /// When people are told.
    pub alarms: Alarms,
    /// The buckets.
    pub storage: Storage,
    /// The record of changes, and backups in vaults.
    pub audit: Option<Audit>,
    /// When the system goes home.
    pub failback: Failback,
}

/// The three regions of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    /// Preferred primary.
    pub home: Region,
    /// Takes over from it.
    pub standby: Region,
    /// Third vote of the strongly consistent table.
    pub witness: Region,
}

/// Recovery objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// Seconds from the fault until orders are accepted again.
    pub recovery_time_s: u64,
    /// Seconds from the fault until orders are settled again.
    pub settlement_time_s: u64,
    /// Seconds from a fault until a client that knows both regions has an order accepted.
    pub two_endpoints_recovery_time_s: u64,
    /// Seconds by which the database of the region that takes over may be behind; what it lacks comes
    /// back by the replay. `None`: nothing is promised about it.
    pub recovery_point_s: Option<u64>,
    /// Acknowledged orders that may be lost.
    pub orders_lost: u64,
    /// Share of time in which orders are accepted, in percent.
    pub availability_percent: f64,
}

/// The hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Name of the zone, such as `trading.example`.
    pub zone: String,
    /// TTL of the failover records, in seconds.
    pub record_ttl_s: u64,
}

/// The load it is built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Orders placed per second, steadily.
    pub orders_per_second: u32,
    /// Orders placed per second for a while, which scaling has to follow. `None`: nothing is promised.
    pub burst_orders_per_second: Option<u32>,
    /// Sessions written per second.
    pub sessions_per_second: u32,
}

/// Timings of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseTiming {
    /// Seconds between two renewals.
    pub renew_s: u64,
    /// Seconds without a renewal after which it may be taken.
    pub ttl_s: u64,
    /// Safety on both sides of the TTL, in seconds.
    pub margin_s: u64,
    /// Seconds after a move in which there is no other.
    pub cooldown_s: u64,
    /// Seconds for which an owner that is otherwise well goes on renewing while its own database does
    /// not answer or takes no writes.
    pub database_patience_s: u64,
}

/// Route 53 health checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Seconds between two checks by one checker: 10 or 30.
    pub interval_s: u64,
    /// Failed checks in a row that make an endpoint unhealthy.
    pub failure_threshold: u32,
}

/// The sentinel's schedule and its outside probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentinel {
    /// Seconds between two starts.
    pub schedule_s: u64,
    /// Seconds one invocation keeps watch.
    pub watch_s: u64,
    /// Seconds between two outside probes.
    pub probe_interval_s: u64,
    /// Failed outside probes in a row that count as an outage.
    pub probe_failures: u32,
}

/// The order journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Partitions per minute.
    pub shards: u32,
    /// Seconds before the database's watermark at which a replay starts.
    pub replay_margin_s: u64,
}

/// What runs the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compute {
    /// Functions or containers.
    pub profile: Profile,
    /// Processor architecture.
    pub architecture: Architecture,
}

/// How the application is packaged and run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// API Gateway, Lambda and SQS.
    Functions,
    /// A load balancer, ECS on Fargate and SQS. What watches and recovers stays in functions.
    Containers,
}

/// Processor architecture of the functions and the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Intel and AMD.
    X86_64,
    /// Graviton.
    Arm64,
}

impl Architecture {
    /// As Lambda writes it: `x86_64` or `arm64`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The Aurora global database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Aurora PostgreSQL version, such as `16.11`.
    pub engine_version: String,
    /// Instance class, such as `db.r6g.large`.
    pub instance_class: String,
    /// Instances in each region's cluster.
    pub instances_per_region: u32,
    /// Days for which backups are kept.
    pub backup_retention_days: u32,
}

impl Deployment {
    /// Reads a deployment file, as its own environment has it. `file_name` is used in problems only.
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Problems> {
        Self::parse_for(text, file_name, None)
    }

    /// Reads a deployment file as one of its environments has it: its own when `environment` is none
    /// or its name, else what the table `[environments.NAME]` says instead of the fields above.
    ///
    /// # Errors
    /// Every problem of the file in any of its environments, in the order of its lines; and an
    /// environment that it does not have.
    pub fn parse_for(text: &str, file_name: &str, environment: Option<&str>) -> Result<Self, Problems> {
        let (root, mut reader) = reader::Reader::open(text);
        let others = environment::all(&root, &mut reader);
        let own = Self::read(&root, None, &mut reader);
        let mut chosen = environment.is_none_or(|name| name == own.environment).then(|| own.clone());
        for other in &others {
            let mut again = reader::Reader::new(text);
            let deployment = Self::read(&root, Some(other), &mut again);
            reader.add(again, |reason| format!("in the environment `{}`: {reason}", other.name));
            environment::refuse_twice(other, &own.environment, &mut reader);
            if environment == Some(other.name) {
                chosen.get_or_insert(deployment);
            }
        }
        let readable = !own.environment.is_empty();
        if let (None, Some(name), true) = (&chosen, environment, readable) {
            environment::refuse_unknown(name, &own.environment, &others, &mut reader);
        }
        reader.finish(file_name)?;
        Ok(chosen.expect("an environment that is not there, or has no name, is a problem"))
    }

    fn read<'t>(
        root: &Spanned<DeTable<'t>>,
        environment: Option<&environment::Environment<'_, 't>>,
        reader: &mut reader::Reader<'t>,
    ) -> Self {
        let deployment = rules::read(root, environment, reader);
        rules::check(&deployment, reader);
        timing::check(&deployment, reader);
        failback::check(&deployment, reader);
        containers::check(&deployment, reader);
        deployment
    }

    /// Physical names of this deployment.
    pub fn names(&self) -> Names {
        Names::new(&self.environment, &self.domain.zone)
    }

    /// The two regions that can serve: home, standby.
    pub fn pair(&self) -> [&Region; 2] {
        [&self.regions.home, &self.regions.standby]
    }

    /// The other region of the pair; home for any region that is not home.
    pub fn peer_of(&self, region: &Region) -> &Region {
        if *region == self.regions.home { &self.regions.standby } else { &self.regions.home }
    }

    /// The role a region has before anything has failed.
    pub fn initial_role(&self, region: &Region) -> Role {
        if *region == self.regions.home { Role::Primary } else { Role::Standby }
    }
}

#[cfg(test)]
mod tests;
