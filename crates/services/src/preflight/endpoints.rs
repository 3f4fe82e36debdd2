//! The public face of both regions, as clients and health checks see it.

use recovery::Region;
use recovery::preflight::{Check, Finding};

use super::ask::{Answer, Gap, ask, from_check, judge};
use super::{Preflight, Seen};
use crate::settings::BaseUrl;

pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> [Finding; 3] {
    let (regions, endpoints) = (&preflight.regions, &preflight.endpoints);
    let (own, peer, public) = tokio::join!(
        ask(Check::OwnApi, face(preflight, seen, &regions.own, &endpoints.own)),
        ask(Check::PeerApi, face(preflight, seen, &regions.peer, &endpoints.peer)),
        ask(Check::PublicName, public_name(preflight, seen)),
    );
    [own, peer, public]
}

async fn face(preflight: &Preflight, seen: &Seen, region: &Region, base: &BaseUrl) -> Answer {
    let owner = &from_check(seen.lease.as_ref(), Check::Lease)?.owner;
    let serving = if owner == region { 200 } else { 503 };
    let (live, ready, serves) = tokio::join!(
        status(preflight, base, "/health/live", 200),
        status(preflight, base, "/health/ready", 200),
        status(preflight, base, "/health/serving", serving),
    );
    let wrong = [live, ready, serves].into_iter().filter_map(Result::err).reduce(both);
    wrong.map_or_else(|| Ok(format!("live, ready, and serving answers {serving}")), Err)
}

/// Two gaps as one: what is wrong counts more than what is not known.
fn both(one: Gap, other: Gap) -> Gap {
    match (one, other) {
        (Gap::Unknown(one), Gap::Unknown(other)) => Gap::Unknown(format!("{one}; {other}")),
        (Gap::Failed(one) | Gap::Unknown(one), Gap::Failed(other) | Gap::Unknown(other)) => {
            Gap::Failed(format!("{one}; {other}"))
        }
        (blocked @ Gap::Blocked(_), _) | (_, blocked @ Gap::Blocked(_)) => blocked,
    }
}

/// Whether an answer has the status that it should.
async fn status(preflight: &Preflight, base: &BaseUrl, path: &str, wanted: u16) -> Result<(), Gap> {
    match preflight.prober.get(&base.join(path)).await {
        Ok(answer) if answer.status == wanted => Ok(()),
        Ok(answer) => Err(Gap::Failed(format!("{path} answers {} instead of {wanted}", answer.status))),
        Err(error) => Err(Gap::told(!error.is_unanswered(), format!("{path}: {error}"))),
    }
}

async fn public_name(preflight: &Preflight, seen: &Seen) -> Answer {
    let owner = &from_check(seen.lease.as_ref(), Check::Lease)?.owner;
    let endpoints = &preflight.endpoints;
    let base = if preflight.is_own(owner) { &endpoints.own } else { &endpoints.peer };
    let host = |url: &BaseUrl| url.0.host().unwrap_or_default().to_owned();
    let (public, wanted) = (host(&endpoints.public), host(base));
    let (led, owned) = tokio::join!(preflight.prober.addresses(&public), preflight.prober.addresses(&wanted));
    let (led, owned) = (led?, owned?);
    // A name may have more addresses than one answer tells: one in common is enough.
    judge(
        led.iter().any(|address| owned.contains(address)),
        format!("{public} leads to {wanted}"),
        format!("{public} leads to {led:?}, and {wanted}, which owns the lease, is at {owned:?}"),
    )
}
