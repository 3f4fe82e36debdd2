//! Until orders are accepted again.

use super::figure::{
    AGGREGATION_S, ALIAS_TTL_S, CHECK_ANSWERS_S, CHECK_CONNECTS_S, PAUSE_S, RECONNECT_S, REQUEST_S,
};
use super::{Budget, Kind, Lever, Part};

/// The fast intervals of Route 53's health checks, in seconds.
const FASTEST_INTERVAL_S: u64 = 10;

/// What moves the public name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Seconds between two checks by one checker of the primary's endpoint.
    pub interval_s: u64,
    /// Failed checks in a row that make it unhealthy.
    pub failure_threshold: u64,
    /// How long resolvers keep the old answer.
    pub ttl: Ttl,
}

/// How long resolvers keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// The record's own, in seconds.
    Own(u64),
    /// That of an alias record's target.
    Alias,
}

/// For clients that resolve the public name: detection, aggregation, TTL, reconnection.
pub fn follows_dns(dns: &Dns, objective_s: u64) -> Budget {
    let Dns { interval_s, failure_threshold, ttl } = *dns;
    let mut slower =
        Lever::less("health_check.interval_s", interval_s, FASTEST_INTERVAL_S, failure_threshold);
    slower.choices.retain(|choice| *choice == FASTEST_INTERVAL_S);
    let detection = Part::new(
        "health checkers fail in a row",
        interval_s.saturating_mul(failure_threshold),
        Kind::Configured,
        format!("RequestInterval {interval_s} s × FailureThreshold {failure_threshold} of the PRIMARY record's check"),
    )
    .turned_by(Lever::less("health_check.failure_threshold", failure_threshold, 1, interval_s))
    .turned_by(slower);
    let last = Part::new(
        "the last check times out",
        CHECK_CONNECTS_S + CHECK_ANSWERS_S,
        Kind::Published,
        format!(
            "{CHECK_CONNECTS_S} s to connect and {CHECK_ANSWERS_S} s to answer: Route 53 Developer Guide"
        ),
    );
    let aggregation = Part::new(
        "the checkers' findings reach the name servers",
        AGGREGATION_S,
        Kind::Assumed,
        "AWS publishes no figure",
    );
    let reconnection = Part::new(
        "a client reconnects",
        RECONNECT_S,
        Kind::Assumed,
        "a client that resolves again for every new connection",
    );
    Budget {
        question: "orders accepted again, clients that follow DNS",
        objective_s,
        parts: vec![detection, last, aggregation, expiry(ttl), reconnection],
        beside: Vec::new(),
    }
}

fn expiry(ttl: Ttl) -> Part {
    const NAME: &str = "resolvers keep the old answer";
    match ttl {
        Ttl::Own(seconds) => Part::new(NAME, seconds, Kind::Configured, "TTL of the failover records")
            .turned_by(Lever::less("domain.record_ttl_s", seconds, 1, 1)),
        Ttl::Alias => Part::new(
            NAME,
            ALIAS_TTL_S,
            Kind::Published,
            "an alias record has its target's TTL: Route 53 Developer Guide",
        )
        .turned_by(Lever {
            setting: "TTL of the failover records (as CNAME and not as alias)".to_owned(),
            now: ALIAS_TTL_S,
            choices: vec![10],
            seconds_each: 1,
        }),
    }
}

/// For clients that know both regions' names: one request that is not answered, and another.
/// Nothing has to be detected, for either region accepts orders at any time.
pub fn knows_both_regions(objective_s: u64) -> Budget {
    let limit = "a client that gives a request up after 2 s and tries the regions in turn";
    Budget {
        question: "orders accepted again, clients that know both regions",
        objective_s,
        parts: vec![
            Part::new("a request to the lost region is given up", REQUEST_S, Kind::Assumed, limit),
            Part::new("the client pauses", PAUSE_S, Kind::Assumed, "backoff of the first retry, rounded up"),
            Part::new("the other region answers", REQUEST_S, Kind::Assumed, "within the same limit"),
        ],
        beside: Vec::new(),
    }
}
