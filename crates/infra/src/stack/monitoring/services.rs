//! The containers: whether as many run as must, and whether they are hard at work.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::{container_insights, ecs};
use super::metric::{Known, Measure, Metric};
use crate::packages::{CONTAINERS, ORDERS_SERVICE};
use crate::place::Place;

/// Percent of the processors or the memory of a service's tasks at which scaling has not been enough.
const BUSY_PERCENT: f64 = 90.0;

const SILENCE: Missing =
    Missing::Well("a service without a task has no data, and its `below-floor` tells of that.");

/// A metric of one of the services.
pub(super) fn of(place: &Place<'_>, known: &Known<2>, name: &str) -> Metric {
    known.of([place.names().cluster(), place.names().service(name)])
}

/// Alarms on every service; none where there are no containers.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let Some(containers) = place.containers() else { return Vec::new() };
    let floor = |name: &str| {
        if name == ORDERS_SERVICE { containers.api_tasks_min } else { containers.worker_tasks_min }
    };
    CONTAINERS.into_iter().flat_map(|name| service(place, name, floor(name))).collect()
}

fn service(place: &Place<'_>, name: &str, floor: u32) -> Vec<Alarm> {
    let running = Measure::One(of(place, &container_insights::RUNNING, name).by("Minimum"));
    let none = Missing::Bad(
        "Container Insights reports nothing of a service without a task, which is what this is for.",
    );
    let busy = |what: &str, metric| {
        let measure = Measure::One(metric);
        Alarm::new(format!("{name}-{what}"), measure, Bad::Above(BUSY_PERCENT), SILENCE).lasting(5, 5)
    };
    vec![
        Alarm::new(format!("{name}-below-floor"), running, Bad::Below(f64::from(floor)), none).lasting(5, 5).says(
            format!("Fewer than {floor} tasks of {name} run: fewer than this region needs to carry the whole load."),
            "see the service's events for why tasks end or do not start: image, health check, capacity of Fargate, addresses.",
        ),
        busy("processors", of(place, &ecs::CPU, name).by("Average")).says(
            format!("The processors of {name} are busy for more than {BUSY_PERCENT} % of the time, and scaling has not helped."),
            "see whether it has reached its most tasks (`containers` in the deployment file), or whether tasks do not start.",
        ),
        busy("memory", of(place, &ecs::MEMORY, name).by("Maximum")).says(
            format!("A task of {name} uses more than {BUSY_PERCENT} % of its memory: beyond it, it is ended."),
            "see since when it grows; more memory is a setting of the deployment, growth without end is a mistake.",
        ),
    ]
}
