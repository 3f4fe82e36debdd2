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
    let wrong: Vec<String> = [live, ready, serves].into_iter().flatten().collect();
    judge(wrong.is_empty(), format!("live, ready, and serving answers {serving}"), wrong.join("; "))
}

/// What is wrong with an answer, if anything.
async fn status(preflight: &Preflight, base: &BaseUrl, path: &str, wanted: u16) -> Option<String> {
    match preflight.prober.get(&base.join(path)).await {
        Ok(answer) if answer.status == wanted => None,
        Ok(answer) => Some(format!("{path} answers {} instead of {wanted}", answer.status)),
        Err(error) => Some(format!("{path}: {error}")),
    }
}

async fn public_name(preflight: &Preflight, seen: &Seen) -> Answer {
    let owner = &from_check(seen.lease.as_ref(), Check::Lease)?.owner;
    let endpoints = &preflight.endpoints;
    let base = if preflight.is_own(owner) { &endpoints.own } else { &endpoints.peer };
    let host = |url: &BaseUrl| url.0.host().unwrap_or_default().to_owned();
    let (public, wanted) = (host(&endpoints.public), host(base));
    let (led, owned) = tokio::join!(preflight.prober.addresses(&public), preflight.prober.addresses(&wanted));
    let unknown = |error: crate::probe::ProbeError| Gap::Failed(crate::aws::cause(&error));
    let (led, owned) = (led.map_err(unknown)?, owned.map_err(unknown)?);
    // A name may have more addresses than one answer tells: one in common is enough.
    judge(
        led.iter().any(|address| owned.contains(address)),
        format!("{public} leads to {wanted}"),
        format!("{public} leads to {led:?}, and {wanted}, which owns the lease, is at {owned:?}"),
    )
}
