//! The load balancers and the containers of both regions.

use super::body::{Content, Line, Row, Shows};
use super::{both, graph, limited, of};
use crate::packages::CONTAINERS;
use crate::place::Place;
use crate::stack::monitoring::catalogue::{alb, container_insights, ecs};
use crate::stack::monitoring::metric::{Known, Metric};
use crate::stack::monitoring::{balancer, services};

/// What callers see, and what answers them.
pub(super) fn rows(place: &Place<'_>) -> Vec<Row> {
    vec![
        Row { height: 6, widgets: callers(place) },
        Row {
            height: 6,
            widgets: vec![
                graph("Tasks that run", each(place, &container_insights::RUNNING, "Average")),
                graph("Tasks that should", each(place, &container_insights::DESIRED, "Average")),
                graph("Processors of the tasks, %", each(place, &ecs::CPU, "Average")),
                graph("Memory of the tasks, %", each(place, &ecs::MEMORY, "Average")),
            ],
        },
    ]
}

fn callers(place: &Place<'_>) -> Vec<Content> {
    let limit_ms = place.deployment.alarms.api_latency_ms;
    let whole = |known: &Known<1>| known.of([String::new()]);
    let targets = |known: &Known<2>| known.of([String::new(), String::new()]);
    let errors = [
        searched(place, "none took it", &whole(&alb::OWN_SERVER_ERRORS), "SUM"),
        searched(place, "5xx", &targets(&alb::SERVER_ERRORS), "SUM"),
        searched(place, "4xx", &targets(&alb::CLIENT_ERRORS), "SUM"),
    ];
    let latency = searched(place, "p99", &targets(&alb::LATENCY).by("p99"), "MAX");
    let health = [
        searched(place, "healthy", &targets(&alb::HEALTHY).by("Minimum"), "MIN"),
        searched(place, "unhealthy", &targets(&alb::UNHEALTHY).by("Maximum"), "MAX"),
    ];
    vec![
        graph("Requests, checks included", searched(place, "", &whole(&alb::COUNT), "SUM")),
        graph("Errors, checks included", errors.concat()),
        limited("Latency, p99, s", latency, (format!("{limit_ms} ms"), limit_ms as f64 / 1000.0)),
        graph("Targets", health.concat()),
    ]
}

/// A metric of the load balancers of both regions.
fn searched(place: &Place<'_>, label: &str, metric: &Metric, whole: &str) -> Vec<Line> {
    both(place, label, |at| Shows::Expression(balancer::searched(at, metric, whole)))
}

/// A metric of both services in both regions.
fn each(place: &Place<'_>, known: &Known<2>, statistic: &'static str) -> Vec<Line> {
    let line = |name: &str| of(place, name, |at| services::of(at, known, name).by(statistic));
    CONTAINERS.into_iter().flat_map(line).collect()
}
