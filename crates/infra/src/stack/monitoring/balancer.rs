//! The load balancer, as callers see it, and the targets behind it.
//!
//! A load balancer has no metrics by route, and two health routes answer 503 as a matter of course:
//! `/health/serving` wherever the lease is not, and `/health/ready` in a region that says that it is not
//! ready. So a share of 5xx would ring in every standby. What callers are refused the service counts
//! itself (`orders-unavailable`); here rings what the service cannot count, because it was never asked or
//! did not answer.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::alb;
use super::metric::{Known, Measure, Metric};
use crate::place::{Place, parameter as key};

const NO_REQUESTS: Missing = Missing::Well("a minute without a request has no data.");
/// Percent of the requests that clients may get wrong before somebody is told.
const CLIENT_ERROR_PERCENT: f64 = 20.0;
/// Requests in a minute of which that share is told.
const CLIENT_REQUESTS_MIN: u32 = 60;

fn of_balancer(place: &Place<'_>) -> [String; 1] {
    [place.parameter(key::LOAD_BALANCER_NAME)]
}

fn of_targets(place: &Place<'_>) -> [String; 2] {
    [place.parameter(key::LOAD_BALANCER_NAME), place.parameter(key::TARGET_GROUP_NAME)]
}

/// Alarms on the load balancer.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let limits = &place.deployment.alarms;
    let balancer = |known: &Known<1>| known.of(of_balancer(place));
    let targets = |known: &Known<2>| known.of(of_targets(place));
    let limit_s = limits.api_latency_ms as f64 / 1000.0;
    let own = untaken(place);
    vec![
        Alarm::new("api-server-errors", own, Bad::Above(limits.error_percent), NO_REQUESTS).lasting(3, 5).says(
            format!("More than {} % of the requests are answered with 5xx by the load balancer itself: no task took them.", limits.error_percent),
            "see `targets-unhealthy` and `orders-service-below-floor`; the access log says which target was tried and how long.",
        ),
        Alarm::new("api-client-errors", client_errors(place), Bad::Above(CLIENT_ERROR_PERCENT), NO_REQUESTS)
            .lasting(3, 5)
            .says(
                format!("More than {CLIENT_ERROR_PERCENT} % of the requests are answered with 4xx by the service."),
                "read in the access log which status and which addresses: 422 is a body, 409 an order that was repeated with another one.",
            ),
        Alarm::new("api-latency", Measure::One(targets(&alb::LATENCY).by("p99")), Bad::Above(limit_s), NO_REQUESTS)
            .lasting(3, 5)
            .says(
                format!("1 of 100 requests takes a task more than {} ms.", limits.api_latency_ms),
                "see whether the journal or the database is slow, and whether the tasks' processors are busy.",
            ),
        Alarm::new(
            "targets-unhealthy",
            Measure::One(targets(&alb::UNHEALTHY).by("Maximum")),
            Bad::AtLeast(1.0),
            Missing::Well("a target group without a task has no data, and `orders-service-below-floor` tells of that."),
        )
        .lasting(3, 5)
        .says(
            "Tasks of orders-service fail the load balancer's checks: they get no requests, and ECS replaces them.",
            "read what the task last logged, and whether a deployment is being rolled out or back.",
        ),
        below_floor(place),
        Alarm::new(
            "connections-rejected",
            Measure::One(balancer(&alb::REJECTED)),
            Bad::AtLeast(1.0),
            Missing::Well("the load balancer reports what is not zero."),
        )
        .says(
            "The load balancer has refused connections: it had as many as it takes.",
            "see in the firewall's log and the access log whether it is load or somebody holding connections open.",
        ),
    ]
}

/// By the load balancer's own checks: tasks that run and that it does not reach answer nobody.
fn below_floor(place: &Place<'_>) -> Alarm {
    let floor = place.containers().map_or(0, |containers| containers.api_tasks_min);
    let healthy = alb::HEALTHY.of(of_targets(place)).by("Minimum");
    let none = Missing::Bad("a target group without a target has no data, which is what this is for.");
    Alarm::new("targets-below-floor", Measure::One(healthy), Bad::Below(f64::from(floor)), none).lasting(3, 5).says(
        format!("The load balancer has fewer than {floor} tasks that answer its checks: fewer than this region needs to carry the whole load."),
        "see `orders-service-below-floor` for tasks that do not run, and the target group for why those that run are not healthy.",
    )
}

/// Percent of the requests that no target took. The load balancer counts among its requests only those for which it
/// could choose a target: with none left, it answers 503 to everybody and counts no request at all.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>
fn untaken(place: &Place<'_>) -> Measure {
    let all = "(FILL(untaken, 0) + FILL(taken, 0))";
    Measure::Math {
        expression: format!("IF({all} > 0, 100 * FILL(untaken, 0) / {all}, 0)"),
        metrics: vec![
            ("untaken".to_owned(), alb::OWN_SERVER_ERRORS.of(of_balancer(place))),
            ("taken".to_owned(), alb::COUNT.of(of_balancer(place))),
        ],
    }
}

/// Percent of the requests, once there are enough to speak of.
fn client_errors(place: &Place<'_>) -> Measure {
    Measure::Math {
        expression: format!("IF(requests >= {CLIENT_REQUESTS_MIN}, 100 * FILL(errors, 0) / requests, 0)"),
        metrics: vec![
            ("errors".to_owned(), alb::CLIENT_ERRORS.of(of_targets(place))),
            ("requests".to_owned(), alb::TARGET_COUNT.of(of_targets(place))),
        ],
    }
}

/// A metric over every load balancer of this deployment in a region, for a dashboard that shows both: the
/// other region's has a name that nobody here knows, but for its beginning.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>
pub(super) fn searched(place: &Place<'_>, metric: &Metric, whole: &str) -> String {
    let dimensions: Vec<&str> = metric.dimensions.iter().map(|(name, _)| *name).collect();
    let Metric { namespace, name, statistic, .. } = metric;
    format!(
        "{whole}(SEARCH('{{{namespace},{}}} MetricName=\"{name}\" {}', '{statistic}', 60))",
        dimensions.join(","),
        place.names().load_balancer(),
    )
}
