//! The tasks that run the application in the profile `containers`, and how they scale.

use std::fmt;

use super::callers::{self, Callers};
use super::reader::{Reader, Section};
use super::{Compute, Deployment, Profile};

/// The tasks of each region. Both regions have the same, so that a recovery waits for no scaling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containers {
    /// Tasks of `orders-service` that always run: the floor.
    pub api_tasks_min: u32,
    /// Tasks of `orders-service` at most.
    pub api_tasks_max: u32,
    /// Processor of one of them, in units: 1024 are one virtual processor.
    pub api_cpu_units: u32,
    /// Memory of one of them, in MiB.
    pub api_memory_mib: u32,
    /// Tasks of `orders-worker` that always run: the floor.
    pub worker_tasks_min: u32,
    /// Tasks of `orders-worker` at most.
    pub worker_tasks_max: u32,
    /// Processor of one of them, in units.
    pub worker_cpu_units: u32,
    /// Memory of one of them, in MiB.
    pub worker_memory_mib: u32,
    /// Share of the worker's tasks above the floor that run on Fargate Spot, in percent.
    pub worker_spot_percent: u32,
    /// Mean use of the tasks' processors that scaling aims at, in percent.
    pub cpu_target_percent: u32,
    /// Requests per minute and task of `orders-service` that scaling aims at.
    pub requests_per_target: u32,
    /// Seconds for which the load balancer lets a task that leaves finish its requests.
    pub drain_s: u32,
    /// When more tasks are kept than the floor, ahead of the load.
    pub busy_hours: Option<BusyHours>,
    /// Who may call the load balancers.
    pub callers: Callers,
}

/// Hours of weekdays in which more tasks of `orders-service` always run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyHours {
    /// When they begin, UTC.
    pub from: TimeOfDay,
    /// When they end, UTC.
    pub to: TimeOfDay,
    /// Tasks of `orders-service` at least within them.
    pub api_tasks_min: u32,
}

/// A time of any day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl TimeOfDay {
    /// Midnight.
    pub const MIDNIGHT: Self = Self { hour: 0, minute: 0 };

    /// Reads `HH:MM`; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u8>().ok())?
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// Memory in MiB that Fargate gives to a task of so many processor units: least, most and step.
/// Windows and the sizes above 16 virtual processors are not for us.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size>
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];
/// Seconds after which Fargate ends a task that was asked to end, at most, less what a service needs
/// to close after it has drained.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html> (`stopTimeout`)
const DRAIN_S_MAX: u32 = 110;
const NAME: &str = "containers";
const FIELDS: [&str; 15] = [
    "api_tasks_min",
    "api_tasks_max",
    "api_cpu_units",
    "api_memory_mib",
    "worker_tasks_min",
    "worker_tasks_max",
    "worker_cpu_units",
    "worker_memory_mib",
    "worker_spot_percent",
    "cpu_target_percent",
    "requests_per_target",
    "drain_s",
    "busy_hours",
    callers::FIELDS[0],
    callers::FIELDS[1],
];

/// The section, exactly when the profile needs it.
pub(super) fn read<'t>(
    root: &Section<'_, 't>,
    compute: &Compute,
    reader: &mut Reader<'t>,
) -> Option<Containers> {
    match compute.profile {
        Profile::Functions => {
            if Reader::has_section(root, NAME) {
                let reason = "section `containers` is of no use to the profile `functions`".to_owned();
                let hint = "remove it, or make `compute.profile` \"containers\"";
                reader.report(&Reader::place_of(root, NAME), reason, hint);
            }
            None
        }
        Profile::Containers => Some(section(root, reader)),
    }
}

fn section<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Containers {
    let section = reader.section(root, NAME, &FIELDS);
    let two = "two tasks, so that the loss of one or of its zone leaves another; ECS runs 5000 for a service";
    let tasks = "ECS runs at most 5000 tasks for a service";
    let share = "a share in percent of the tasks above the floor";
    let target = "percent; less wastes tasks, more leaves no room until new ones have started";
    let drain = "seconds; Fargate ends a task 120 s after it was asked to end";
    Containers {
        api_tasks_min: reader.count(&section, "api_tasks_min", 2..=5000, two),
        api_tasks_max: reader.count(&section, "api_tasks_max", 2..=5000, tasks),
        api_cpu_units: reader.count(&section, "api_cpu_units", 256..=16_384, "256 units to 16384"),
        api_memory_mib: reader.count(&section, "api_memory_mib", 512..=122_880, "MiB"),
        worker_tasks_min: reader.count(&section, "worker_tasks_min", 1..=5000, tasks),
        worker_tasks_max: reader.count(&section, "worker_tasks_max", 1..=5000, tasks),
        worker_cpu_units: reader.count(&section, "worker_cpu_units", 256..=16_384, "256 units to 16384"),
        worker_memory_mib: reader.count(&section, "worker_memory_mib", 512..=122_880, "MiB"),
        worker_spot_percent: reader.count(&section, "worker_spot_percent", 0..=100, share),
        cpu_target_percent: reader.count(&section, "cpu_target_percent", 10..=90, target),
        requests_per_target: reader.count(
            &section,
            "requests_per_target",
            1..=1_000_000,
            "requests a minute",
        ),
        drain_s: reader.count(&section, "drain_s", 1..=DRAIN_S_MAX, drain),
        busy_hours: reader.has(&section, "busy_hours").then(|| busy_hours(&section, reader)),
        callers: callers::read(&section, reader),
    }
}

