//! The API, as its callers see it.
//!
//! Two health routes answer 503 as a matter of course: `/health/serving` wherever the lease is not, and
//! `/health/ready` in a region that says that it is not ready. Route 53 asks one of them several times a
//! second from all over the world, so they are taken out of the shares, and latency is looked at route
//! by route.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::api;
use super::metric::{Measure, Metric};
use crate::place::Place;
use crate::stack::api::STAGE;

/// Routes whose 503 is an answer.
const CHECKS: [&str; 2] = ["/health/ready", "/health/serving"];
/// Method and path of what clients ask.
pub(super) const ROUTES: [(&str, &str); 4] =
    [("POST", "/orders"), ("GET", "/orders/{id}"), ("GET", "/sessions/{id}"), ("PUT", "/sessions/{id}")];
/// Percent of the requests that clients may get wrong before somebody is told: a client of ours has been
/// released with a mistake, or somebody tries what is open.
const CLIENT_ERROR_PERCENT: f64 = 20.0;
/// Requests in a minute of which that share is told: one mistaken hand makes fewer.
const CLIENT_REQUESTS_MIN: u32 = 60;
const NO_REQUESTS: Missing = Missing::Well("a minute without a request has no data.");

/// Physical name of the API.
pub(super) fn api_name(place: &Place<'_>) -> String {
    place.names().resource("api", "orders")
}

fn of_stage(place: &Place<'_>) -> [String; 2] {
    [api_name(place), STAGE.to_owned()]
}

/// Dimensions of one method.
pub(super) fn of_method(place: &Place<'_>, method: &str, path: &str) -> [String; 4] {
    [api_name(place), method.to_owned(), path.to_owned(), STAGE.to_owned()]
}

/// Alarms on the API.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let limits = &place.deployment.alarms;
    vec![
        Alarm::new("api-server-errors", server_errors(place), Bad::Above(limits.error_percent), NO_REQUESTS)
            .lasting(3, 5)
            .says(
                format!("More than {} % of the requests are answered with 5xx.", limits.error_percent),
                "read the access log by status and path; if the journal does not answer, `orders-unavailable` rings too.",
            ),
        Alarm::new("api-client-errors", client_errors(place), Bad::Above(CLIENT_ERROR_PERCENT), NO_REQUESTS)
            .lasting(3, 5)
            .says(
                format!("More than {CLIENT_ERROR_PERCENT} % of the requests are answered with 4xx."),
                "read in the access log which status and which addresses: 403 is a signature, 422 a body, 429 a limit.",
            ),
        Alarm::new("api-latency", latency(place), Bad::Above(limits.api_latency_ms as f64), NO_REQUESTS)
            .lasting(3, 5)
            .says(
                format!("1 of 100 requests of a route takes more than {} ms.", limits.api_latency_ms),
                "see on the dashboard which route, and whether the journal, the database or the function's start is slow.",
            ),
    ]
}

/// Percent of the requests but for the checks.
fn server_errors(place: &Place<'_>) -> Measure {
    let checks = |metric: &super::metric::Known<4>| -> Vec<Metric> {
        CHECKS.iter().map(|path| metric.of(of_method(place, "GET", path))).collect()
    };
    let (errors, requests) = (checks(&api::METHOD_SERVER_ERRORS), checks(&api::METHOD_COUNT));
    let id = |id: &str, number: usize| format!("{id}{number}");
    let mut metrics = vec![
        ("errors".to_owned(), api::SERVER_ERRORS.of(of_stage(place))),
        ("requests".to_owned(), api::COUNT.of(of_stage(place))),
    ];
    let less = |from: &str, of: &str| {
        (0..CHECKS.len()).fold(from.to_owned(), |text, number| format!("{text} - FILL({of}{number}, 0)"))
    };
    let (part, whole) = (less("FILL(errors, 0)", "e"), less("requests", "r"));
    metrics.extend(errors.into_iter().enumerate().map(|(number, metric)| (id("e", number), metric)));
    metrics.extend(requests.into_iter().enumerate().map(|(number, metric)| (id("r", number), metric)));
    let expression = format!("IF(({whole}) > 0, 100 * ({part}) / ({whole}), 0)");
    Measure::Math { expression, metrics }
}

/// Percent of the requests, once there are enough to speak of.
fn client_errors(place: &Place<'_>) -> Measure {
    Measure::Math {
        expression: format!("IF(requests >= {CLIENT_REQUESTS_MIN}, 100 * FILL(errors, 0) / requests, 0)"),
        metrics: vec![
            ("errors".to_owned(), api::CLIENT_ERRORS.of(of_stage(place))),
            ("requests".to_owned(), api::COUNT.of(of_stage(place))),
        ],
    }
}

/// Of the slowest route.
fn latency(place: &Place<'_>) -> Measure {
    let of = |(method, path): &(&str, &str)| api::METHOD_LATENCY.of(of_method(place, method, path)).by("p99");
    Measure::greatest_of(ROUTES.iter().map(of))
}
