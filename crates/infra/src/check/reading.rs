//! The recovery budget, from the figures that the templates hold.

use asl::StateMachine;
use recovery::budget::{self, Budget, Dns, Kind, Part, Replay, Ttl, Watch};
use recovery::{Deployment, Region, setting};

use super::inventory::{Inventory, Resource};
use super::{load, services};
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
    /// A schedule that starts nothing.
    #[error("{path} is not switched on")]
    Off {
        /// Construct path.
        path: String,
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

/// How long bringing containers to size takes: nothing, for they are there. Where a floor does not carry the steady
/// load, a rule says so; what a burst takes beyond it scaling has to bring.
fn containers(inventory: &Inventory, deployment: &Deployment, standby: &Region) -> Vec<Part> {
    let (found, _) = services::of(inventory, deployment, standby);
    let parts = |service: services::Service<'_>| {
        let (name, floor) = (service.name, service.floor());
        let source =
            format!("the standby's floor of {floor} carries the steady load: rule floor-carries-the-load");
        let steady = Part::new(format!("tasks of {name} are started"), 0, Kind::Configured, source);
        let burst =
            load::of(inventory, deployment, &service).filter(|demand| demand.tasks_in_burst() > floor);
        let burst = burst.map(|demand| {
            let (needed, carried) = (demand.tasks_in_burst(), floor * demand.per_task);
            let source = format!(
                "a burst asks {} a minute, the floor of {floor} carries {carried}: scaling brings the other {} tasks",
                demand.burst,
                needed - floor
            );
            let what = format!("tasks of {name} are added, when the region is lost in a burst");
            Part::new(what, load::SCALED_OUT_S, Kind::Assumed, source)
        });
        [Some(steady), burst].into_iter().flatten().collect::<Vec<_>>()
    };
    found.into_iter().flat_map(parts).collect()
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
    let schedule = watch_schedule(inventory, deployment, region)?;
    // EventBridge Scheduler's default is that a schedule is on.
    if !schedule.get("State").is_null() && schedule.text("State") != Some("ENABLED") {
        return Err(Missing::Off { path: schedule.path().to_owned() });
    }
    let rate = schedule.text("ScheduleExpression").and_then(rate_s);
    Ok(Watch {
        ttl_s: environment(&sentinel, setting::LEASE_TTL_S)?,
        margin_s: environment(&sentinel, setting::LEASE_MARGIN_S)?,
        renew_s: environment(&sentinel, setting::LEASE_RENEW_S)?,
        schedule_s: rate.ok_or_else(|| figure(&schedule, "rate in minutes"))?,
        watch_s: environment(&sentinel, setting::SENTINEL_WATCH_S)?,
    })
}

/// The schedule that starts the sentinel of a region.
pub(super) fn watch_schedule<'i>(
    inventory: &'i Inventory,
    deployment: &Deployment,
    region: &Region,
) -> Result<Resource<'i>, Missing> {
    let name = deployment.names().function(SENTINEL);
    let calls = |schedule: &Resource<'_>| {
        schedule.text("Target/Arn").is_some_and(|arn| arn.rsplit(':').next() == Some(&*name))
    };
    let schedules = inventory.all("AWS::Scheduler::Schedule");
    let mut own = schedules.filter(|schedule| schedule.stack.region == region.as_str());
    own.find(calls).ok_or_else(|| resource(&format!("schedule of the sentinel in {region}")))
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
    let machine = state_machine(inventory, region, &deployment.names().failover_state_machine())?;
    let definition = definition(&machine)
        .map_err(|reason| Missing::Workflow { path: machine.path().to_owned(), reason })?;
    Ok((machine, definition))
}

/// A region's state machine, by its name.
pub(super) fn state_machine<'i>(
    inventory: &'i Inventory,
    region: &Region,
    name: &str,
) -> Result<Resource<'i>, Missing> {
    let machine = inventory.named(region, "AWS::StepFunctions::StateMachine", "StateMachineName", name);
    machine.ok_or_else(|| resource(&format!("state machine {name} in {region}")))
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
