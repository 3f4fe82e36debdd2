//! The recovery budget, from the figures that the templates hold.

use asl::StateMachine;
use recovery::budget::{self, Budget, Dns, Kind, Part, Replay, Ttl, Watch};
use recovery::{Deployment, Region, setting};

use super::inventory::{Inventory, Resource};
use super::services;
use crate::packages::{RECOVERY_STEP, SENTINEL};

/// A figure that the templates do not hold, so that there is no budget.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// No such resource.
    #[error("no {what}")]
    Resource {
        /// Which one, in words.
        what: String,
    },
    /// A resource without the figure.
    #[error("{path} has no {what}")]
    Figure {
        /// Construct path.
        path: String,
        /// Which figure.
        what: String,
    },
    /// The workflow leads nowhere.
    #[error("{path}: {reason}")]
    Workflow {
        /// Construct path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The worst cases of a deployment, against its objectives. Objectives and load are what the deployment file
/// promises; everything else is read from the templates.
///
/// # Errors
/// The first figure that the templates do not hold.
pub fn budgets(inventory: &Inventory, deployment: &Deployment) -> Result<Vec<Budget>, Missing> {
    let objectives = &deployment.objectives;
    let standby = &deployment.regions.standby;
    let watch = watch(inventory, deployment, standby)?;
    let step = function(inventory, deployment, standby, RECOVERY_STEP)?;
    let replay = Replay {
        margin_s: environment(&step, setting::REPLAY_MARGIN_S)?,
        orders_per_second: deployment.load.orders_per_second.into(),
    };
    let (machine, definition) = workflow(inventory, deployment, standby)?;
    let settled = budget::settled(&watch, &replay, &definition, objectives.settlement_time_s)
        .map_err(|error| Missing::Workflow { path: machine.path().to_owned(), reason: error.to_string() })?;
    let mut settled = settled;
    settled.beside.extend(containers(inventory, deployment, standby));
    Ok(vec![
        budget::follows_dns(&dns(inventory, deployment)?, objectives.recovery_time_s),
        budget::knows_both_regions(objectives.two_endpoints_recovery_time_s),
        settled,
    ])
}

/// How long bringing containers to size takes: nothing, for they are there. Where a floor does not carry the
/// load, a rule says so.
fn containers(inventory: &Inventory, deployment: &Deployment, standby: &Region) -> Vec<Part> {
    let (found, _) = services::of(inventory, deployment, standby);
    let part = |service: services::Service<'_>| {
        let floor = service.floor();
        let source =
            format!("the standby's floor of {floor} carries the whole load: rule floor-carries-the-load");
        Part::new(format!("tasks of {} are started", service.name), 0, Kind::Configured, source)
    };
    found.into_iter().map(part).collect()
}

/// The failover records of the public name.
pub(super) fn failover_records<'i>(
    inventory: &'i Inventory,
    deployment: &Deployment,
) -> impl Iterator<Item = Resource<'i>> {
    let host = format!("{}.", deployment.names().public_host());
    inventory.all("AWS::Route53::RecordSet").filter(move |record| {
        record.text("Name").is_some_and(|name| host.trim_end_matches('.') == name.trim_end_matches('.'))
    })
}

/// The slower record's TTL, and the check that takes the primary's answer away.
fn dns(inventory: &Inventory, deployment: &Deployment) -> Result<Dns, Missing> {
    let records: Vec<Resource<'_>> = failover_records(inventory, deployment).collect();
    let primary = records.iter().find(|record| record.text("Failover") == Some("PRIMARY"));
    let primary = primary.ok_or_else(|| resource("PRIMARY failover record of the public name"))?;
    let check = primary.referred(primary.get("HealthCheckId"));
    let check = check.ok_or_else(|| figure(primary, "health check"))?;
    let mut ttl = Ttl::Own(0);
    for record in &records {
        if record.get("AliasTarget").is_object() {
            ttl = Ttl::Alias;
            break;
        }
        let own = record.number("TTL").ok_or_else(|| figure(record, "TTL"))?;
        if let Ttl::Own(longest) = ttl {
            ttl = Ttl::Own(own.max(longest));
        }
    }
    // What a check does not say is Route 53's default: every 30 s, three in a row.
    Ok(Dns {
        interval_s: check.number("HealthCheckConfig/RequestInterval").unwrap_or(30),
        failure_threshold: check.number("HealthCheckConfig/FailureThreshold").unwrap_or(3),
        ttl,
    })
}

