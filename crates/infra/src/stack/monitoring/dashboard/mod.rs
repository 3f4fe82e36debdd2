//! One dashboard per region, which shows both: the business first, then who is in charge, then the parts.
//!
//! Dashboards belong to the account and not to a region, so the region is part of the name. Each is
//! drawn from the metrics of both regions, so that the one that is left shows what became of the other.

mod body;
mod containers;

use cdk::Scope;
use cfn::cloudwatch::Dashboard;
use recovery::metric::Metric as Reported;

use self::body::{Content, Line, Row, Shows, View};
use super::catalogue::{api, dynamodb, lambda, rds, reported, sqs, states};
use super::metric::{Measure, Metric};
use super::{alarm, composite};
use crate::packages;
use crate::place::Place;

/// Adds the region's dashboard.
pub(super) fn add(root: &mut Scope<'_>, place: &Place<'_>) {
    let front = match place.containers() {
        Some(_) => containers::rows(place),
        None => callers(place),
    };
    let rows = [business(place), lead(place), front, functions(place), data(place)].concat();
    let body = body::body(&rows, place.region.as_str()).to_string();
    let name = place.names().resource("dashboard", place.region.as_str());
    root.add("Dashboard", Dashboard::new(body).dashboard_name(name));
}

/// Lines of both regions, home first.
fn both(place: &Place<'_>, label: &str, shows: impl Fn(&Place<'_>) -> Shows) -> Vec<Line> {
    [place.home(), place.standby()]
        .iter()
        .map(|at| Line {
            region: at.region.to_string(),
            label: format!("{} {label}", at.region).trim_end().to_owned(),
            shows: shows(at),
        })
        .collect()
}

fn graph(title: &str, lines: Vec<Line>) -> Content {
    Content::Graph { title: title.to_owned(), view: View::Lines, lines, limit: None }
}

fn figures(title: &str, lines: Vec<Line>) -> Content {
    Content::Graph { title: title.to_owned(), view: View::Figures, lines, limit: None }
}

fn limited(title: &str, lines: Vec<Line>, limit: (String, f64)) -> Content {
    Content::Graph { title: title.to_owned(), view: View::Lines, lines, limit: Some(limit) }
}

/// A figure of our own services, in both regions.
fn own(place: &Place<'_>, label: &str, metric: Reported, statistic: &'static str) -> Vec<Line> {
    both(place, label, |_| Shows::Metric(reported(metric).by(statistic)))
}

fn of(place: &Place<'_>, label: &str, metric: impl Fn(&Place<'_>) -> Metric) -> Vec<Line> {
    both(place, label, |at| Shows::Metric(metric(at)))
}

/// What the business asks, and what is wrong.
fn business(place: &Place<'_>) -> Vec<Row> {
    let count = |title, metric| figures(title, own(place, "", metric, "Sum"));
    let arns = |at: &Place<'_>| {
        let arn = |purpose| at.arn("cloudwatch", &format!("alarm:{}", alarm::name(at, purpose)));
        composite::all().map(|composite| arn(composite.purpose)).to_vec()
    };
    let state =
        |at: &Place<'_>| Content::Alarms { title: format!("{} as a whole", at.region), arns: arns(at) };
    let rates = [
        own(place, "accepted", Reported::OrdersAccepted, "Sum"),
        own(place, "settled", Reported::OrdersSettled, "Sum"),
        own(place, "replayed", Reported::OrdersReplayed, "Sum"),
    ];
    let queue_age_s = place.deployment.alarms.queue_age_s;
    let late = (format!("{queue_age_s} s"), queue_age_s as f64 * 1000.0);
    let lag = own(place, "p99", Reported::SettlementLag, "p99");
    let title = format!(
        "# {} ({})\nHome is {}, {} stands by. What each alarm means and what to do first: `docs/alarms.md`.",
        place.deployment.name,
        place.deployment.environment,
        place.home().region,
        place.standby().region,
    );
    vec![
        Row { height: 2, widgets: vec![Content::Text(title)] },
        Row {
            height: 3,
            widgets: vec![
                count("Orders accepted", Reported::OrdersAccepted),
                count("Orders settled", Reported::OrdersSettled),
                count("Orders unavailable", Reported::OrdersUnavailable),
                count("Orders replayed", Reported::OrdersReplayed),
            ],
        },
        Row {
            height: 6,
            widgets: vec![
                graph("Orders per minute", rates.concat()),
                limited("From acceptance to settlement, ms", lag, late),
            ],
        },
        Row { height: 3, widgets: vec![state(&place.home()), state(&place.standby())] },
    ]
}