fn busy_hours<'t>(section: &Section<'_, 't>, reader: &mut Reader<'t>) -> BusyHours {
    let hours =
        reader.inner(section, ("busy_hours", "containers.busy_hours"), &["from", "to", "api_tasks_min"]);
    BusyHours {
        from: reader.time_of_day(&hours, "from"),
        to: reader.time_of_day(&hours, "to"),
        api_tasks_min: reader.count(&hours, "api_tasks_min", 2..=5000, "tasks"),
    }
}

/// Rules on sizes that exist, and on floors below ceilings.
pub(super) fn check(deployment: &Deployment, reader: &mut Reader<'_>) {
    let Some(containers) = &deployment.containers else { return };
    let api = ("api", containers.api_cpu_units, containers.api_memory_mib);
    let worker = ("worker", containers.worker_cpu_units, containers.worker_memory_mib);
    for (part, cpu_units, memory_mib) in [api, worker] {
        check_size(part, cpu_units, memory_mib, reader);
    }
    let api = ("api", containers.api_tasks_min, containers.api_tasks_max);
    let worker = ("worker", containers.worker_tasks_min, containers.worker_tasks_max);
    for (part, least, most) in [api, worker] {
        let (min, max) = (format!("containers.{part}_tasks_min"), format!("containers.{part}_tasks_max"));
        let reason = format!("at most {most} tasks are fewer than the floor of {least}");
        let hint = format!("make {part}_tasks_max at least {part}_tasks_min");
        reader.refuse_if(most < least, &[&max, &min], reason, &hint);
    }
    if let Some(hours) = &containers.busy_hours {
        check_busy_hours(hours, containers, reader);
    }
}

fn check_size(part: &str, cpu_units: u32, memory_mib: u32, reader: &mut Reader<'_>) {
    let (cpu, memory) = (format!("containers.{part}_cpu_units"), format!("containers.{part}_memory_mib"));
    match SIZES.iter().find(|(units, ..)| *units == cpu_units) {
        None => {
            let known: Vec<String> = SIZES.iter().map(|(units, ..)| units.to_string()).collect();
            let reason = format!("Fargate has no tasks of {cpu_units} processor units");
            reader.refuse(&[&cpu], reason, &format!("use one of {}", known.join(", ")));
        }
        Some((_, least, most, step)) => {
            let fits = (*least..=*most).contains(&memory_mib) && memory_mib.is_multiple_of(*step);
            let reason =
                format!("Fargate gives no {memory_mib} MiB to a task of {cpu_units} processor units");
            let hint = format!("use {least} to {most} MiB in steps of {step}");
            reader.refuse_if(!fits, &[&memory, &cpu], reason, &hint);
        }
    }
}

fn check_busy_hours(hours: &BusyHours, containers: &Containers, reader: &mut Reader<'_>) {
    let (from, to) = ("containers.busy_hours.from", "containers.busy_hours.to");
    let reason = format!("busy hours from {} end at {} of the same day", hours.from, hours.to);
    reader.refuse_if(hours.to <= hours.from, &[to, from], reason, "make `to` later than `from`, both UTC");
    let (tasks, least, most) = (hours.api_tasks_min, containers.api_tasks_min, containers.api_tasks_max);
    let reason = format!("{tasks} tasks in busy hours are not from {least} to {most}");
    let fields =
        ["containers.busy_hours.api_tasks_min", "containers.api_tasks_min", "containers.api_tasks_max"];
    let hint = "keep it between api_tasks_min and api_tasks_max";
    reader.refuse_if(!(least..=most).contains(&tasks), &fields, reason, hint);
}

#[cfg(test)]
mod tests;