/// The lease as the sentinel of a region has it, and how its watches follow each other.
pub(super) fn watch(
    inventory: &Inventory,
    deployment: &Deployment,
    region: &Region,
) -> Result<Watch, Missing> {
    let sentinel = function(inventory, deployment, region, SENTINEL)?;
    let schedules = inventory.in_region(region, "AWS::Scheduler::Schedule");
    let name = sentinel.text("FunctionName").unwrap_or_default();
    let calls = |schedule: &Resource<'_>| {
        schedule.text("Target/Arn").is_some_and(|arn| arn.rsplit(':').next() == Some(name))
    };
    let schedule = schedules.into_iter().find(calls);
    let schedule = schedule.ok_or_else(|| resource(&format!("schedule of the sentinel in {region}")))?;
    let rate = schedule.text("ScheduleExpression").and_then(rate_s);
    Ok(Watch {
        ttl_s: environment(&sentinel, setting::LEASE_TTL_S)?,
        margin_s: environment(&sentinel, setting::LEASE_MARGIN_S)?,
        renew_s: environment(&sentinel, setting::LEASE_RENEW_S)?,
        schedule_s: rate.ok_or_else(|| figure(&schedule, "rate in minutes"))?,
        watch_s: environment(&sentinel, setting::SENTINEL_WATCH_S)?,
    })
}

/// Seconds of `rate(1 minute)` and of its like.
pub(crate) fn rate_s(expression: &str) -> Option<u64> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit_s = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(unit_s)
}

/// A region's failover state machine, and its definition.
pub(super) fn workflow<'i>(
    inventory: &'i Inventory,
    deployment: &Deployment,
    region: &Region,
) -> Result<(Resource<'i>, StateMachine), Missing> {
    let name = deployment.names().failover_state_machine();
    let machine = inventory.named(region, "AWS::StepFunctions::StateMachine", "StateMachineName", &name);
    let machine = machine.ok_or_else(|| resource(&format!("state machine {name} in {region}")))?;
    let definition = definition(&machine)
        .map_err(|reason| Missing::Workflow { path: machine.path().to_owned(), reason })?;
    Ok((machine, definition))
}

/// The definition of a state machine.
///
/// # Errors
/// Why it is none that we know.
pub fn definition(machine: &Resource<'_>) -> Result<StateMachine, String> {
    let text = definition_text(machine).ok_or("it has no literal definition")?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// The text of a state machine's definition, where nothing in it is known only when it is deployed.
pub fn definition_text(machine: &Resource<'_>) -> Option<String> {
    let object = machine.get("Definition");
    machine
        .text("DefinitionString")
        .map(str::to_owned)
        .or_else(|| object.is_object().then(|| object.to_string()))
}

/// A region's function, by its binary.
pub(super) fn function<'i>(
    inventory: &'i Inventory,
    deployment: &Deployment,
    region: &Region,
    binary: &str,
) -> Result<Resource<'i>, Missing> {
    let name = deployment.names().function(binary);
    let function = inventory.named(region, "AWS::Lambda::Function", "FunctionName", &name);
    function.ok_or_else(|| resource(&format!("function {name} in {region}")))
}

/// A whole number in a function's environment.
pub(super) fn environment(function: &Resource<'_>, name: &str) -> Result<u64, Missing> {
    function.number(&format!("Environment/Variables/{name}")).ok_or_else(|| figure(function, name))
}

fn resource(what: &str) -> Missing {
    Missing::Resource { what: what.to_owned() }
}

fn figure(of: &Resource<'_>, what: &str) -> Missing {
    Missing::Figure { path: of.path().to_owned(), what: what.to_owned() }
}