/// Who is in charge, and who watches.
fn lead(place: &Place<'_>) -> Vec<Row> {
    let lease = place.deployment.lease.ttl_s;
    let age = own(place, "", Reported::LeaseAge, "Maximum");
    let probes = [
        own(place, "answered", Reported::ProbesAnswered, "Sum"),
        own(place, "failed", Reported::ProbesFailed, "Sum"),
    ];
    let machine = |at: &Place<'_>| [at.state_machine_arn()];
    let executions = [
        of(place, "started", |at| states::STARTED.of(machine(at))),
        of(place, "succeeded", |at| states::SUCCEEDED.of(machine(at))),
        of(place, "failed", |at| states::FAILED.of(machine(at))),
    ];
    let moves = [
        own(place, "taken", Reported::LeasesTaken, "Sum"),
        own(place, "recovered", Reported::RecoveriesCompleted, "Sum"),
        own(place, "escalated", Reported::RecoveriesEscalated, "Sum"),
    ];
    let refusals = [
        own(place, "fenced", Reported::SettlementsFenced, "Sum"),
        own(place, "queued again", Reported::OrdersQueuedAgain, "Sum"),
        own(place, "poison", Reported::MessagesPoisoned, "Sum"),
    ];
    let sessions = [
        own(place, "stale", Reported::SessionsStale, "Sum"),
        own(place, "conflicted", Reported::SessionsConflicted, "Sum"),
    ];
    let differences = [
        own(place, "found", Reported::DifferencesFound, "Maximum"),
        own(place, "unexplained", Reported::DifferencesUnexplained, "Maximum"),
        own(place, "queued again", Reported::DifferencesRepaired, "Sum"),
    ];
    vec![
        Row {
            height: 5,
            widgets: vec![
                graph("Owner of the lease", own(place, "", Reported::LeaseOwned, "Minimum")),
                graph("Epoch", own(place, "", Reported::LeaseEpoch, "Maximum")),
                limited("Age of the lease, s", age, ("TTL".to_owned(), lease as f64)),
                graph("Ready to serve", own(place, "", Reported::RegionReady, "Minimum")),
            ],
        },
        Row {
            height: 5,
            widgets: vec![
                graph("Ticks of the watch", own(place, "", Reported::WatchTicks, "Sum")),
                graph("Probes of the peer", probes.concat()),
                graph("Recoveries", executions.concat()),
                graph("Moves of the lease, and what came of them", moves.concat()),
            ],
        },
        Row {
            height: 5,
            widgets: vec![
                graph("Refused and repeated settlements", refusals.concat()),
                graph("Sessions", sessions.concat()),
                graph("Differences", differences.concat()),
                graph("Compared up to, s ago", own(place, "", Reported::ComparedAge, "Maximum")),
            ],
        },
    ]
}

/// The API, route by route.
fn callers(place: &Place<'_>) -> Vec<Row> {
    let stage = |at: &Place<'_>| [super::api::api_name(at), crate::stack::api::STAGE.to_owned()];
    let latency = super::api::ROUTES.iter().flat_map(|(method, path)| {
        of(place, &format!("{method} {path}"), |at| {
            api::METHOD_LATENCY.of(super::api::of_method(at, method, path)).by("p99")
        })
    });
    let errors = [
        of(place, "5xx", |at| api::SERVER_ERRORS.of(stage(at))),
        of(place, "4xx", |at| api::CLIENT_ERRORS.of(stage(at))),
    ];
    let limit_ms = place.deployment.alarms.api_latency_ms;
    vec![Row {
        height: 6,
        widgets: vec![
            graph("Requests, checks included", of(place, "", |at| api::COUNT.of(stage(at)))),
            graph("Errors, checks included", errors.concat()),
            limited("Latency, p99, ms", latency.collect(), (format!("{limit_ms} ms"), limit_ms as f64)),
        ],
    }]
}

/// Every function, and the queue between them.
fn functions(place: &Place<'_>) -> Vec<Row> {
    let each = |known: &super::metric::Known<1>, statistic| -> Vec<Line> {
        let line = |name: &str| of(place, name, |at| known.of([at.names().function(name)]).by(statistic));
        packages::functions(place.deployment).into_iter().flat_map(line).collect()
    };
    let queue = |at: &Place<'_>| [at.names().order_queue()];
    let dead = |at: &Place<'_>| [at.names().dead_letter_queue()];
    let depth = [
        of(place, "orders", |at| sqs::VISIBLE.of(queue(at)).by("Maximum")),
        of(place, "dead letters", |at| sqs::VISIBLE.of(dead(at)).by("Maximum")),
    ];
    let limit_s = place.deployment.alarms.queue_age_s;
    let age = of(place, "", |at| sqs::AGE.of(queue(at)).by("Maximum"));
    vec![
        Row {
            height: 6,
            widgets: vec![
                graph("Errors", each(&lambda::ERRORS, "Sum")),
                graph("Throttles", each(&lambda::THROTTLES, "Sum")),
                graph("Duration, p99, ms", each(&lambda::DURATION, "p99")),
                graph("Instances", each(&lambda::CONCURRENT, "Maximum")),
            ],
        },
        Row {
            height: 5,
            widgets: vec![
                limited("Oldest order in the queue, s", age, (format!("{limit_s} s"), limit_s as f64)),
                graph("Messages", depth.concat()),
            ],
        },
    ]
}

/// Database and tables.
fn data(place: &Place<'_>) -> Vec<Row> {
    let cluster = |at: &Place<'_>| [at.names().database_cluster(at.region)];
    let lag = |label, known: super::metric::Known<1>| {
        both(place, label, |at| {
            let expression = Measure::Greatest(known.of(cluster(at))).expression();
            Shows::Expression(expression.expect("a query is an expression"))
        })
    };
    let limit_s = place.deployment.alarms.replication_lag_s;
    let behind = [lag("volume", rds::REPLICATION_LAG), lag("commits", rds::RPO_LAG)].concat();
    let replicated = of(place, "", |at| {
        let receiving = [at.names().sessions_table(), at.peer().region.to_string()];
        dynamodb::REPLICATION_LATENCY.of(receiving).by("Maximum")
    });
    let put = of(place, "PutItem", |at| {
        dynamodb::LATENCY.of([at.names().journal_table(), "PutItem".to_owned()]).by("p99")
    });
    let deadlocks = of(place, "", |at| rds::DEADLOCKS.of(cluster(at)).by("Maximum"));
    vec![
        Row {
            height: 6,
            widgets: vec![
                limited("Database behind, ms", behind, (format!("{limit_s} s"), limit_s as f64 * 1000.0)),
                graph("Processors, %", of(place, "", |at| rds::CPU.of(cluster(at)).by("Maximum"))),
                graph("Connections", of(place, "", |at| rds::CONNECTIONS.of(cluster(at)).by("Maximum"))),
                graph("Deadlocks per second", deadlocks),
            ],
        },
        Row {
            height: 6,
            widgets: vec![
                graph("Journal, p99, ms", put),
                graph("Sessions to the other region, ms", replicated),
            ],
        },
    ]
}
